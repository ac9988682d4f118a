{#
    A feature in the scaled space of a model: filled, clipped, transformed and scaled
    with the parameters of the training data. NULL where it is missing and the model
    refuses that.

    Input:  {{ scaled_feature('orders', current_model('…').features.orders) }}
    Output: (ln(1 + greatest(coalesce(cast(orders as double), …), 0)) - …) / …
#}
{% macro scaled_feature(column, feature) -%}
    {%- set value = filled_feature(column, feature) -%}
    {%- if feature.outliers == 'winsorise' -%}
        {%- set value -%}
            least(
                greatest({{ value }}, {{ double_literal(feature.clip_low) }}),
                {{ double_literal(feature.clip_high) }}
            )
        {%- endset -%}
    {%- endif -%}
    {%- if feature.transform == 'log1p' -%}
        {%- set value = 'ln(1 + greatest(' ~ value ~ ', 0))' -%}
    {%- elif feature.transform == 'signed_log1p' -%}
        {%- set value = 'sign(' ~ value ~ ') * ln(1 + abs(' ~ value ~ '))' -%}
    {%- endif -%}
    ({{ value }} - {{ double_literal(feature.center) }})
    / {{ double_literal(feature.scale) }}
{%- endmacro %}
