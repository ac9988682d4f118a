{#
    The dimensions of a feature, as its definition has them: a feature that is one
    number is one dimension, one that is one_hot is one for each category, and a
    missing_indicator is one more. `Feature.dimensions` says the same in Python.

    Input:  dimensions_of('gender', {'categories': ['F', 'M'], 'encoding': 'one_hot'})
    Output: {'gender_is_F': {'source_column': 'gender', 'encoding': 'one_hot',
                             'category': 'F', 'categories': ['F', 'M']}, …}
#}
{% macro dimensions_of(name, feature) %}
    {%- set dimensions = {} -%}
    {%- set shared = {
        'source_column': name,
        'category': none,
        'categories': feature.categories or [],
    } -%}
    {%- if feature.encoding == 'one_hot' -%}
        {%- for category in feature.categories -%}
            {%- do dimensions.update({name ~ '_is_' ~ category: dict(
                shared, encoding='one_hot', category=category
            )}) -%}
        {%- endfor -%}
    {%- else -%}
        {%- do dimensions.update({
            name: dict(shared, encoding=feature.encoding or 'number')
        }) -%}
    {%- endif -%}
    {%- if feature.missing_indicator -%}
        {%- do dimensions.update({
            name ~ '_is_missing': dict(shared, encoding='is_missing')
        }) -%}
    {%- endif -%}
    {{ return(dimensions) }}
{% endmacro %}
