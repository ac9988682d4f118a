{% set formats = formats_of('sales_records', 'order_lines') %}
{% set money = [
    'unit_price', 'unit_cost', 'unit_margin', 'total_revenue', 'total_cost',
    'total_profit',
] %}

with source as (

    {{ source_lines('sales_records', 'order_lines') }}

),

typed as (

    select
        -- ids
        source_file,
        line_number,
        raw_row,
        {{ to_text('order_id') }} as order_id,
        -- strings
        {{ to_text('region') }} as region,
        {{ to_text('country') }} as country,
        {{ to_text('item_type') }} as item_type,
        {{ to_text('sales_channel') }} as sales_channel,
        {{ to_text('order_priority') }} as order_priority,
        -- numerics
        {{ to_whole_number('units_sold', formats.decimal_sign) }} as units_sold,
        {{ to_whole_number("replace(ship_days, ' days', '')") }} as ship_days,
        {% for amount in money %}
            {{ to_decimal(amount, 2, formats.decimal_sign) }} as {{ amount }},
        {% endfor %}
        -- booleans
        is_duplicate,
        -- timestamps
        {{ to_timestamp('order_date', formats.date) }} as ordered_at,
        {{ to_timestamp('ship_date', formats.date) }} as shipped_at
    from source

),

final as (

    select
        *,
        {{ rejection_reasons({
            'order id is missing': 'order_id is null',
            'item type is missing': 'item_type is null',
            'country is missing': 'country is null',
            'order date is no day of the form ' ~ formats.date_example:
                'ordered_at is null',
            'ship date is no day of the form ' ~ formats.date_example:
                'shipped_at is null',
            'ship date is before the order date': 'shipped_at < ordered_at',
            'ship days are not those between the dates':
                'ship_days is null or ship_days <> '
                ~ days_between('ordered_at', 'shipped_at'),
            'units sold is no whole number': 'units_sold is null',
            'units sold is below one': 'units_sold < 1',
            'an amount of money is no number': money | join(' is null or ')
                ~ ' is null',
            'an amount of money is below zero':
                'unit_price < 0 or unit_cost < 0',
            'totals are not units times price and cost':
                'total_revenue <> units_sold * unit_price'
                ~ ' or total_cost <> units_sold * unit_cost',
            'profit or margin is not revenue or price less cost':
                'total_profit <> total_revenue - total_cost'
                ~ ' or unit_margin <> unit_price - unit_cost',
            'exact duplicate of an earlier line': 'is_duplicate',
        }) }} as rejection_reasons
    from typed

)

select * from final
