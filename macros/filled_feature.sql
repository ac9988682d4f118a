{#
    A feature as a double, with the model's value where it is missing.

    Input:  {{ filled_feature('orders', {'fill_value': '2.0'}) }}
    Output: coalesce(cast(orders as double), cast('2.0' as double))
#}
{% macro filled_feature(column, feature) -%}
    {%- if feature.fill_value is none -%}
        cast({{ column }} as double)
    {%- else -%}
        coalesce(
            cast({{ column }} as double), {{ double_literal(feature.fill_value) }}
        )
    {%- endif -%}
{%- endmacro %}
