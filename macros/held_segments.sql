{#
    The segments of the entities of one segmentation, in the columns of
    customer_segments: held where the month before says so. That is the CTE before,
    with one row per segmentation and entity that was scored then.

    Input:  {{ held_segments(definition, trained, entities, scored_at) }}: what
            scored_segmentations gives, and the time in UTC
    Output: select 'online_retail_customers' as segmentation, … from (…) as placed
#}
{% macro held_segments(definition, trained, entities, scored_at) %}
    {%- set features =
        trained.features.values() | map(attribute='source_column') -%}
    {%- set with_state %}
        (
            select
                entities.*,
                before.segment_id as previous_segment_id,
                before.raw_segment_id as previous_raw_segment_id
            from (
                select
                    {{ entities.key }} as entity_id,
                    cast(as_of_date as timestamp) as as_of_date,
                    {{ features | unique | join(', ') }}
                from {{ entities.relation }}
                where {{ entities.condition }}
            ) as entities
            left join before
                on
                    entities.entity_id = before.entity_id
                    and before.segmentation = '{{ definition.name }}'
        ) as with_state
    {%- endset %}
    select
        '{{ definition.name }}' as segmentation,
        '{{ definition.dataset }}' as dataset,
        entity_id,
        cast(segment_id as bigint) as segment_id,
        segment_name,
        cast(raw_segment_id as bigint) as raw_segment_id,
        cast(second_segment_id as bigint) as second_segment_id,
        previous_segment_id,
        previous_raw_segment_id,
        distance,
        second_distance,
        confidence,
        is_outlier,
        pca_1,
        pca_2,
        pca_3,
        cast({{ trained.version }} as bigint) as model_version,
        as_of_date,
        cast('{{ scored_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp)
            as scored_at
    from (
        {{- placed_in_segments(
            with_state, trained, definition.hysteresis_margin,
            principal_coordinates(trained)
        ) }}
    ) as placed
{% endmacro %}
