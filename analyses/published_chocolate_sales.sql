-- Every number that the published work on the chocolate sales gives, beside the
-- one that the tables here hold on the same file. `is_reproduced` compares at
-- the digits that were published.
--
-- Faults of the published work that it shows:
--   * the unit price was filtered with the interquartile range of the boxes;
--   * k-means ran from a single start: for k >= 6 a lower SSE exists;
--   * it stopped before it had converged: two centres are not the means of
--     their sales (docs/segmentations.md).

with published_sse (k, published) as (

    values
    (1, 2961.0), (2, 1854.23), (3, 1261.48), (4, 922.86), (5, 767.54),
    (6, 666.58), (7, 585.35), (8, 491.74), (9, 452.45), (10, 412.57),
    (11, 375.72), (12, 343.25)

),

published_sizes (place, published) as (

    values (1, 417), (2, 223), (3, 123), (4, 224)

),

published_centres (place, feature, published) as (

    values
    (1, 'net_amount', 2732.83), (1, 'quantity', 109.29),
    (1, 'unit_price', 31.79),
    (2, 'net_amount', 4020.66), (2, 'quantity', 308.31),
    (2, 'unit_price', 13.18),
    (3, 'net_amount', 8401.93), (3, 'quantity', 49.06),
    (3, 'unit_price', 183.55),
    (4, 'net_amount', 9536.59), (4, 'quantity', 174.50),
    (4, 'unit_price', 61.10)

),

published_countries (country, first, second, third, fourth) as (

    values
    ('Australia', 78, 44, 29, 40), ('Canada', 67, 35, 14, 36),
    ('India', 70, 30, 22, 41), ('New Zealand', 64, 36, 25, 29),
    ('UK', 69, 42, 14, 41), ('USA', 69, 36, 19, 37)

),

published_months (sales_month, published) as (

    values
    ('2022-01-01', 5818.86), ('2022-02-01', 6357.97),
    ('2022-03-01', 5721.24), ('2022-04-01', 5712.30),
    ('2022-05-01', 5576.98), ('2022-06-01', 5307.63),
    ('2022-07-01', 5392.11), ('2022-08-01', 5545.88)

),

published_products (product, sales_month, published) as (

    values
    ('Drinking Coco', '2022-06-01', 3362.0),
    ('Drinking Coco', '2022-07-01', 4909.5),
    ('Drinking Coco', '2022-08-01', 469.0),
    ('Eclairs', '2022-06-01', 5272.0),
    ('Eclairs', '2022-07-01', 5401.67),
    ('Eclairs', '2022-08-01', 4289.83)

),

sse as (

    select
        'SSE for k = ' || published_sse.k as measure,
        published_sse.published,
        round(k_selection.inertia, 2) as found
    from published_sse
    left join {{ ref('k_selection') }} as k_selection
        on
            published_sse.k = k_selection.k
            and k_selection.segmentation = 'chocolate_sales_as_published'

),

sizes as (

    select
        'size of segment ' || published_sizes.place as measure,
        published_sizes.published,
        segment_summary.entities_without_outliers as found
    from published_sizes
    left join {{ ref('segment_summary') }} as segment_summary
        on
            published_sizes.place = segment_summary.segment_id
            and segment_summary.segmentation = 'chocolate_sales_as_published'

),

centres as (

    select
        'centre of segment ' || published_centres.place || ', '
        || published_centres.feature as measure,
        published_centres.published,
        round(segmentation_models.centroid_original, 2) as found
    from published_centres
    left join {{ ref('segmentation_models') }} as segmentation_models
        on
            published_centres.place = segmentation_models.segment_id
            and published_centres.feature = segmentation_models.feature
            and segmentation_models.is_current
            and segmentation_models.segmentation
            = 'chocolate_sales_as_published'

),

countries_long as (

    {% for place in ['first', 'second', 'third', 'fourth'] %}
        select
            country,
            {{ loop.index }} as place,
            {{ place }} as published
        from published_countries
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

countries as (

    select
        'segment ' || countries_long.place || ' in ' || countries_long.country
            as measure,
        countries_long.published,
        segments_by_country.entities_without_outliers as found
    from countries_long
    left join {{ ref('segments_by_country') }} as segments_by_country
        on
            countries_long.place = segments_by_country.segment_id
            and countries_long.country = segments_by_country.country
            and segments_by_country.segmentation
            = 'chocolate_sales_as_published'

),

monthly_means as (

    select
        sales_month,
        cast(sum(total_amount) as double) / sum(sale_lines) as mean_amount
    from {{ ref('monthly_country_sales') }}
    where dataset = 'chocolate_sales'
    group by sales_month

),

months as (

    select
        'mean amount in ' || published_months.sales_month as measure,
        published_months.published,
        round(monthly_means.mean_amount, 2) as found
    from published_months
    left join monthly_means
        on cast(published_months.sales_month as date)
            = monthly_means.sales_month

),

products as (

    select
        'mean amount of ' || published_products.product || ' in '
        || published_products.sales_month as measure,
        published_products.published,
        round(monthly_product_sales.average_amount, 2) as found
    from published_products
    left join {{ ref('monthly_product_sales') }} as monthly_product_sales
        on
            published_products.product = monthly_product_sales.product
            and cast(published_products.sales_month as date)
            = monthly_product_sales.sales_month
            and monthly_product_sales.dataset = 'chocolate_sales'

),

below_all_summer as (

    select
        'products below average from June to August' as measure,
        2 as published,
        count(*) as found
    from {{ ref('products_below_average') }}
    where
        dataset = 'chocolate_sales'
        and measure = 'average_amount'
        and first_month <= cast('2022-06-01' as date)
        and last_month >= cast('2022-08-01' as date)

),

named_below_all_summer as (

    select
        product || ' below average from June to August' as measure,
        1 as published,
        count(
            case
                when
                    first_month <= cast('2022-06-01' as date)
                    and last_month >= cast('2022-08-01' as date)
                    then 1
            end
        ) as found
    from {{ ref('products_below_average') }}
    where
        dataset = 'chocolate_sales'
        and measure = 'average_amount'
        and product in ('Drinking Coco', 'Eclairs')
    group by product

),

features as (

    select
        entity_id,
        feature,
        feature_value
    from {{ ref('int_segmentation_features') }}
    where segmentation = 'chocolate_sales_as_published'

),

quartiles as (

    select
        feature,
        percentile_cont(0.25) within group (order by feature_value) as q1,
        percentile_cont(0.75) within group (order by feature_value) as q3
    from features
    group by feature

),

kept as (

    select features.entity_id
    from features
    inner join quartiles
        on features.feature = quartiles.feature
    group by features.entity_id
    having
        count(*) = count(
            case
                when
                    features.feature_value
                    between 2.5 * quartiles.q1 - 1.5 * quartiles.q3
                    and 2.5 * quartiles.q3 - 1.5 * quartiles.q1
                    then 1
            end
        )

),

mended_filter as (

    select
        'sales kept with the range of the unit price itself' as measure,
        928 as published,
        count(*) as found
    from kept

),

compared as (

    select * from sse
    union all
    select * from sizes
    union all
    select * from centres
    union all
    select * from countries
    union all
    select * from months
    union all
    select * from products
    union all
    select * from below_all_summer
    union all
    select * from named_below_all_summer
    union all
    select * from mended_filter

)

select
    measure,
    published,
    found,
    coalesce(abs(published - found) < 0.005, false) as is_reproduced
from compared
