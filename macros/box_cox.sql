{#
    The power transform of Box and Cox (1964) of a value above 0.

    Input:  {{ box_cox('spend', 'power') }}
    Output: coalesce((power(spend, power) - 1) / nullif(power, 0), ln(spend))
#}
{% macro box_cox(value, power) -%}
    coalesce(
        (power({{ value }}, {{ power }}) - 1) / nullif({{ power }}, 0),
        ln({{ value }})
    )
{%- endmacro %}
