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
        cast(net_amount as double) / nullif(quantity, 0) as unit_price,
        -- costs
        unit_cost,
        cast(quantity * unit_cost as decimal(18, 2)) as cost_amount,
        cast(net_amount - quantity * unit_cost as decimal(18, 2))
            as profit_amount,
        cast(net_amount as double) / nullif(quantity, 0)
        - cast(unit_cost as double) as unit_margin,
        1 - cast(quantity * unit_cost as double)
        / nullif(cast(net_amount as double), 0) as margin_rate,
        -- days
        {{ days_between('sold_at', 'shipped_at') }}
            as ship_days
    from transactions
    where not is_return

)

select * from final
