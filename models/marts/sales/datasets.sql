{% set currencies = var('currencies') %}

with sources as (

    select
        dataset,
        case
            {% for dataset, currency in currencies.items() %}
                when dataset = {{ text_literal(dataset) }}
                    then {{ text_literal(currency) }}
            {% endfor %}
            when false then ''
        end as currency,
        max(case when source = 'demo data' then 1 else 0 end) = 1 as is_demo
    from {{ ref('source_loads') }}
    where source <> 'none'
    group by dataset

),

sales as (

    select
        dataset,
        count(*) as sale_lines,
        count(distinct product) as products,
        count(distinct country) as countries,
        cast(min(sold_at) as date) as first_date,
        cast(max(sold_at) as date) as last_date,
        cast(sum(net_amount) as decimal(18, 2)) as revenue
    from {{ ref('transactions') }}
    group by dataset

),

customers_of_dataset as (

    select
        dataset,
        count(*) as customers
    from {{ ref('customers') }}
    group by dataset

),

final as (

    select
        sources.dataset,
        sources.currency,
        sources.is_demo,
        coalesce(customers_of_dataset.customers, 0) as customers,
        coalesce(sales.sale_lines, 0) as sale_lines,
        coalesce(sales.products, 0) as products,
        coalesce(sales.countries, 0) as countries,
        sales.first_date,
        sales.last_date,
        coalesce(sales.revenue, 0) as revenue
    from sources
    left join customers_of_dataset
        on sources.dataset = customers_of_dataset.dataset
    left join sales
        on sources.dataset = sales.dataset

)

select * from final
