{#
    The current model of a segmentation, as stored_models gives it.

    Input:  current_model('online_retail_customers')
    Output: {'version': '1', 'segments': {'1': 'Champions', …},
             'features': {'orders': {'transform': 'log1p', …}, …}, …}
#}
{% macro current_model(segmentation) %}
    {%- set model = stored_models(
        "is_current and segmentation = '" ~ segmentation ~ "'"
    ).values() | first -%}
    {%- if execute and not model -%}
        {%- do exceptions.raise_compiler_error(
            'There is no model of the segmentation "' ~ segmentation ~ '" in '
            ~ ref('segmentation_models') ~ '. Build segmentation_models, or mend'
            ~ ' the name.'
        ) -%}
    {%- endif -%}
    {{ return(model) }}
{% endmacro %}
