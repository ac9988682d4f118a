{#
    Every segmentation that has a model to score its entities with. One whose dataset
    has no entities has none; for any other it is an error, and all that are at fault
    are named at once.

    Input:  scored_segmentations()
    Output: [({'name': 'online_retail_customers', 'dataset': 'online_retail', …},
              what current_model gives, what entities_of gives), …]
#}
{% macro scored_segmentations() %}
    {%- set relation = ref('segmentations') -%}
    {%- set models = {} -%}
    {%- for model in stored_models('is_current').values() -%}
        {%- do models.update({model.segmentation: model}) -%}
    {%- endfor -%}
    {#- Refers to the features while dbt parses. -#}
    {%- do entities_of({}) -%}
    {%- set scored, faults = [], [] -%}
    {%- if not execute or load_relation(relation) is none -%}
        {{ return(scored) }}
    {%- endif -%}
    {%- for text, fit_digest in run_query(
        'select definition, fit_digest from ' ~ relation ~ ' order by segmentation'
    ).rows -%}
        {%- set definition = fromjson(text) -%}
        {%- set entities = entities_of(definition) -%}
        {%- set trained = models.get(definition.name) -%}
        {%- if trained and trained.fit_digest == fit_digest -%}
            {%- do scored.append((definition, trained, entities)) -%}
        {%- elif run_query(
            'select 1 from ' ~ entities.relation ~ ' where ' ~ entities.condition
            ~ ' limit 1'
        ).rows -%}
            {%- do faults.append(
                'Segmentation "' ~ definition.name ~ '" (dataset '
                ~ definition.dataset ~ '): ' ~ (
                    'its model was trained for another definition, or for the demo'
                    ~ ' data. Build k_selection and segmentation_models.'
                    if trained else 'it has no model. Build segmentation_models.'
                )
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if faults -%}
        {%- do exceptions.raise_compiler_error(faults | join('\n')) -%}
    {%- endif -%}
    {{ return(scored) }}
{% endmacro %}
