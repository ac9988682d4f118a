{#
    Versions of models, read by one query while dbt compiles: version, segments, and
    features with the parameters, centroids and principal axes that scoring needs.
    Numbers are text, with every digit.

    Input:  stored_models('is_current')
    Output: {'online_retail_customers 1': {
                'segmentation': 'online_retail_customers',
                'version': '1', 'fit_digest': '5f…',
                'segments': {'1': 'Champions', …},
                'features': {'orders': {'source_column': 'orders',
                                        'transform': 'log1p', 'center': '1.2…',
                                        'centroids': {'1': '0.8…', …}, …}, …}}, …}

    Nothing while dbt parses, or before segmentation_models is built.
#}
{% macro stored_models(condition) %}
    {%- set relation = ref('segmentation_models') -%}
    {%- set stored = {} -%}
    {%- if not execute or load_relation(relation) is none -%}
        {{ return(stored) }}
    {%- endif -%}
    {%- set texts = [
        'source_column', 'encoding', 'category', 'categories', 'transform',
        'outliers',
    ] -%}
    {%- set parameters = [
        'power', 'fill_value', 'clip_low', 'clip_high', 'center', 'scale',
        'pca_origin', 'pca_1', 'pca_2', 'pca_3', 'centroid',
    ] -%}
    {%- set numbers = [] -%}
    {%- for parameter in parameters -%}
        {%- do numbers.append('cast(' ~ parameter ~ ' as string)') -%}
    {%- endfor -%}
    {%- for row in run_query(
        'select segmentation, cast(model_version as string), fit_digest,'
        ~ ' cast(segment_id as string), segment_name, feature, '
        ~ (texts + numbers) | join(', ') ~ ' from ' ~ relation
        ~ ' where ' ~ condition
        ~ ' order by segmentation, model_version, segment_id, feature_position'
    ).rows -%}
        {%- set model = stored.setdefault(row[0] ~ ' ' ~ row[1], {
            'segmentation': row[0],
            'version': row[1], 'fit_digest': row[2], 'segments': {}, 'features': {},
        }) -%}
        {%- do model.segments.update({row[3]: row[4]}) -%}
        {%- set feature = model.features.setdefault(row[5], {'centroids': {}}) -%}
        {%- for parameter in texts + parameters -%}
            {%- do feature.update({parameter: row[6 + loop.index0]}) -%}
        {%- endfor -%}
        {%- do feature.update({
            'categories': fromjson(feature.categories or '[]')
        }) -%}
        {%- do feature.centroids.update({row[3]: feature.pop('centroid')}) -%}
    {%- endfor -%}
    {{ return(stored) }}
{% endmacro %}
