{#
    The rows of a source's table as text, under the project's names, each with the
    file and place that it came from and, as `raw_row`, the whole row as CSV: from
    the user's input where the var `input_files` names one, otherwise from the demo
    seed; the user's own dataset has none, and then no rows.

    Input:  {{ read_source('chocolate_sales', 'sales') }}
    Output: select … as source_file, … as header_lines, … as position,
                … as line_breaks, … as raw_row, … as sales_person, … from …
#}
{% macro read_source(dataset, table) %}
    {#- Named so that a wrong definition stops the build before a file is read. -#}
    {%- do ref('segmentations') -%}
    {%- do source(dataset, table) -%}
    {%- if input_of(dataset, table) and execute -%}
        {{ return(plan_reading(dataset, table).sql) }}
    {%- endif -%}
    {{ return(demo_rows(
        dataset, table, source_table(dataset, table).columns
    )) }}
{% endmacro %}
