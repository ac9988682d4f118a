{#
    A dimension as a double, with the model's value where it is missing.

    Input:  {{ filled_feature({'source_column': 'orders', 'encoding': 'number', …
                               'fill_value': '2.0'}) }}
    Output: coalesce(nullif(cast(orders as double), …), cast('2.0' as double))
#}
{% macro filled_feature(dimension) -%}
    {%- if dimension.fill_value is none -%}
        {{ encoded_feature(dimension) }}
    {%- else -%}
        coalesce(
            {{ encoded_feature(dimension) }},
            {{ double_literal(dimension.fill_value) }}
        )
    {%- endif -%}
{%- endmacro %}
