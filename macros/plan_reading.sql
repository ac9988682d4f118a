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
    {%- set given = input_of(dataset, table) -%}
    {%- set relation = given.relation if given is mapping else given -%}
    {%- set relation_columns = {} -%}
    {%- if relation and modules.re.fullmatch('[\w".]+', relation) and not
        modules.re.search('[.](csv|tsv|txt|parquet|xlsx)([.]gz)?$', relation) -%}
        {%- for row in run_query('describe select * from ' ~ relation).rows -%}
            {%- do relation_columns.update({row[0]: row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set described = source_table(dataset, table) -%}
    {%- set columns = {} -%}
    {%- for name, column in described.columns.items() -%}
        {%- do columns.update({
            name: {'meta': column.meta, 'data_type': column.data_type}
        }) -%}
    {%- endfor -%}
    {%- set request = tojson({
        'dataset': dataset,
        'table': table,
        'meta': described.meta,
        'columns': columns,
        'given': var('input_files').get(dataset),
        'relation_columns': relation_columns,
    }) -%}
    {%- set answer = fromjson(run_query(
        'select plan_reading(' ~ text_literal(request) ~ ')'
    ).rows[0][0]) -%}
    {%- if 'fault' in answer -%}
        {%- do exceptions.raise_compiler_error(answer.fault) -%}
    {%- endif -%}
    {{ return(answer) }}
{% endmacro %}
