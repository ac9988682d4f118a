{% set formats = formats_of('own', 'customers') %}

with source as (

    {{ source_lines('own', 'customers') }}

),

typed as (

    select
        -- ids
        source_file,
        line_number,
        raw_row,
        {{ to_text('customer_id') }} as customer_id,
        -- strings
        {{ to_text('country') }} as country,
        {{ to_text('gender') }} as gender,
        {{ to_text('age_band') }} as age_band,
        {{ to_text('income_band') }} as income_band,
        {{ to_text('education') }} as education,
        {{ to_text('occupation') }} as occupation,
        {{ to_text('marital_status') }} as marital_status,
        -- numerics
        {{ to_whole_number('age', formats.decimal_sign) }} as age,
        {{ to_decimal('income', 2, formats.decimal_sign) }} as income,
        {{ to_whole_number("replace(household_size, '+', '')") }}
            as household_size,
        -- booleans
        {{ to_text('age') }} is not null as has_age,
        {{ to_text('income') }} is not null as has_income,
        is_duplicate
    from source

),

keyed as (

    select
        *,
        row_number() over (
            partition by customer_id, is_duplicate
            order by source_file, line_number
        ) > 1 as is_repeated
    from typed

),

final as (

    select
        *,
        {{ rejection_reasons({
            'customer id is missing': 'customer_id is null',
            'age is no number of years up to 120':
                '(has_age and age is null) or age not between 0 and 120',
            'income is no number of at least zero':
                '(has_income and income is null) or income < 0',
            'exact duplicate of an earlier line': 'is_duplicate',
            'customer stands on an earlier line':
                'is_repeated and not is_duplicate',
        }) }} as rejection_reasons
    from keyed

)

select * from final
