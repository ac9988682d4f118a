-- A returned row is a customer at a month end whose features are not what the
-- transactions up to that day give, counted in another way. An eighth of the
-- customers is looked at.
{% set days = var('short_window_days') %}

with history as (

    select * from {{ ref('customer_features_history') }}
    where substr({{ dbt.hash('customer_id') }}, 1, 1) in ('0', '1')

),

lines as (

    select
        history.dataset,
        history.customer_id,
        history.as_of_date,
        sales.order_id,
        sales.product,
        sales.net_amount,
        sales.is_return,
        cast(sales.sold_at as date) as sale_date,
        {{ days_between('sales.sold_at', 'history.as_of_date') }}
        < {{ days }} as is_recent
    from history
    inner join {{ ref('transactions') }} as sales
        on
            history.dataset = sales.dataset
            and history.customer_id = sales.customer_id
    where cast(sales.sold_at as date) <= history.as_of_date

),

expected as (

    select
        dataset,
        customer_id,
        as_of_date,
        max(sale_date) as last_date,
        sum(net_amount) as spend,
        sum(case when is_recent then net_amount else 0 end) as recent_spend,
        count(distinct case when not is_return then order_id end) as orders,
        count(distinct case when not is_return then product end) as products,
        count(distinct case when is_recent and not is_return then order_id end)
            as recent_orders,
        count(distinct case when is_recent and not is_return then product end)
            as recent_products
    from lines
    group by dataset, customer_id, as_of_date

)

select
    history.dataset,
    history.customer_id,
    history.as_of_date
from history
left join expected
    on
        history.dataset = expected.dataset
        and history.customer_id = expected.customer_id
        and history.as_of_date = expected.as_of_date
where
    expected.dataset is null
    or history.last_date <> expected.last_date
    or history.orders <> expected.orders
    or history.distinct_products <> expected.products
    or history.spend <> expected.spend
    or history.orders_{{ days }}_days <> expected.recent_orders
    or history.distinct_products_{{ days }}_days <> expected.recent_products
    or history.spend_{{ days }}_days <> expected.recent_spend
