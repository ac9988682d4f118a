-- Waits for k_selection, which says in plain words what is wrong with a feature
-- or a condition. depends_on: {{ ref('k_selection') }}
{% set selects = [] %}
{# Their features are known to dbt before the definitions are. #}
{% do entities_of({}) %}
{% set definitions = var('segmentations') if execute else {} %}
{% for name, definition in definitions.items() %}
    {% set entities = entities_of(definition) %}
    {% set dimensions = {} %}
    {% for feature, keys in definition.features.items() %}
        {% do dimensions.update(dimensions_of(feature, keys)) %}
    {% endfor %}
    {% for feature, dimension in dimensions.items() %}
        {% set select_feature %}
            select
                '{{ name }}' as segmentation,
                {{ entities.key }} as entity_id,
                {{ text_literal(feature) }} as feature,
                {% if dimension.encoding == 'one_hot' -%}
                    -- Who has no value has none of the categories.
                    coalesce({{ encoded_feature(dimension) }}, 0)
                {%- else -%}
                    {{ encoded_feature(dimension) }}
                {%- endif %} as feature_value
            from {{ entities.relation }}
            where {{ entities.condition }}
        {% endset %}
        {% do selects.append(select_feature) %}
    {% endfor %}
{% endfor %}

{% if not selects %}
    {% do selects.append(
        'select cast(null as string) as segmentation,'
        ~ ' cast(null as string) as entity_id, cast(null as string) as feature,'
        ~ ' cast(null as double) as feature_value where false'
    ) %}
{% endif %}

{{ selects | join('union all') }}
