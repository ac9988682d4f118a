with states as (

    select * from {{ ref('int_monthly_states') }}

),

segment_names as (

    select * from {{ ref('int_segment_names') }}

),

-- Months in a row in one state have the same difference.
stays as (

    select
        *,
        month_number - row_number() over (
            partition by
                segmentation, entity_id, state,
                coalesce(active_segment_id, 0)
            order by as_of_date
        ) as stay
    from states

),

spells as (

    select
        segmentation,
        dataset,
        entity_id,
        state,
        active_segment_id as segment_id,
        min(as_of_date) as entered_date,
        count(*) as months,
        min(model_version) as model_version
    from stays
    group by
        segmentation, dataset, entity_id, state, active_segment_id, stay

),

followed as (

    select
        *,
        lead(entered_date) over (
            partition by segmentation, entity_id
            order by entered_date
        ) as left_date,
        lead(model_version) over (
            partition by segmentation, entity_id
            order by entered_date
        ) as left_model_version
    from spells

),

final as (

    select
        -- ids
        followed.segmentation,
        followed.dataset,
        followed.entity_id,
        -- where
        followed.state,
        followed.segment_id,
        segment_names.segment_name,
        -- since when, and until when
        followed.entered_date,
        followed.left_date,
        followed.months,
        followed.model_version,
        followed.left_model_version,
        followed.left_date is null as is_current
    from followed
    left join segment_names
        on
            followed.segmentation = segment_names.segmentation
            and followed.segment_id = segment_names.segment_id

)

select * from final
