with raw_rows as (

    {% for dataset in datasets() %}
        select
            '{{ dataset }}' as dataset,
            {{ dbt.string_literal(dbt.escape_single_quotes(
                var('input_files').get(dataset, 'demo data')
            )) }} as source,
            count(*) as raw_rows
        from {{ ref('raw_' ~ dataset) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

unreadable_lines as (

    select
        dataset,
        count(*) as unreadable_lines
    from {{ source('loading', 'unreadable_lines') }}
    group by dataset

),

accepted as (

    select
        dataset,
        count(*) as rows_accepted
    from {{ ref('transactions') }}
    group by dataset

),

refused as (

    select
        dataset,
        count(*) as rows_refused
    from {{ ref('rejected_rows') }}
    group by dataset

),

final as (

    select
        raw_rows.dataset,
        raw_rows.source,
        raw_rows.raw_rows + coalesce(unreadable_lines.unreadable_lines, 0)
            as rows_read,
        coalesce(accepted.rows_accepted, 0) as rows_accepted,
        coalesce(refused.rows_refused, 0) as rows_refused
    from raw_rows
    left join unreadable_lines
        on raw_rows.dataset = unreadable_lines.dataset
    left join accepted
        on raw_rows.dataset = accepted.dataset
    left join refused
        on raw_rows.dataset = refused.dataset

)

select * from final
