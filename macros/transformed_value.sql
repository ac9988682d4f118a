{#
    A value after one of the transforms. Value and power are any SQL expressions:
    literals, or columns of a table with one row per feature.

    Input:  {{ transformed_value('log1p', 'orders') }}
    Output: ln(1 + greatest(orders, 0))

    Input:  {{ transformed_value('yeo_johnson', 'spend', 'power') }}
    Output: the power transform of Yeo and Johnson (2000), for any sign of spend
#}
{% macro transformed_value(transform, value, power=none) -%}
    {%- if transform == 'log1p' -%}
        {#- New rows may fall below what was fitted, and no logarithm there. -#}
        ln(1 + greatest({{ value }}, 0))
    {%- elif transform == 'signed_log1p' -%}
        sign({{ value }}) * ln(1 + abs({{ value }}))
    {%- elif transform == 'yeo_johnson' -%}
        (
            {{ box_cox('1 + greatest(' ~ value ~ ', 0)', power) }}
            - {{ box_cox('1 + greatest(-(' ~ value ~ '), 0)', '2 - ' ~ power) }}
        )
    {%- else -%}
        {{ value }}
    {%- endif -%}
{%- endmacro %}
