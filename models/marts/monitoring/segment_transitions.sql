with states as (

    select * from {{ ref('int_monthly_states') }}

),

segment_names as (

    select * from {{ ref('int_segment_names') }}

),

moves as (

    select
        *,
        coalesce(
            lag(state) over (
                partition by segmentation, entity_id
                order by as_of_date
            ),
            'new'
        ) as from_state,
        lag(active_segment_id) over (
            partition by segmentation, entity_id
            order by as_of_date
        ) as from_segment_id,
        lag(model_version) over (
            partition by segmentation, entity_id
            order by as_of_date
        ) as from_model_version,
        lag(revenue) over (
            partition by segmentation, entity_id
            order by as_of_date
        ) as revenue_before
    from states

),

counted as (

    select
        segmentation,
        dataset,
        as_of_date,
        from_state,
        from_segment_id,
        state as to_state,
        active_segment_id as to_segment_id,
        min(from_model_version) as from_model_version,
        min(model_version) as model_version,
        count(*) as customers,
        cast(sum(revenue) as decimal(18, 2)) as revenue,
        cast(sum(coalesce(revenue_before, 0)) as decimal(18, 2))
            as revenue_before
    from moves
    group by
        segmentation, dataset, as_of_date, from_state, from_segment_id, state,
        active_segment_id

),

final as (

    select
        -- ids
        counted.segmentation,
        counted.dataset,
        counted.as_of_date,
        -- from
        counted.from_state,
        counted.from_segment_id,
        from_names.segment_name as from_segment_name,
        -- to
        counted.to_state,
        counted.to_segment_id,
        to_names.segment_name as to_segment_name,
        -- under which models
        counted.from_model_version,
        counted.model_version,
        -- who and how much
        counted.customers,
        counted.revenue,
        counted.revenue_before
    from counted
    left join segment_names as from_names
        on
            counted.segmentation = from_names.segmentation
            and counted.from_segment_id = from_names.segment_id
    left join segment_names as to_names
        on
            counted.segmentation = to_names.segmentation
            and counted.to_segment_id = to_names.segment_id

)

select * from final
