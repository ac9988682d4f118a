with source as (

    {{ source_lines('complete_journey', 'demographics') }}

),

typed as (

    select
        -- ids
        source_file,
        line_number,
        raw_row,
        {{ to_text('household_id') }} as household_id,
        -- strings
        {{ to_text('age') }} as age_band,
        {{ to_text('income') }} as income_band,
        {{ to_text('home_ownership') }} as home_ownership,
        {{ to_text('marital_status') }} as marital_status,
        {{ to_text('household_comp') }} as household_composition,
        -- numerics: 5+ and 3+ are read as 5 and 3.
        {{ to_whole_number("replace(household_size, '+', '')") }}
            as household_size,
        {{ to_whole_number("replace(kids_count, '+', '')") }} as children,
        -- booleans
        is_duplicate
    from source

),

keyed as (

    select
        *,
        row_number() over (
            partition by household_id, is_duplicate
            order by source_file, line_number
        ) > 1 as is_repeated
    from typed

),

final as (

    select
        *,
        {{ rejection_reasons({
            'household is missing': 'household_id is null',
            'age is no band such as 25-34 or 65+':
                'not ' ~ matches('age_band', '[0-9]+(-[0-9]+|[+])'),
            'income is no band such as Under 15K, 35-49K or 250K+':
                'not ' ~ matches(
                    'income_band', 'Under [0-9]+K|[0-9]+-[0-9]+K|[0-9]+K[+]'
                ),
            'exact duplicate of an earlier line': 'is_duplicate',
            'household stands on an earlier line':
                'is_repeated and not is_duplicate',
        }) }} as rejection_reasons
    from keyed

)

select * from final
