with refused_rows as (

    select
        dataset,
        source_table,
        source_file,
        line_number,
        rejection_reasons as reasons,
        raw_row
    from {{ ref('int_source_rows__unioned') }}
    where rejection_reasons is not null

),

unreadable_lines as (

    select
        dataset,
        source_table,
        source_file,
        line_number,
        'line is unreadable: ' || reasons as reasons,
        raw_row
    from {{ source('loading', 'skipped_lines') }}
    where reasons is not null

),

final as (

    select * from refused_rows
    union all
    select * from unreadable_lines

)

select * from final
