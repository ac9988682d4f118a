{% set unit_price -%}
    abs(cast(line_gross_amount as double))
    / nullif(abs(sold_quantity - sent_back_quantity), 0)
{%- endset %}

with sale_lines as (

    select * from {{ ref('stg_own__sale_lines') }}

),

final as (

    select
        'own' as dataset,
        source_file,
        line_number,
        raw_row,
        rejection_reasons,
        -- ids
        {{ dbt.hash('raw_row') }} as transaction_line_id,
        coalesce(order_id, {{ dbt.hash('raw_row') }}) as order_id,
        customer_id,
        -- strings
        coalesce(product, 'Unknown') as product,
        category,
        country,
        channel,
        -- numerics
        sold_quantity as quantity,
        sent_back_quantity as returned_quantity,
        coalesce(
            unit_price,
            cast({{ rounded(unit_price, 4) }} as decimal(18, 4)),
            0
        ) as unit_price,
        unit_cost,
        cast(line_gross_amount as decimal(18, 2)) as gross_amount,
        cast(
            case when line_gross_amount < 0 then -discount else discount end
            as decimal(18, 2)
        ) as discount_amount,
        -- timestamps
        sold_at,
        cast(null as timestamp) as shipped_at
    from sale_lines

)

select * from final
