{#
    A text as an SQL literal, its quotes doubled.

    Input:  {{ text_literal("it's") }}
    Output: 'it''s'
#}
{% macro text_literal(text) -%}
    {{ return(dbt.string_literal(dbt.escape_single_quotes(text))) }}
{%- endmacro %}
