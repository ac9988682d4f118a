{#
    The nearest segment of every customer at some month ends, and the segments that
    would hold him: those that are nearly as near.

    Input:  {{ nearest_in_months(one of monthly_models()) }}
    Output: select 'online_retail_customers' as segmentation, …, ',2,3,' as held_by
#}
{% macro nearest_in_months(scored) %}
    {%- set definition, model = scored.definition, scored.model -%}
    {%- set entities = entities_of(definition) -%}
    {%- set features =
        model.features.values() | map(attribute='source_column') -%}
    {%- set squares = [] -%}
    {%- for segment in model.segments -%}
        {%- do squares.append('squared_distance_' ~ segment) -%}
    {%- endfor -%}
    {%- set first, last = scored.months[0], scored.months[-1] -%}
    {%- set relation -%}
        (
            select
                dataset,
                {{ entities.key }} as entity_id,
                as_of_date,
                {{ features | unique | join(', ') }}
            from {{ ref('customer_features_history') }}
            where
                {{ entities.condition }}
                and as_of_date between cast('{{ first.as_of_date }}' as date)
                and cast('{{ last.as_of_date }}' as date)
        ) as entities
    {%- endset %}
    select
        '{{ definition.name }}' as segmentation,
        dataset,
        entity_id,
        as_of_date,
        cast(raw_segment_id as bigint) as raw_segment_id,
        sqrt({{ smallest_of(squares) }}) as nearest_distance,
        ','
        {%- for segment in model.segments %}
        || case
            when {{ holds(
                'squared_distance_' ~ segment, squares,
                definition.hysteresis_margin
            ) }}
                then '{{ segment }},'
            else ''
        end
        {%- endfor %} as held_by
    from (
        {{- nearest_segments(relation, model) }}
    ) as nearest
    where raw_segment_id is not null
{% endmacro %}
