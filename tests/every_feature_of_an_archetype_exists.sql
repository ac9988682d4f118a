-- A returned row is a feature in archetypes.csv that no table of features has:
-- a slip of the pen, for which its archetype would never take part.

with features as (

    {% for relation in [
        ref('customer_features'),
        ref('sale_features'),
        ref('int_published_customer_features'),
    ] %}
        {% for column in adapter.get_columns_in_relation(relation) %}
            select '{{ column.name }}' as feature
            union distinct
        {% endfor %}
    {% endfor %}
    select feature from {{ ref('segmentation_models') }}

)

select
    archetypes.archetype_set,
    archetypes.archetype,
    archetypes.feature
from {{ ref('archetypes') }} as archetypes
left join features
    on archetypes.feature = features.feature
where features.feature is null
