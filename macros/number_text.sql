{#
    The text of a number without currency, blanks and thousands signs, its decimal
    sign a point: what a cast takes.

    Input:  {{ number_text('amount', ',') }}
    Output: replace(translate(trim(amount), '$€£ .', ''), ',', '.')
#}
{% macro number_text(column, decimal_sign) -%}
    {%- if decimal_sign == '.' -%}
        translate({{ trimmed(column) }}, '$€£ ,', '')
    {%- else -%}
        replace(translate({{ trimmed(column) }}, '$€£ .', ''), ',', '.')
    {%- endif -%}
{%- endmacro %}
