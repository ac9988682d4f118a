{#
    The rows of a table's demo seed as read_source gives them. None for the user's
    own dataset, which has no demo, and none where the user gives other tables of
    the dataset: made-up rows would stand among real ones.

    Input:  {{ demo_rows('own', 'customers', {'customer_id': …}) }}
    Output: select …, cast(null as string) as customer_id … where false
#}
{% macro demo_rows(dataset, table, columns) %}
    {%- set has_demo = dataset != 'own' and not var('input_files').get(dataset) -%}
    select
        *,
        {{ csv_row(columns) }} as raw_row
    from (
        select
            'demo data' as source_file,
            cast(1 as bigint) as header_lines,
            row_number() over (
                order by {{ place_in_table() if has_demo else 'null' }}
            ) as position,
            cast(0 as bigint) as line_breaks
            {%- for name, column in columns.items() %},
            {% if has_demo -%}
                {{ adapter.quote(column.meta.header) }}
            {%- else -%}
                cast(null as string)
            {%- endif %} as {{ name }}
            {%- endfor %}
        {% if has_demo -%}
            from {{ ref('demo_' ~ dataset ~ '__' ~ table) }}
        {%- else -%}
            where false
        {%- endif %}
    ) as demo
{% endmacro %}
