{#
    Every row of a relation with the features of a model, filled and scaled by its
    parameters.

    Input:  select * from (
                {{ scaled_features(ref('customer_features'), current_model('…')) }}
            ) as scaled
    Output: every column of the relation, filled_1, scaled_1 and so on in the order of
            the features, and is_outlier
#}
{% macro scaled_features(relation, model) %}
    {%- set filled = {} -%}
    {%- for feature in model.features.values() -%}
        {%- do filled.update({'filled_' ~ loop.index: feature}) -%}
    {%- endfor %}
    select
        *,
        {%- for name, feature in filled.items() %}
        {{ scaled_feature(name, feature) }} as scaled_{{ loop.index }},
        {%- endfor %}
        {{ is_outlier(filled) }} as is_outlier
    from (
        select
            *,
            {%- for name, feature in filled.items() %}
            {{ filled_feature(feature) }} as {{ name }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
    ) as filled
{% endmacro %}
