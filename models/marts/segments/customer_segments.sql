-- Later than a training in the same run.
{% set scored_at = modules.datetime.datetime.now(modules.pytz.utc) %}
{% set selects = [] %}
{% for definition, trained, entities in scored_segmentations() %}
    {% do selects.append(
        held_segments(definition, trained, entities, scored_at)
    ) %}
{% endfor %}

with month_ends as (

    select
        dataset,
        max(as_of_date) as as_of_date
    from {{ ref('int_as_of_dates') }}
    where not is_last_day
    group by dataset

),

-- Who was where at the last month end before.
before as ( -- noqa: ST03

    select
        monthly_segments.segmentation,
        monthly_segments.entity_id,
        monthly_segments.segment_id,
        monthly_segments.raw_segment_id
    from {{ ref('int_monthly_segments') }} as monthly_segments
    inner join month_ends
        on
            monthly_segments.dataset = month_ends.dataset
            and monthly_segments.as_of_date = month_ends.as_of_date

),

final as (

    {{ selects | join('union all')
        or get_empty_schema_sql(model['columns']) ~ ' where false' }}

)

select * from final
