-- A returned row is a dataset whose monthly aggregates hold more or less money
-- or units than its transactions.
{% set sums -%}
    dataset,
    sum(quantity) as quantity,
    sum(returned_quantity) as returned_quantity
{%- endset %}

with transactions as (

    select
        {{ sums }},
        sum(net_amount) as amount
    from {{ ref('transactions') }}
    group by dataset

),

by_product as (

    select
        {{ sums }},
        sum(total_amount) as amount
    from {{ ref('monthly_product_sales') }}
    group by dataset

),

by_country as (

    select
        {{ sums }},
        sum(total_amount) as amount
    from {{ ref('monthly_country_sales') }}
    group by dataset

),

aggregates as (

    select * from by_product
    union all
    select * from by_country

)

select
    transactions.*,
    aggregates.amount as aggregated_amount
from transactions
left join aggregates
    on transactions.dataset = aggregates.dataset
where
    transactions.amount <> coalesce(aggregates.amount, 0)
    or transactions.quantity <> coalesce(aggregates.quantity, 0)
    or transactions.returned_quantity
    <> coalesce(aggregates.returned_quantity, 0)
