{% set formats = formats_of('online_retail', 'invoice_lines') %}
{% set equal_lines %}
    partition by
        customer_id, stock_code, unit_price, abs(quantity), is_duplicate
    order by invoiced_at, is_cancellation, raw_row
{% endset %}

with source as (

    {{ source_lines('online_retail', 'invoice_lines') }}

),

typed as (

    select
        source_file,
        line_number,
        raw_row,
        upper({{ to_text('invoice_number') }}) as invoice_number,
        upper({{ to_text('stock_code') }}) as stock_code,
        {{ to_text('description') }} as description,
        {{ to_text('customer_id') }} as customer_id,
        nullif({{ to_text('country') }}, 'Unspecified') as country,
        {{ to_timestamp('invoice_date', formats.date) }} as invoiced_at,
        {{ to_whole_number('quantity', formats.decimal_sign) }} as quantity,
        {{ to_decimal('unit_price', 4, formats.decimal_sign) }} as unit_price,
        is_duplicate
    from source

),

flagged as (

    select
        *,
        {{ matches('invoice_number', 'C[0-9]{6}') }} as is_cancellation,
        {{ matches('stock_code', '[0-9]{5}[A-Z]*|DCGS[0-9A-Z]+|PADS') }}
            as is_product
    from typed

),

-- A sale that the same customer cancels in full within the hour is a slip of
-- the keyboard, not a return: of equal lines, one directly after the other.
neighboured as (

    select
        *,
        lag(invoiced_at) over ({{ equal_lines }}) as previous_at,
        lag(is_cancellation) over ({{ equal_lines }}) as is_after_cancellation,
        lead(invoiced_at) over ({{ equal_lines }}) as next_at,
        lead(is_cancellation) over ({{ equal_lines }}) as is_before_cancellation
    from flagged

),

timed as (

    select
        *,
        {{ dbt.datediff('previous_at', 'invoiced_at', 'minute') }}
            as minutes_since_previous,
        {{ dbt.datediff('invoiced_at', 'next_at', 'minute') }}
            as minutes_to_next
    from neighboured

),

paired as (

    select
        *,
        customer_id is not null
        and not is_duplicate
        and case
            when is_cancellation
                then not is_after_cancellation and minutes_since_previous <= 60
            else is_before_cancellation and minutes_to_next <= 60
        end as is_undone
    from timed

),

final as (

    select
        *,
        {{ rejection_reasons({
            'invoice number is missing': 'invoice_number is null',
            'invoice is an accounting adjustment':
                'not ' ~ matches('invoice_number', 'C?[0-9]{6}'),
            'stock code is missing': 'stock_code is null',
            'stock code is no product': 'not is_product',
            'date is no moment of the form ' ~ formats.date_example:
                'invoiced_at is null',
            'quantity is no whole number': 'quantity is null',
            'quantity is zero': 'quantity = 0',
            'quantity is below zero outside a cancellation':
                'quantity < 0 and not is_cancellation',
            'quantity is above zero on a cancellation':
                'quantity > 0 and is_cancellation',
            'unit price is no number': 'unit_price is null',
            'unit price is zero': 'unit_price = 0',
            'unit price is below zero': 'unit_price < 0',
            'exact duplicate of an earlier line': 'is_duplicate',
            'sale and its cancellation within the hour': 'is_undone',
        }) }} as rejection_reasons
    from paired

)

select * from final
