{#
    The models that score month ends, with the months of each, in their order. Nothing
    while dbt parses.

    Input:  monthly_models()
    Output: [{'definition': {'name': 'online_retail_customers', …},
              'model': what stored_models gives of a version,
              'months': [{'as_of_date': '2010-12-31', 'data_digest': '5f…'}, …]}, …]
#}
{% macro monthly_models() %}
    {%- set relation = ref('int_monthly_models') -%}
    {%- set models = stored_models('true') -%}
    {#- Refers to the features while dbt parses. -#}
    {%- do (entities_of({}), ref('customer_features_history')) -%}
    {%- set found = {} -%}
    {%- if not execute or load_relation(relation) is none -%}
        {{ return([]) }}
    {%- endif -%}
    {%- for key, text, as_of_date, data_digest in run_query(
        "select segmentation || ' ' || cast(model_version as string), definition,"
        ~ ' cast(as_of_date as string), data_digest from ' ~ relation
        ~ ' order by segmentation, as_of_date'
    ).rows -%}
        {%- set scored = found.setdefault(key, {
            'definition': fromjson(text), 'model': models[key], 'months': [],
        }) -%}
        {%- do scored.months.append(
            {'as_of_date': as_of_date, 'data_digest': data_digest}
        ) -%}
    {%- endfor -%}
    {{ return(found.values() | list) }}
{% endmacro %}
