-- The published works' own arithmetic, faults included. Online Retail: postage
-- and fees are products, the unit price is a mean over lines whatever their
-- quantity, a cancelled invoice is an order. E-commerce: `ordered_lines` leaves
-- out every line on which nothing was ordered, and so nearly all returns. Mall:
-- income in thousands, next to a score of 1 to 100.

with invoice_lines as (

    select
        *,
        quantity > 0 and unit_price > 0 as is_sale
    from {{ ref('stg_online_retail__invoice_lines') }}
    where
        customer_id is not null
        and not is_duplicate
        and invoice_number is not null
        and invoiced_at is not null
        and quantity is not null
        and unit_price is not null

),

order_lines as (

    select *
    from {{ ref('stg_ecommerce_orders__order_lines') }}
    where
        customer_id is not null
        and rejection_reasons is null

),

invoice_line_sets as (

    select
        'all_lines' as line_set,
        *
    from invoice_lines
    union all
    select
        'sale_lines' as line_set,
        *
    from invoice_lines
    where is_sale

),

order_line_sets as (

    select
        'all_lines' as line_set,
        *
    from order_lines
    union all
    select
        'ordered_lines' as line_set,
        *
    from order_lines
    where ordered_quantity <> 0

),

online_retail as (

    select
        'online_retail' as dataset,
        line_set,
        customer_id,
        cast(max(max(invoiced_at)) over () as date) as as_of_date,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(unit_price) as double) / count(*) as unit_price,
        count(distinct invoice_number) as orders,
        cast(sum(quantity * unit_price) as decimal(18, 2)) as spend
    from invoice_line_sets
    group by line_set, customer_id

),

orders as (

    select
        line_set,
        customer_id,
        order_id,
        -- An order from before the data begin: all that is known came back.
        coalesce(
            cast(sum(returned_quantity) as double)
            / nullif(sum(ordered_quantity), 0),
            1
        ) as returned_share
    from order_line_sets
    group by line_set, customer_id, order_id

),

returned_shares as (

    select
        line_set,
        customer_id,
        cast(
            sum(cast(returned_share as decimal(18, 10))) as double
        ) / count(*) as returned_share
    from orders
    group by line_set, customer_id

),

ecommerce_orders as (

    select
        line_set,
        customer_id,
        cast(max(max(sold_at)) over () as date) as as_of_date,
        count(distinct product_type) as product_types,
        cast(sum(total_sales) as decimal(18, 2)) as spend
    from order_line_sets
    group by line_set, customer_id

),

final as (

    select
        dataset,
        line_set,
        customer_id,
        as_of_date,
        quantity,
        unit_price,
        orders,
        spend,
        cast(null as bigint) as product_types,
        cast(null as double) as returned_share,
        cast(null as bigint) as annual_income_thousands,
        cast(null as bigint) as spending_score
    from online_retail
    union all
    select
        'ecommerce_orders' as dataset,
        ecommerce_orders.line_set,
        ecommerce_orders.customer_id,
        ecommerce_orders.as_of_date,
        null as quantity,
        null as unit_price,
        null as orders,
        ecommerce_orders.spend,
        ecommerce_orders.product_types,
        returned_shares.returned_share,
        null as annual_income_thousands,
        null as spending_score
    from ecommerce_orders
    inner join returned_shares
        on
            ecommerce_orders.line_set = returned_shares.line_set
            and ecommerce_orders.customer_id = returned_shares.customer_id
    union all
    select
        'mall_customers' as dataset,
        'all_lines' as line_set,
        customer_id,
        null as as_of_date,
        null as quantity,
        null as unit_price,
        null as orders,
        null as spend,
        null as product_types,
        null as returned_share,
        annual_income_thousands,
        spending_score
    from {{ ref('stg_mall_customers__customers') }}
    where rejection_reasons is null

)

select * from final
