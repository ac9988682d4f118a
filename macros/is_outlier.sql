{#
    Whether any feature lies outside the limits that its model learnt.

    Input:  {{ is_outlier(current_model('…').features) }}
    Output: coalesce(orders < … or orders > …, false)
#}
{% macro is_outlier(features) -%}
    {%- set conditions = ['false'] -%}
    {%- for column, feature in features.items() if feature.clip_low is not none -%}
        {%- set value = filled_feature(column, feature) -%}
        {%- do conditions.append(
            value ~ ' < ' ~ double_literal(feature.clip_low) ~ ' or '
            ~ value ~ ' > ' ~ double_literal(feature.clip_high)
        ) -%}
    {%- endfor -%}
    coalesce({{ conditions | join(' or ') }}, false)
{%- endmacro %}
