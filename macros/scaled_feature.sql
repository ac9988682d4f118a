{#
    A filled value in the scaled space of a model: clipped, transformed and scaled
    with the parameters of the training data.

    Input:  {{ scaled_feature('filled_1', current_model('…').features.orders) }}
    Output: (ln(1 + greatest(least(greatest(filled_1, …), …), 0)) - …) / …
#}
{% macro scaled_feature(value, dimension) -%}
    {%- if dimension.outliers == 'winsorise' -%}
        {%- set value -%}
            least(
                greatest({{ value }}, {{ double_literal(dimension.clip_low) }}),
                {{ double_literal(dimension.clip_high) }}
            )
        {%- endset -%}
    {%- endif -%}
    (
        {{ transformed_value(
            dimension.transform, value, double_literal(dimension.power)
        ) }}
        - {{ double_literal(dimension.center) }}
    ) / {{ double_literal(dimension.scale) }}
{%- endmacro %}
