with source as (

    {{ source_lines('mall_customers', 'customers') }}

),

typed as (

    select
        source_file,
        line_number,
        raw_row,
        {{ to_text('customer_id') }} as customer_id,
        {{ to_text('gender') }} as gender,
        {{ to_whole_number('age') }} as age,
        {{ to_whole_number('annual_income') }} as annual_income_thousands,
        {{ to_whole_number('spending_score') }} as spending_score,
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
                'age is null or age not between 0 and 120',
            'income is no whole number': 'annual_income_thousands is null',
            'income is below zero': 'annual_income_thousands < 0',
            'spending score is no number from 1 to 100':
                'spending_score is null or spending_score not between 1 and 100',
            'exact duplicate of an earlier line': 'is_duplicate',
            'customer stands on an earlier line':
                'is_repeated and not is_duplicate',
        }) }} as rejection_reasons
    from keyed

)

select * from final
