-- Every number that the published work on Online Retail gives, beside the one
-- that the tables here hold on the same file.
--
-- Faults of the published work that it shows: its "best k" splits a handful of
-- outliers off, and is not even the best one by its own silhouette, which is
-- higher for k = 3. After log1p the two segments are of comparable size.

with published_silhouettes (segmentation, digits, published) as (

    values
    ('online_retail_as_published', 4, 0.9507),
    ('online_retail_as_published_sales_only', 3, 0.949),
    ('online_retail_as_published_log1p', 4, 0.3826)

),

published_sizes (segmentation, place, published) as (

    values
    ('online_retail_as_published', 1, 4350),
    ('online_retail_as_published', 2, 22),
    ('online_retail_as_published_sales_only', 1, 4314),
    ('online_retail_as_published_sales_only', 2, 24),
    ('online_retail_as_published_log1p', 1, 2730),
    ('online_retail_as_published_log1p', 2, 1608)

),

silhouettes as (

    select
        published_silhouettes.segmentation,
        'silhouette for k = 2' as measure,
        published_silhouettes.published,
        round(
            k_selection.silhouette_euclidean
            * power(10, published_silhouettes.digits)
        ) / power(10, published_silhouettes.digits) as found
    from published_silhouettes
    left join {{ ref('k_selection') }} as k_selection
        on
            published_silhouettes.segmentation = k_selection.segmentation
            and k_selection.k = 2

),

sizes as (

    select
        published_sizes.segmentation,
        'size of segment ' || published_sizes.place as measure,
        published_sizes.published,
        segment_summary.entities as found
    from published_sizes
    left join {{ ref('segment_summary') }} as segment_summary
        on
            published_sizes.segmentation = segment_summary.segmentation
            and published_sizes.place = segment_summary.segment_id

),

published_spend as (

    select
        customer_segments.segment_id,
        features.spend
    from {{ ref('customer_segments') }} as customer_segments
    inner join {{ ref('int_published_customer_features') }} as features
        on
            customer_segments.entity_id = features.customer_id
            and features.line_set = 'sale_lines'
    where
        customer_segments.segmentation
        = 'online_retail_as_published_sales_only'

),

revenue as (

    select
        'online_retail_as_published_sales_only' as segmentation,
        'share of revenue of segment 2' as measure,
        0.242 as published,
        round(
            cast(sum(case when segment_id = 2 then spend end) as double)
            / cast(sum(spend) as double),
            3
        ) as found
    from published_spend

),

compared as (

    select * from silhouettes
    union all
    select * from sizes
    union all
    select * from revenue

)

select
    segmentation,
    measure,
    published,
    found,
    coalesce(abs(published - found) < 1e-9, false) as is_reproduced
from compared
