with transactions as (

    select * from {{ ref('transactions') }}

),

final as (

    select
        -- ids
        dataset,
        transaction_line_id,
        customer_id,
        -- dates
        cast(sold_at as date) as sale_date,
        cast(max(sold_at) over (partition by dataset) as date) as as_of_date,
        -- numerics
        line_number,
        quantity,
        net_amount,
        -- Not rounded as transactions.unit_price is: segments depend on it.
        cast(net_amount as double) / nullif(quantity, 0) as unit_price
    from transactions
    where not is_return

)

select * from final
