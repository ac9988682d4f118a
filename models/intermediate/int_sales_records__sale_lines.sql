with order_lines as (

    select * from {{ ref('stg_sales_records__order_lines') }}

),

final as (

    select
        'sales_records' as dataset,
        source_file,
        line_number,
        raw_row,
        rejection_reasons,
        -- ids
        {{ dbt.hash('raw_row') }} as transaction_line_id,
        order_id,
        cast(null as string) as customer_id,
        -- strings
        item_type as product,
        cast(null as string) as category,
        country,
        sales_channel as channel,
        -- numerics
        units_sold as quantity,
        cast(0 as bigint) as returned_quantity,
        cast(unit_price as decimal(18, 4)) as unit_price,
        cast(unit_cost as decimal(18, 4)) as unit_cost,
        total_revenue as gross_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        -- timestamps
        ordered_at as sold_at,
        shipped_at
    from order_lines

)

select * from final
