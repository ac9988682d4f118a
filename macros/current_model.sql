{#
    The current model of a segmentation, as current_models() gives it.

    Input:  current_model('online_retail_customers')
    Output: {'version': '1', 'segments': {'1': 'Champions', …},
             'features': {'orders': {'transform': 'log1p', …}, …}, …}
#}
{% macro current_model(segmentation) %}
    {%- set model = current_models().get(segmentation) -%}
    {%- if execute and model is none -%}
        {%- do exceptions.raise_compiler_error(
            'There is no model of the segmentation "' ~ segmentation ~ '" in '
            ~ ref('segmentation_models') ~ '. Build segmentation_models, or mend'
            ~ ' the name.'
        ) -%}
    {%- endif -%}
    {{ return(model) }}
{% endmacro %}
