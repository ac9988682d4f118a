{#
    How a table's input is read: the query, the kind of input, and of each file its
    lines. All that is wrong with the input stops here, before any table is touched.
    The library does the looking (customer_segmentation.sources).

    Input:  plan_reading('chocolate_sales', 'sales')
    Output: {'sql': 'select … from read_csv(…)', 'kind': 'text', 'files': […]}
#}
{% macro plan_reading(dataset, table) %}
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
    {%- if answer.kind == 'relation' -%}
        {%- do request.update({
            'relation_columns': columns_of_relation(answer),
            'date_pattern': date_pattern(formats_of(dataset, table).date),
        }) -%}
        {%- set relation = answer.relation -%}
        {%- set answer = ask_library(request) -%}
        {%- if not run_query('select 1 from ' ~ relation ~ ' limit 1').rows -%}
            {%- set given = input_of(dataset, table) -%}
            {%- do exceptions.raise_compiler_error(
                'Dataset "' ~ dataset ~ '": there is no row in relation "'
                ~ (given.relation or given)
                ~ '". The tables of the dataset are as they were.'
            ) -%}
        {%- endif -%}
        {{ return(answer) }}
    {%- elif answer -%}
        {#- A date that the warehouse cannot read is told before the file is read. -#}
        {%- do date_pattern(formats_of(dataset, table).date) -%}
        {%- for view_sql in answer.view_sql or [] -%}
            {%- do run_query(view_sql) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(answer) }}
{% endmacro %}
