with raw_rows as (

    {% for dataset, tables in var('datasets').items() %}
        {% set is_last_dataset = loop.last %}
        {% for table in tables %}
            {% set input = input_of(dataset, table) %}
            {% set has_demo = dataset != 'own'
                and not var('input_files').get(dataset) %}
            {% set path_or_relation = (input.path or input.relation or input)
                if input else 'demo data' if has_demo else 'none' %}
            select
                '{{ dataset }}' as dataset,
                '{{ table }}' as source_table,
                {{ text_literal(path_or_relation) }} as source,
                count(*) as raw_rows
            from {{ ref('raw_' ~ dataset ~ '__' ~ table) }}
            {% if not (is_last_dataset and loop.last) %}union all{% endif %}
        {% endfor %}
    {% endfor %}

),

unreadable_lines as (

    select
        dataset,
        source_table,
        count(*) as unreadable_lines
    from {{ source('loading', 'skipped_lines') }}
    where reasons is not null
    group by dataset, source_table

),

accepted as (

    select
        dataset,
        source_table,
        count(*) as rows_accepted
    from {{ ref('int_source_rows__unioned') }}
    where rejection_reasons is null
    group by dataset, source_table

),

refused as (

    select
        dataset,
        source_table,
        count(*) as rows_refused
    from {{ ref('rejected_rows') }}
    group by dataset, source_table

),

final as (

    select
        raw_rows.dataset,
        raw_rows.source_table,
        raw_rows.source,
        raw_rows.raw_rows + coalesce(unreadable_lines.unreadable_lines, 0)
            as rows_read,
        coalesce(accepted.rows_accepted, 0) as rows_accepted,
        coalesce(refused.rows_refused, 0) as rows_refused
    from raw_rows
    left join unreadable_lines
        on
            raw_rows.dataset = unreadable_lines.dataset
            and raw_rows.source_table = unreadable_lines.source_table
    left join accepted
        on
            raw_rows.dataset = accepted.dataset
            and raw_rows.source_table = accepted.source_table
    left join refused
        on
            raw_rows.dataset = refused.dataset
            and raw_rows.source_table = refused.source_table

)

select * from final
