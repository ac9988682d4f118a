with refused_lines as (

    select
        dataset,
        line_number,
        rejection_reasons as reasons,
        raw_row
    from {{ ref('int_sale_lines__unioned') }}
    where rejection_reasons is not null

),

unreadable_lines as (

    select
        dataset,
        line_number,
        'line is unreadable: ' || reasons as reasons,
        raw_row
    from {{ source('loading', 'unreadable_lines') }}

),

final as (

    select * from refused_lines
    union all
    select * from unreadable_lines

)

select * from final
