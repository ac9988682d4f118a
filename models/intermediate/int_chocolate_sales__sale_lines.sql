{% set unit_price -%}
    cast(amount as double) / nullif(boxes_shipped, 0)
{%- endset %}

with sales as (

    select * from {{ ref('stg_chocolate_sales__sales') }}

),

final as (

    select
        'chocolate_sales' as dataset,
        source_file,
        line_number,
        raw_row,
        rejection_reasons,
        -- ids: each row is an order of its own; the account is the customer.
        {{ dbt.hash('raw_row') }} as transaction_line_id,
        {{ dbt.hash('raw_row') }} as order_id,
        sales_person || ' / ' || country as customer_id,
        -- strings
        product,
        cast(null as string) as category,
        country,
        cast(null as string) as channel,
        -- numerics
        boxes_shipped as quantity,
        cast(0 as bigint) as returned_quantity,
        cast({{ rounded(unit_price, 4) }} as decimal(18, 4)) as unit_price,
        cast(null as decimal(18, 4)) as unit_cost,
        amount as gross_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        -- timestamps
        sold_at,
        cast(null as timestamp) as shipped_at
    from sales

)

select * from final
