{#
    The first 15 hexadecimal digits of the md5 of a text as a number from 0 to
    2^60 - 1: a sum of them changes with any row, whatever the order; and rows below
    a limit are always the same sample.

    Input:  {{ hash_number('customer_id') }}
    Output: cast('0x' || substr(md5(customer_id), 1, 15) as bigint)
#}
{% macro hash_number(text) -%}
    {{ return(adapter.dispatch('hash_number')(text)) }}
{%- endmacro %}

{% macro default__hash_number(text) -%}
    cast('0x' || substr({{ dbt.hash(text) }}, 1, 15) as bigint)
{%- endmacro %}

{% macro spark__hash_number(text) -%}
    cast(conv(substr({{ dbt.hash(text) }}, 1, 15), 16, 10) as bigint)
{%- endmacro %}
