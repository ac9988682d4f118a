with states as (

    select * from {{ ref('int_monthly_states') }}

),

-- A segment that nobody is in has a row too.
segments as (

    select distinct
        monthly_models.segmentation,
        monthly_models.dataset,
        monthly_models.as_of_date,
        monthly_models.model_version,
        segmentation_models.segment_id
    from {{ ref('int_monthly_models') }} as monthly_models
    inner join {{ ref('segmentation_models') }} as segmentation_models
        on
            monthly_models.segmentation = segmentation_models.segmentation
            and monthly_models.model_version
            = segmentation_models.model_version

),

sizes as (

    select
        segmentation,
        as_of_date,
        segment_id,
        count(*) as customers,
        count(*) - count(active_segment_id) as inactive_customers,
        cast(sum(revenue) as decimal(18, 2)) as revenue,
        {{ exact_sum('nearest_distance', 12) }} / count(*) as mean_distance
    from states
    where segment_id is not null
    group by segmentation, as_of_date, segment_id

),

final as (

    select
        -- ids
        segments.segmentation,
        segments.dataset,
        segments.as_of_date,
        segments.segment_id,
        segment_names.segment_name,
        segments.model_version,
        -- numerics
        coalesce(sizes.customers, 0) as customers,
        coalesce(sizes.inactive_customers, 0) as inactive_customers,
        cast(coalesce(sizes.customers, 0) as double) / nullif(
            sum(coalesce(sizes.customers, 0)) over (
                partition by segments.segmentation, segments.as_of_date
            ),
            0
        ) as share,
        coalesce(sizes.revenue, 0) as revenue,
        cast(coalesce(sizes.revenue, 0) as double) / nullif(
            cast(
                sum(coalesce(sizes.revenue, 0)) over (
                    partition by segments.segmentation, segments.as_of_date
                ) as double
            ),
            0
        ) as revenue_share,
        sizes.mean_distance
    from segments
    inner join {{ ref('int_segment_names') }} as segment_names
        on
            segments.segmentation = segment_names.segmentation
            and segments.segment_id = segment_names.segment_id
    left join sizes
        on
            segments.segmentation = sizes.segmentation
            and segments.as_of_date = sizes.as_of_date
            and segments.segment_id = sizes.segment_id

)

select * from final
