-- Who stays in a segment hangs on the month before: the months of a customer
-- are walked through one after the other. Months before the first whose data or
-- model are others stay as they are.

{% set columns = [
    'segmentation', 'dataset', 'entity_id', 'as_of_date', 'raw_segment_id',
    'segment_id', 'nearest_distance', 'model_version', 'data_digest',
] %}
{% set stored = stored_relation(columns) %}
{% set work = months_to_score(stored) %}
{% set is_changed, is_kept, is_last_kept = ['true'], [], [] %}
{% for name, as_of_date in work.kept.items() %}
    {% set own = "(segmentation = '" ~ name ~ "' and as_of_date " %}
    {% set date = " cast('" ~ as_of_date ~ "' as date))" %}
    {% do is_changed.append('not ' ~ own ~ '<=' ~ date) %}
    {% do is_kept.append(own ~ '<=' ~ date) %}
    {% do is_last_kept.append(own ~ '=' ~ date) %}
{% endfor %}

with months as (

    select
        *,
        row_number() over (
            partition by segmentation
            order by as_of_date
        ) as place
    from {{ ref('int_monthly_models') }}
    where {{ is_changed | join(' and ') }}

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
    {% if is_last_kept %}
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
        from {{ stored }}
        where {{ is_last_kept | join(' or ') }}
    {% endif %}

),

walked as (

    select
        segmentation,
        entity_id,
        {{ walked_months() }} as stays
    from placed
    group by segmentation, entity_id

),

scored as (

    select
        placed.segmentation,
        placed.dataset,
        placed.entity_id,
        placed.as_of_date,
        placed.raw_segment_id,
        cast(
            split_part(
                split_part(
                    walked.stays,
                    ',' || cast(placed.place as string) || ':',
                    2
                ),
                ',',
                1
            ) as bigint
        ) as segment_id,
        placed.nearest_distance,
        months.model_version,
        months.data_digest
    from placed
    inner join walked
        on
            placed.segmentation = walked.segmentation
            and placed.entity_id = walked.entity_id
    inner join months
        on
            placed.segmentation = months.segmentation
            and placed.as_of_date = months.as_of_date

),

final as (

    select {{ columns | join(', ') }}
    from scored
    {% if is_kept %}
        union all
        select {{ columns | join(', ') }}
        from {{ stored }}
        where {{ is_kept | join(' or ') }}
    {% endif %}

)

select * from final
