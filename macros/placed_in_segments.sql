{#
    Every row of a relation with its segment of a model: the nearest one, or, with a
    margin, the one that it had before, until another centroid is nearer by that
    share, or for the second time in a row. Then the relation has the columns
    previous_segment_id and previous_raw_segment_id, NULL for a new row.

    Input:  select customer_id, segment_id, confidence
            from (
                {{ placed_in_segments(ref('customer_features'), current_model('…')) }}
            ) as placed
    Output: what squared_distances gives, raw_segment_id (the nearest), segment_id,
            segment_name, second_segment_id (the nearest other one), distance,
            second_distance and confidence. All are NULL where a row is not usable.
#}
{% macro placed_in_segments(relation, model, margin=none, sums={}) %}
    {%- set segments = model.segments.keys() | list -%}
    {%- set squares = [] -%}
    {%- for segment in segments -%}
        {%- do squares.append('squared_distance_' ~ segment) -%}
    {%- endfor %}
    select
        *,
        case segment_id
            {%- for segment, name in model.segments.items() %}
            when {{ segment }} then {{ text_literal(name) }}
            {%- endfor %}
        end as segment_name,
        {%- if segments | length > 1 %}
        {#- Equal distances go to the lowest id, as in Python. #}
        case
            {%- for segment in segments %}
            when segment_id <> {{ segment }}
                and squared_distance_{{ segment }} = second_squared_distance
                then {{ segment }}
            {%- endfor %}
        end as second_segment_id,
        {%- else %}
        cast(null as bigint) as second_segment_id,
        {%- endif %}
        sqrt(squared_distance) as distance,
        sqrt(second_squared_distance) as second_distance,
        {#- The only segment, or one of two centroids in one place, is sure; who is
            held back from a nearer one is not at all. -#}
        case
            when segment_id is not null
                then greatest(
                    coalesce(
                        1 - sqrt(squared_distance)
                        / nullif(sqrt(second_squared_distance), 0),
                        1
                    ),
                    0
                )
        end as confidence
    from (
        select
            *,
            case segment_id
                {%- for segment in segments %}
                when {{ segment }} then squared_distance_{{ segment }}
                {%- endfor %}
            end as squared_distance,
            {%- if segments | length > 1 %}
            case segment_id
                {%- for segment in segments %}
                {%- set others = squares | reject('equalto',
                    'squared_distance_' ~ segment) | list %}
                when {{ segment }} then {{ smallest_of(others) }}
                {%- endfor %}
            end as second_squared_distance
            {%- else %}
            cast(null as double) as second_squared_distance
            {%- endif %}
        from (
            select
                *,
                {%- if margin is none %}
                raw_segment_id as segment_id
                {%- else %}
                {#- A segment that is gone has no distance. #}
                {%- set previous %}
                        case previous_segment_id
                            {%- for segment in segments %}
                            when {{ segment }} then squared_distance_{{ segment }}
                            {%- endfor %}
                        end
                {%- endset %}
                case
                    when {{ holds(previous, squares, margin) }}
                        and raw_segment_id
                        <> coalesce(previous_raw_segment_id, -1)
                        then previous_segment_id
                    else raw_segment_id
                end as segment_id
                {%- endif %}
            from (
                {{- nearest_segments(relation, model, sums) }}
            ) as nearest
        ) as held
    ) as placed
{% endmacro %}
