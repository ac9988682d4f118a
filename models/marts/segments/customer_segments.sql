-- Later than a training in the same run.
{% set scored_at = modules.datetime.datetime.now(modules.pytz.utc) %}
{% set selects = [] %}
{% for definition, trained, entities in scored_segmentations() %}
    {% do selects.append(
        held_segments(definition, trained, entities, scored_at)
    ) %}
{% endfor %}

with last_days as (

    select
        dataset,
        as_of_date
    from {{ ref('int_as_of_dates') }}
    where is_last_day

),

-- The month end before the last day says who was where.
before as (

    select
        monthly_segments.segmentation,
        monthly_segments.entity_id,
        monthly_segments.segment_id,
        monthly_segments.raw_segment_id
    from {{ ref('int_monthly_segments') }} as monthly_segments
    inner join last_days
        on
            monthly_segments.dataset = last_days.dataset
            and monthly_segments.as_of_date = {{ dbt.last_day(
                dbt.dateadd('month', -1, 'last_days.as_of_date'), 'month'
            ) }}

),

final as (

    {{ selects | join('union all')
        or get_empty_schema_sql(model['columns']) ~ ' where false' }}

)

select * from final
