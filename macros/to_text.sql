{#
    Text without outer blanks; empty text is NULL.

    Input:  {{ to_text('country') }}
    Output: nullif(trim(country), '')
#}
{% macro to_text(column) -%}
    nullif({{ trimmed(column) }}, '')
{%- endmacro %}
