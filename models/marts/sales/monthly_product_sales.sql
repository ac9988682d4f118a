with transactions as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'sold_at') }} as date) as sales_month
    from {{ ref('transactions') }}

),

final as (

    select
        -- ids
        dataset,
        product,
        sales_month,
        -- numerics
        {{ monthly_measures() }}
    from transactions
    group by dataset, product, sales_month

)

select * from final
