{% set unit_price -%}
    case
        when ordered_quantity > 0
            then cast(gross_sales as double) / ordered_quantity
        else cast(-returns as double) / nullif(returned_quantity, 0)
    end
{%- endset %}

with order_lines as (

    select
        *,
        gross_sales + returns as gross_amount
    from {{ ref('stg_ecommerce_orders__order_lines') }}

),

final as (

    select
        'ecommerce_orders' as dataset,
        source_file,
        line_number,
        raw_row,
        rejection_reasons,
        -- ids
        {{ dbt.hash('raw_row') }} as transaction_line_id,
        order_id,
        customer_id,
        -- strings
        product_title as product,
        product_type as category,
        cast(null as string) as country,
        cast(null as string) as channel,
        -- numerics
        ordered_quantity as quantity,
        returned_quantity,
        cast({{ rounded(unit_price, 4) }} as decimal(18, 4)) as unit_price,
        cast(null as decimal(18, 4)) as unit_cost,
        cast(gross_amount as decimal(18, 2)) as gross_amount,
        cast(-discounts as decimal(18, 2)) as discount_amount,
        -- timestamps
        sold_at,
        cast(null as timestamp) as shipped_at
    from order_lines

)

select * from final
