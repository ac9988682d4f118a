-- The published work's own arithmetic, faults included: it counts postage and
-- fees as products, averages the unit price over lines whatever their
-- quantity, and counts a cancelled invoice as an order.

with invoice_lines as (

    select *
    from {{ ref('stg_online_retail__invoice_lines') }}
    where
        customer_id is not null
        and not is_duplicate
        and invoice_number is not null
        and invoiced_at is not null
        and quantity is not null
        and unit_price is not null

),

line_sets as (

    select
        'all_lines' as line_set,
        *
    from invoice_lines
    union all
    select
        'sale_lines' as line_set,
        *
    from invoice_lines
    where
        quantity > 0
        and unit_price > 0

),

final as (

    select
        'online_retail' as dataset,
        line_set,
        customer_id,
        cast(max(max(invoiced_at)) over () as date) as as_of_date,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(unit_price) as double) / count(*) as unit_price,
        count(distinct invoice_number) as orders,
        cast(sum(quantity * unit_price) as decimal(18, 2)) as spend
    from line_sets
    group by line_set, customer_id

)

select * from final
