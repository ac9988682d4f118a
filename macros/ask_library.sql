{#
    Ask the library, which is registered on the connection as `plan_reading`
    (customer_segmentation.duckdb_plugin). What it finds at fault stops the run.

    Input:  ask_library({'dataset': 'own', 'table': 'sale_lines', 'given': …})
    Output: {'sql': …, 'kind': 'text', 'files': […]}
#}
{% macro ask_library(request) %}
    {%- set answer = fromjson(run_query(
        'select plan_reading(' ~ text_literal(tojson(request)) ~ ')'
    ).rows[0][0]) -%}
    {%- if 'fault' in answer -%}
        {%- do exceptions.raise_compiler_error(answer.fault) -%}
    {%- endif -%}
    {{ return(answer) }}
{% endmacro %}
