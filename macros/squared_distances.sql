{#
    Every row of a relation with its squared distance to each segment of a model, and
    other sums over the features. Of each sum the terms are given, which may use
    scaled_1, scaled_2 and so on: the features, scaled by the model.

    Input:  select * from (
                {{ squared_distances(
                    ref('customer_features'), current_model('…'),
                    {'pca_1': ['scaled_1 * 0.8', 'scaled_2 * 0.6']}
                ) }}
            ) as measured
    Output: every column of the relation, filled_1, scaled_1 and so on,
            squared_distance_1 and so on by the ids of the segments, pca_1,
            is_outlier, and is_usable: whether no feature is missing that must not
            be, is infinite or beyond 1e100, which Python refuses.
#}
{% macro squared_distances(relation, model, sums={}) %}
    {%- set features = model.features -%}
    {%- set terms = {} -%}
    {%- for segment in model.segments -%}
        {%- set squares = [] -%}
        {%- for feature in features.values() -%}
            {%- set difference = '(scaled_' ~ loop.index ~ ' - '
                ~ double_literal(feature.centroids[segment]) ~ ')' -%}
            {%- do squares.append(difference ~ ' * ' ~ difference) -%}
        {%- endfor -%}
        {%- do terms.update({'squared_distance_' ~ segment: squares}) -%}
    {%- endfor -%}
    {%- do terms.update(sums) %}
    select
        *,
        {%- for name in terms %}
        {% for feature in features -%}
            {{ name }}_{{ loop.index }} {{- ' + ' if not loop.last }}
        {%- endfor %} as {{ name }} {{- ',' if not loop.last }}
        {%- endfor %}
    {#- The terms stand in columns: within sums DuckDB compares all products with
        each other, which takes 25 s for 200 features. #}
    from (
        select
            *,
            {%- for name, each in terms.items() %}
            {%- for term in each %}
            {{ term }} as {{ name }}_{{ loop.index }},
            {%- endfor %}
            {%- endfor %}
            {%- for feature in features %}
            abs(filled_{{ loop.index }}) <= 1e100
            and abs(scaled_{{ loop.index }}) <= 1e100
            {{- ' and' if not loop.last }}
            {%- endfor %} as is_usable
        from (
            {{- scaled_features(relation, model) }}
        ) as scaled
    ) as with_terms
{% endmacro %}
