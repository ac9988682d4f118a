{% set formats = formats_of('chocolate_sales', 'sales') %}

with source as (

    {{ source_lines('chocolate_sales', 'sales') }}

),

typed as (

    select
        source_file,
        line_number,
        raw_row,
        {{ to_text('sales_person') }} as sales_person,
        {{ to_text('country') }} as country,
        {{ to_text('product') }} as product,
        {{ to_timestamp('sale_date', formats.date) }} as sold_at,
        {{ to_decimal('amount', 2, formats.decimal_sign) }} as amount,
        {{ to_whole_number('boxes_shipped', formats.decimal_sign) }}
            as boxes_shipped,
        is_duplicate
    from source

),

final as (

    select
        *,
        {{ rejection_reasons({
            'sales person is missing': 'sales_person is null',
            'country is missing': 'country is null',
            'product is missing': 'product is null',
            'date is no day of the form ' ~ formats.date_example:
                'sold_at is null',
            'amount is no number': 'amount is null',
            'amount is below zero': 'amount < 0',
            'boxes shipped is no whole number': 'boxes_shipped is null',
            'boxes shipped is below one': 'boxes_shipped < 1',
            'exact duplicate of an earlier line': 'is_duplicate',
        }) }} as rejection_reasons
    from typed

)

select * from final
