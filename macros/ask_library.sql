{#
    Ask the library, which is registered on the connection as `plan_reading`
    (customer_segmentation.duckdb_plugin, spark_plugin). What it finds at fault stops
    the run. On Spark the function looks at files where the workers see them; of
    tables the library is asked here, so that workers can do without it.

    Input:  ask_library({'dataset': 'own', 'table': 'sale_lines', 'given': …})
    Output: {'sql': …, 'kind': 'text', 'files': […]}
#}
{% macro ask_library(request) %}
    {%- set text = tojson(request) -%}
    {%- set answer = fromjson(
        adapter.dispatch('ask_here')(text)
        or run_query('select plan_reading(' ~ text_literal(text) ~ ')').rows[0][0]
    ) -%}
    {%- if 'fault' in answer -%}
        {%- do exceptions.raise_compiler_error(answer.fault) -%}
    {%- endif -%}
    {{ return(answer) }}
{% endmacro %}

{% macro default__ask_here(text) %}
    {{ return(none) }}
{% endmacro %}

{% macro sparksession__ask_here(text) %}
    {{ return(adapter.call_plugin('plan_table', text)) }}
{% endmacro %}
