{#
    The rows of a source's table as text, under the project's names, each with the
    file and place that it came from and, as `raw_row`, as CSV: from the user's
    input where the var `input_files` names one, otherwise from the demo seed; the
    user's own dataset has none, and then no rows.

    Input:  {{ read_source('chocolate_sales', 'sales') }}
    Output (demo):
        select *, … as raw_row
        from (
            select
                'demo data' as source_file,
                row_number() over () as position,
                cast(0 as bigint) as line_breaks,
                "Sales Person" as sales_person,
                …
            from staging.demo_chocolate_sales__sales
        ) as source_rows
#}
{% macro read_source(dataset, table) %}
    {#- Named so that a wrong definition stops the build before a file is read. -#}
    {%- do ref('segmentations') -%}
    {%- do source(dataset, table) -%}
    {%- set columns = source_table(dataset, table).columns -%}
    select
        *,
        {{ csv_row(columns) }} as raw_row
    from (
        {% if input_of(dataset, table) and execute %}
            {{ plan_reading(dataset, table).sql }}
        {% else %}
            {{ demo_rows(dataset, table, columns) }}
        {% endif %}
    ) as source_rows
{% endmacro %}
