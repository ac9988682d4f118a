-- Waits for k_selection, which says in plain words what is wrong with a feature
-- or a condition. depends_on: {{ ref('k_selection') }}
{% set sources = {
    'customer': (ref('customer_features'), 'customer_id'),
    'sale': (ref('sale_features'), 'transaction_line_id'),
    'published': (ref('int_published_customer_features'), 'customer_id'),
} %}
{% set selects = [] %}
{# A wrong definition must not stop dbt before `segmentations` names it. #}
{% set definitions = var('segmentations') if execute else {} %}
{% for name, definition in definitions.items() %}
    {% set source = 'published' if definition.features_from == 'published'
        else definition.grain or 'customer' %}
    {% set relation, key = sources.get(source, sources['customer']) %}
    {% set dimensions = {} %}
    {% for feature, keys in definition.features.items() %}
        {% do dimensions.update(dimensions_of(feature, keys)) %}
    {% endfor %}
    {% for feature, dimension in dimensions.items() %}
        {% set select_feature %}
            select
                '{{ name }}' as segmentation,
                {{ key }} as entity_id,
                {{ text_literal(feature) }} as feature,
                {% if dimension.encoding == 'one_hot' -%}
                    -- Who has no value has none of the categories.
                    coalesce({{ encoded_feature(dimension) }}, 0)
                {%- else -%}
                    {{ encoded_feature(dimension) }}
                {%- endif %} as feature_value
            from {{ relation }}
            where
                dataset = '{{ definition.dataset }}'
                and {{ key }} is not null
                -- The condition may end in a comment.
                and ({{ definition.where or 'true' }}
                )
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
