-- The published recipe for e-commerce orders with its own filter and with the
-- returns counted, side by side. It dropped every line on which nothing was
-- ordered, and a return is just such a line: its segment of customers with a
-- high return rate cannot be found from what was left.

with lines as (

    select
        'ecommerce_orders_as_published' as segmentation,
        ordered_quantity,
        returned_quantity
    from {{ ref('stg_ecommerce_orders__order_lines') }}
    where rejection_reasons is null and ordered_quantity <> 0
    union all
    select
        'ecommerce_orders_as_published_with_returns' as segmentation,
        ordered_quantity,
        returned_quantity
    from {{ ref('stg_ecommerce_orders__order_lines') }}
    where rejection_reasons is null

),

counted as (

    select
        segmentation,
        count(*) as order_lines,
        round(
            100.0 * sum(returned_quantity) / sum(ordered_quantity), 2
        ) as percent_of_units_returned
    from lines
    group by segmentation

),

profiles as (

    select
        segmentation,
        segment_id,
        max(case when feature = 'spend' then median end) as median_spend,
        max(case when feature = 'product_types' then median end)
            as median_product_types,
        max(case when feature = 'returned_share' then mean end)
            as mean_returned_share
    from {{ ref('segment_profiles') }}
    group by segmentation, segment_id

)

select
    counted.segmentation,
    counted.order_lines,
    counted.percent_of_units_returned,
    segment_summary.segment_name,
    segment_summary.entities,
    round(100 * segment_summary.share, 1) as percent_of_customers,
    profiles.median_spend,
    profiles.median_product_types,
    round(profiles.mean_returned_share, 3) as mean_returned_share
from counted
inner join {{ ref('segment_summary') }} as segment_summary
    on counted.segmentation = segment_summary.segmentation
inner join profiles
    on
        segment_summary.segmentation = profiles.segmentation
        and segment_summary.segment_id = profiles.segment_id
order by counted.segmentation asc, segment_summary.entities desc
