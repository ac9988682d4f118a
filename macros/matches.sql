{#
    True where the text as a whole matches the pattern. Written with
    regexp_replace, which DuckDB and Spark share.

    Input:  {{ matches('invoice', '[0-9]{6}') }}
    Output: regexp_replace(invoice, '^([0-9]{6})$', '') = '' and invoice <> ''
#}
{% macro matches(expression, pattern) -%}
    (
        regexp_replace({{ expression }}, '^({{ pattern }})$', '') = ''
        and {{ expression }} <> ''
    )
{%- endmacro %}
