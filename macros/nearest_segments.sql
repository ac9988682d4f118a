{#
    Every row of a relation with the nearest segment of a model; of equal distances it
    is the lowest id, as in Python.

    Input:  select * from (
                {{ nearest_segments(ref('customer_features'), current_model('…')) }}
            ) as nearest
    Output: what squared_distances gives, and raw_segment_id: NULL where a row is not
            usable
#}
{% macro nearest_segments(relation, model, sums={}) %}
    {%- set squares = [] -%}
    {%- for segment in model.segments -%}
        {%- do squares.append('squared_distance_' ~ segment) -%}
    {%- endfor %}
    select
        *,
        case
            {%- for segment in model.segments %}
            when is_usable
                and squared_distance_{{ segment }} = {{ smallest_of(squares) }}
                then {{ segment }}
            {%- endfor %}
        end as raw_segment_id
    from (
        {{- squared_distances(relation, model, sums) }}
    ) as measured
{% endmacro %}
