{#
    A number as a double, to the last digit: a plain literal may be a decimal.

    Input:  {{ double_literal('0.1') }}
    Output: cast('0.1' as double)
#}
{% macro double_literal(number) -%}
    cast('{{ number }}' as double)
{%- endmacro %}
