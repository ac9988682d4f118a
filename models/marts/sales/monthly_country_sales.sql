with transactions as (

    select
        *,
        coalesce(country, 'Unknown') as sales_country,
        cast({{ dbt.date_trunc('month', 'sold_at') }} as date) as sales_month
    from {{ ref('transactions') }}

),

final as (

    select
        -- ids
        dataset,
        sales_country as country,
        sales_month,
        -- numerics
        {{ monthly_measures() }},
        count(distinct customer_id) as customers
    from transactions
    group by dataset, sales_country, sales_month

)

select * from final
