-- Who stays in a segment hangs on the month before. So the months of a customer
-- are put side by side, walked through one after the other, and put below each
-- other again. Months before the first whose data or model are others stay as
-- they are.

{% set columns = [
    'segmentation', 'dataset', 'entity_id', 'as_of_date', 'raw_segment_id',
    'segment_id', 'nearest_distance', 'model_version', 'data_digest',
] %}
{% set stored = stored_relation(columns) %}
{% set work = months_to_score(stored) %}
{% set places = range(1, work.places + 1) %}

with months as (

    {% for scored in work.models %}
        {% set model_loop = loop %}
        {% for month in scored.months %}
            select
                '{{ scored.definition.name }}' as segmentation,
                cast('{{ month.as_of_date }}' as date) as as_of_date,
                cast({{ month.place }} as int) as place,
                cast({{ scored.model.version }} as bigint) as model_version,
                '{{ month.data_digest }}' as data_digest
            {% if not (model_loop.last and loop.last) %}union all{% endif %}
        {% endfor %}
    {% else %}
        select
            cast(null as string) as segmentation,
            cast(null as date) as as_of_date,
            cast(null as int) as place,
            cast(null as bigint) as model_version,
            cast(null as string) as data_digest
        where false
    {% endfor %}

),

nearest as (

    {% for scored in work.models %}
        {{ nearest_in_months(scored) }}
        {% if not loop.last %}union all{% endif %}
    {% else %}
        select
            cast(null as string) as segmentation,
            cast(null as string) as dataset,
            cast(null as string) as entity_id,
            cast(null as date) as as_of_date,
            cast(null as bigint) as raw_segment_id,
            cast(null as double) as nearest_distance,
            cast(null as string) as held_by
        where false
    {% endfor %}

),

placed as (

    select
        nearest.*,
        months.place,
        cast(null as bigint) as segment_id
    from nearest
    inner join months
        on
            nearest.segmentation = months.segmentation
            and nearest.as_of_date = months.as_of_date
    {% for name, as_of_date in work.kept.items() %}
        union all
        select
            segmentation,
            dataset,
            entity_id,
            as_of_date,
            raw_segment_id,
            nearest_distance,
            cast(null as string) as held_by,
            0 as place,
            segment_id
        from {{ stored }} as stored_{{ loop.index }}
        where
            segmentation = '{{ name }}'
            and as_of_date = cast('{{ as_of_date }}' as date)
    {% endfor %}

),

side_by_side as (

    select
        segmentation,
        dataset,
        entity_id,
        {% for place in places %}
            max(case when place = {{ place }} then raw_segment_id end)
                as raw_{{ place }},
            max(case when place = {{ place }} then held_by end)
                as held_by_{{ place }},
            max(case when place = {{ place }} then nearest_distance end)
                as distance_{{ place }},
        {% endfor %}
        max(case when place = 0 then raw_segment_id end) as raw_0,
        max(segment_id) as segment_0
    from placed
    group by segmentation, dataset, entity_id

),

walked as (

    {% for place in places %}
        select
            *,
            case
                when
                    raw_{{ loop.revindex }} is null
                    or (
                        raw_{{ loop.revindex }}
                        <> coalesce(raw_{{ loop.revindex0 }}, -1)
                        and held_by_{{ loop.revindex }} like
                        '%,' || cast(segment_{{ loop.revindex0 }} as string)
                        || ',%'
                    )
                    then segment_{{ loop.revindex0 }}
                else raw_{{ loop.revindex }}
            end as segment_{{ loop.revindex }}
        from (
    {% endfor %}
    select * from side_by_side
    {% for place in places %}
        ) as until_{{ place }}
    {% endfor %}

),

one_below_the_other as (

    select
        walked.segmentation,
        walked.dataset,
        walked.entity_id,
        months.as_of_date,
        {% for column, prefix in {
            'raw_segment_id': 'raw', 'segment_id': 'segment',
            'nearest_distance': 'distance',
        }.items() %}
            case months.place
                {% for place in places %}
                    when {{ place }} then walked.{{ prefix }}_{{ place }}
                {% else %}
                    when 0 then null
                {% endfor %}
            end as {{ column }},
        {% endfor %}
        months.model_version,
        months.data_digest
    from walked
    inner join months
        on walked.segmentation = months.segmentation

),

final as (

    select {{ columns | join(', ') }}
    from one_below_the_other
    where raw_segment_id is not null
    {% for name, as_of_date in work.kept.items() %}
        union all
        select {{ columns | join(', ') }}
        from {{ stored }} as kept_{{ loop.index }}
        where
            segmentation = '{{ name }}'
            and as_of_date <= cast('{{ as_of_date }}' as date)
    {% endfor %}

)

select * from final
