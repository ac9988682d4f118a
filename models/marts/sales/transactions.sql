with sale_lines as (

    select * from {{ ref('int_sale_lines__unioned') }}

),

final as (

    select
        -- ids
        dataset,
        transaction_line_id,
        order_id,
        customer_id,
        -- strings
        product,
        category,
        country,
        channel,
        source_file,
        -- timestamps
        sold_at,
        shipped_at,
        -- numerics
        quantity,
        returned_quantity,
        unit_price,
        unit_cost,
        gross_amount,
        discount_amount,
        cast(gross_amount - discount_amount as decimal(18, 2)) as net_amount,
        line_number,
        -- booleans: a sale of which some units came back is a sale.
        quantity = 0 as is_return
    from sale_lines
    where rejection_reasons is null

)

select * from final
