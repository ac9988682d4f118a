{#
    Whether any filled value lies outside the limits that its model learnt.

    Input:  {{ is_outlier({'filled_1': current_model('…').features.orders}) }}
    Output: coalesce(false or filled_1 < … or filled_1 > …, false)
#}
{% macro is_outlier(dimensions) -%}
    {%- set conditions = ['false'] -%}
    {%- for value, dimension in dimensions.items()
        if dimension.clip_low is not none -%}
        {%- do conditions.append(
            value ~ ' < ' ~ double_literal(dimension.clip_low) ~ ' or '
            ~ value ~ ' > ' ~ double_literal(dimension.clip_high)
        ) -%}
    {%- endfor -%}
    coalesce({{ conditions | join(' or ') }}, false)
{%- endmacro %}
