with invoice_lines as (

    select * from {{ ref('stg_online_retail__invoice_lines') }}

),

products as (

    select * from {{ ref('stg_online_retail__products') }}

),

final as (

    select
        'online_retail' as dataset,
        invoice_lines.source_file,
        invoice_lines.line_number,
        invoice_lines.raw_row,
        invoice_lines.rejection_reasons,
        -- ids
        {{ dbt.hash('invoice_lines.raw_row') }} as transaction_line_id,
        invoice_lines.invoice_number as order_id,
        invoice_lines.customer_id,
        -- strings
        coalesce(products.product, invoice_lines.stock_code) as product,
        cast(null as string) as category,
        invoice_lines.country,
        cast(null as string) as channel,
        -- numerics
        greatest(invoice_lines.quantity, 0) as quantity,
        greatest(-invoice_lines.quantity, 0) as returned_quantity,
        invoice_lines.unit_price,
        cast(null as decimal(18, 4)) as unit_cost,
        cast(
            invoice_lines.quantity * invoice_lines.unit_price
            as decimal(18, 2)
        ) as gross_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        -- timestamps
        invoice_lines.invoiced_at as sold_at,
        cast(null as timestamp) as shipped_at
    from invoice_lines
    left join products
        on invoice_lines.stock_code = products.stock_code

)

select * from final
