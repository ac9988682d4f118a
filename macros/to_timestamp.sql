{#
    A timestamp from text in ONE explicit format (strftime's letters), NULL for
    anything else and for dates that do not exist.

    Input:  {{ to_timestamp('sale_date', '%d-%b-%y') }}
    Output: 2022-01-04 00:00:00
#}
{% macro to_timestamp(column, format) -%}
    {{ return(adapter.dispatch('to_timestamp')(column, format)) }}
{%- endmacro %}

{% macro duckdb__to_timestamp(column, format) -%}
    try_strptime(trim({{ column }}), '{{ format }}')
{%- endmacro %}
