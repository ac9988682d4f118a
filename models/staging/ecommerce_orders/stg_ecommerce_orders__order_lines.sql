{% set formats = formats_of('ecommerce_orders', 'order_lines') %}
{% set money = [
    'gross_sales', 'discounts', 'returns', 'net_sales', 'taxes', 'total_sales',
] %}

with source as (

    {{ source_lines('ecommerce_orders', 'order_lines') }}

),

typed as (

    select
        -- ids
        source_file,
        line_number,
        raw_row,
        {{ to_text('order_id') }} as order_id,
        {{ to_text('customer_id') }} as customer_id,
        {{ to_text('variant_id') }} as variant_id,
        -- strings
        {{ to_text('product_title') }} as product_title,
        {{ to_text('product_type') }} as product_type,
        {{ to_text('variant_title') }} as variant_title,
        {{ to_text('variant_sku') }} as variant_sku,
        -- numerics
        {{ to_whole_number('net_quantity', formats.decimal_sign) }}
            as net_quantity,
        {{ to_whole_number('ordered_item_quantity', formats.decimal_sign) }}
            as ordered_quantity,
        -{{ to_whole_number('returned_item_quantity', formats.decimal_sign) }}
            as returned_quantity,
        {% for amount in money %}
            {{ to_decimal(amount, 2, formats.decimal_sign) }} as {{ amount }},
        {% endfor %}
        -- booleans
        is_duplicate,
        -- timestamps
        {{ to_timestamp('day', formats.date) }} as sold_at
    from source

),

final as (

    select
        *,
        {{ rejection_reasons({
            'order id is missing': 'order_id is null',
            'product is missing': 'product_title is null',
            'date is no day of the form ' ~ formats.date_example:
                'sold_at is null',
            'a quantity is no whole number':
                'ordered_quantity is null or returned_quantity is null'
                ~ ' or net_quantity is null',
            'ordered quantity is below zero': 'ordered_quantity < 0',
            'returned quantity is above zero': 'returned_quantity < 0',
            'nothing is ordered or returned':
                'ordered_quantity = 0 and returned_quantity = 0',
            'quantities do not add up':
                'net_quantity <> ordered_quantity - returned_quantity',
            'an amount of money is no number': money | join(' is null or ')
                ~ ' is null',
            'discounts or returns are above zero': 'discounts > 0 or returns > 0',
            'net sales do not add up':
                'net_sales <> gross_sales + discounts + returns',
            'total sales do not add up': 'total_sales <> net_sales + taxes',
            'exact duplicate of an earlier line': 'is_duplicate',
        }) }} as rejection_reasons
    from typed

)

select * from final
