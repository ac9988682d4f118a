{#
    How a table's input is read: the query, the kind of input, and of each file its
    lines. All that is wrong with the input stops here, before any table is touched.
    The library does the looking (customer_segmentation.sources).

    Input:  plan_reading('chocolate_sales', 'sales')
    Output: {'sql': 'select … from read_csv(…)', 'kind': 'text', 'files': […]}
#}
{% macro plan_reading(dataset, table) %}
    {{ return(adapter.dispatch('plan_reading')(dataset, table)) }}
{% endmacro %}

{% macro duckdb__plan_reading(dataset, table) %}
    {%- set described = source_table(dataset, table) -%}
    {%- set columns = {} -%}
    {%- for name, column in described.columns.items() -%}
        {%- do columns.update({
            name: {'meta': column.meta, 'data_type': column.data_type}
        }) -%}
    {%- endfor -%}
    {%- set request = {
        'dataset': dataset,
        'table': table,
        'meta': described.meta,
        'columns': columns,
        'given': var('input_files').get(dataset),
    } -%}
    {%- set answer = ask_library(request) -%}
    {%- if answer.columns_sql and not answer.sql -%}
        {%- set found = {} -%}
        {%- for row in run_query(answer.columns_sql).rows -%}
            {%- do found.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {%- do request.update({'relation_columns': found}) -%}
        {%- set answer = ask_library(request) -%}
        {%- if not run_query(answer.sql ~ ' limit 1').rows -%}
            {%- set given = input_of(dataset, table) -%}
            {%- do exceptions.raise_compiler_error(
                'Dataset "' ~ dataset ~ '": there is no row in relation "'
                ~ (given.relation or given)
                ~ '". The tables of the dataset are as they were.'
            ) -%}
        {%- endif -%}
        {{ return(answer) }}
    {%- endif -%}
    {{ return(answer) }}
{% endmacro %}
