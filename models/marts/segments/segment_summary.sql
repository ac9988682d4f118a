with entities as (

    select * from {{ ref('int_segmented_entities') }}

),

-- The features that mark a segment, the most telling first: those that its
-- mean is at least half a standard deviation away from the population's.
marks as (

    select
        segmentation,
        segment_id,
        string_agg(
            case when z_score > 0 then 'high ' else 'low ' end
            || replace(feature, '_', ' '),
            ', ' order by abs(z_score) desc, feature asc
        ) as marked_by
    from {{ ref('segment_profiles') }}
    where abs(z_score) >= 0.5
    group by segmentation, segment_id

),

sizes as (

    select
        segmentation,
        dataset,
        segment_id,
        segment_name,
        count(*) as entities,
        count(*) filter (where not is_outlier) as entities_without_outliers,
        cast(sum(revenue) as decimal(18, 2)) as revenue,
        cast(sum(confidence) as double) / count(*) as mean_confidence
    from entities
    group by segmentation, dataset, segment_id, segment_name

),

final as (

    select
        -- ids
        sizes.segmentation,
        sizes.dataset,
        sizes.segment_id,
        -- strings
        sizes.segment_name,
        coalesce(marks.marked_by, 'near the average') as marked_by,
        -- numerics
        sizes.entities,
        sizes.entities_without_outliers,
        cast(sizes.entities as double)
        / sum(sizes.entities) over (partition by sizes.segmentation) as share,
        sizes.revenue,
        cast(sizes.revenue as double) / nullif(
            cast(
                sum(sizes.revenue) over (partition by sizes.segmentation)
                as double
            ),
            0
        ) as revenue_share,
        sizes.mean_confidence
    from sizes
    left join marks
        on
            sizes.segmentation = marks.segmentation
            and sizes.segment_id = marks.segment_id

)

select * from final
