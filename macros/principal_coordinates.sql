{#
    The terms of the coordinates on the principal axes of a model's training, for
    squared_distances to add up.

    Input:  principal_coordinates(current_model('…'))
    Output: {'pca_1': ['(scaled_1 - …) * …', …], 'pca_2': …, 'pca_3': …}; of axes
            beyond the number of features the terms are NULL
#}
{% macro principal_coordinates(trained) %}
    {%- set coordinates = {} -%}
    {%- for axis in ['pca_1', 'pca_2', 'pca_3'] -%}
        {%- set terms = [] -%}
        {%- for feature in trained.features.values() -%}
            {%- do terms.append(
                '(scaled_' ~ loop.index ~ ' - ' ~ double_literal(feature.pca_origin)
                ~ ') * ' ~ (
                    double_literal(feature[axis]) if feature[axis] is not none
                    else 'cast(null as double)'
                )
            ) -%}
        {%- endfor -%}
        {%- do coordinates.update({axis: terms}) -%}
    {%- endfor -%}
    {{ return(coordinates) }}
{% endmacro %}
