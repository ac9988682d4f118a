{% set days_per_month = 30.4375 %}
{% set tenure_days = dbt.datediff(
    'totals.first_date', 'as_of.as_of_date', 'day'
) %}

with transactions as (

    select
        *,
        cast(sold_at as date) as sale_date
    from {{ ref('transactions') }}

),

as_of as (

    select
        dataset,
        max(sale_date) as as_of_date
    from transactions
    group by dataset

),

totals as (

    select
        dataset,
        customer_id,
        count(distinct order_id) filter (where not is_return) as orders,
        count(*) filter (where not is_return) as lines,
        count(distinct product) filter (where not is_return)
            as distinct_products,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(returned_quantity) as bigint) as returned_quantity,
        cast(sum(net_amount) as decimal(18, 2)) as spend,
        cast(
            coalesce(sum(net_amount) filter (where not is_return), 0)
            as decimal(18, 2)
        ) as spend_before_returns,
        min(sale_date) as first_date,
        max(sale_date) as last_date
    from transactions
    where customer_id is not null
    group by dataset, customer_id

),

final as (

    select
        -- ids
        totals.dataset,
        totals.customer_id,
        -- dates
        as_of.as_of_date,
        totals.first_date,
        totals.last_date,
        -- counts
        totals.orders,
        totals.lines,
        totals.distinct_products,
        totals.quantity,
        totals.returned_quantity,
        -- money
        totals.spend,
        totals.spend_before_returns,
        cast(
            cast(totals.spend_before_returns as double)
            / nullif(totals.quantity, 0) as decimal(18, 4)
        ) as average_unit_price,
        cast(
            cast(totals.spend_before_returns as double)
            / nullif(totals.orders, 0) as decimal(18, 2)
        ) as average_order_value,
        -- rates
        cast(totals.returned_quantity as double)
        / nullif(greatest(totals.quantity, totals.returned_quantity), 0)
            as return_rate,
        -- A tenure below one month counts as one: two orders on the first day
        -- are no sixty a month.
        totals.orders
        / greatest(
            cast({{ tenure_days }} as double)
            / {{ days_per_month }},
            1
        ) as orders_per_month,
        -- days
        {{ dbt.datediff('totals.last_date', 'as_of.as_of_date', 'day') }}
            as recency_days,
        {{ tenure_days }} as tenure_days
    from totals
    inner join as_of
        on totals.dataset = as_of.dataset

)

select * from final
