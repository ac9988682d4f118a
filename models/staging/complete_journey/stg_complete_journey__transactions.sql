{% set formats = formats_of('complete_journey', 'transactions') %}
{% set money = [
    'sales_value', 'retail_disc', 'coupon_disc', 'coupon_match_disc',
] %}

with source as (

    {{ source_lines('complete_journey', 'transactions') }}

),

typed as (

    select
        -- ids
        source_file,
        line_number,
        raw_row,
        {{ to_text('household_id') }} as household_id,
        {{ to_text('store_id') }} as store_id,
        {{ to_text('basket_id') }} as basket_id,
        {{ to_text('product_id') }} as product_id,
        -- numerics
        {{ to_whole_number('quantity', formats.decimal_sign) }} as quantity,
        {% for amount in money %}
            {{ to_decimal(amount, 2, formats.decimal_sign) }} as {{ amount }},
        {% endfor %}
        -- booleans
        is_duplicate,
        -- timestamps
        {{ to_timestamp('transaction_timestamp', formats.date) }} as sold_at
    from source

),

final as (

    select
        *,
        {{ rejection_reasons({
            'household is missing': 'household_id is null',
            'basket is missing': 'basket_id is null',
            'product is missing': 'product_id is null',
            'date is no moment of the form ' ~ formats.date_example:
                'sold_at is null',
            'quantity is no whole number': 'quantity is null',
            'quantity is zero': 'quantity = 0',
            'quantity is below zero': 'quantity < 0',
            'an amount of money is no number': money | join(' is null or ')
                ~ ' is null',
            'an amount of money is below zero': money | join(' < 0 or ')
                ~ ' < 0',
            'exact duplicate of an earlier line': 'is_duplicate',
        }) }} as rejection_reasons
    from typed

)

select * from final
