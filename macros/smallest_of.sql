{#
    The smallest of some expressions; least() takes two at least.

    Input:  {{ smallest_of(['a', 'b']) }}
    Output: least(a, b)
#}
{% macro smallest_of(expressions) -%}
    {%- if expressions | length == 1 -%}
        {{ expressions[0] }}
    {%- else -%}
        least({{ expressions | join(', ') }})
    {%- endif -%}
{%- endmacro %}
