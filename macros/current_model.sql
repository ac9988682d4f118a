{#
    The current model of a segmentation, read while dbt compiles: its version,
    segments and features with the parameters and centroids that scoring needs.
    Numbers are text, with every digit.

    Input:  current_model('online_retail_customers')
    Output: {'version': '1', 'segments': {'1': 'Champions', …},
             'features': {'orders': {'source_column': 'orders',
                                     'transform': 'log1p', 'center': '1.2…',
                                     'centroids': {'1': '0.8…', …}, …}, …}}
#}
{% macro current_model(segmentation) %}
    {%- set model = {'version': none, 'segments': {}, 'features': {}} -%}
    {%- set models = ref('segmentation_models') -%}
    {%- if not execute -%}
        {{ return(model) }}
    {%- endif -%}
    {%- set texts = [
        'source_column', 'encoding', 'category', 'categories', 'transform',
        'outliers',
    ] -%}
    {%- set parameters = [
        'power', 'fill_value', 'clip_low', 'clip_high', 'center', 'scale',
        'centroid',
    ] -%}
    {%- set numbers = [] -%}
    {%- for parameter in parameters -%}
        {%- do numbers.append('cast(' ~ parameter ~ ' as string)') -%}
    {%- endfor -%}
    {%- set rows = run_query(
        'select cast(model_version as string), cast(segment_id as string),'
        ~ ' segment_name, feature, ' ~ (texts + numbers) | join(', ')
        ~ ' from ' ~ models ~ ' where is_current and segmentation = '
        ~ text_literal(segmentation) ~ ' order by segment_id, feature_position'
    ).rows -%}
    {%- if not rows -%}
        {%- do exceptions.raise_compiler_error(
            'There is no model of the segmentation "' ~ segmentation ~ '" in '
            ~ models ~ '. Build segmentation_models, or mend the name.'
        ) -%}
    {%- endif -%}
    {%- for row in rows -%}
        {%- do model.update({'version': row[0]}) -%}
        {%- do model.segments.update({row[1]: row[2]}) -%}
        {%- set feature = model.features.setdefault(row[3], {'centroids': {}}) -%}
        {%- for parameter in texts + parameters -%}
            {%- do feature.update({parameter: row[4 + loop.index0]}) -%}
        {%- endfor -%}
        {%- do feature.update({
            'categories': fromjson(feature.categories or '[]')
        }) -%}
        {%- do feature.centroids.update({row[1]: feature.pop('centroid')}) -%}
    {%- endfor -%}
    {{ return(model) }}
{% endmacro %}
