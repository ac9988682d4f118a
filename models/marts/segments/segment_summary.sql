with entities as (

    select * from {{ ref('int_segmented_entities') }}

),

-- What marks a segment: features whose mean is at least 120 % or at most 80 %
-- of the population's, the three that lie farthest from it in its deviations.
notable as (

    select
        segmentation,
        segment_id,
        case when z_score > 0 then 'high ' else 'low ' end
        || replace(feature, '_', ' ')
        || ' ('
        || cast(cast(index_to_population / 100 as decimal(18, 1)) as string)
        || ' x)' as mark,
        row_number() over (
            partition by segmentation, segment_id
            order by abs(z_score) desc, feature asc
        ) as place
    from {{ ref('segment_profiles') }}
    where index_to_population >= 120 or index_to_population <= 80

),

marks as (

    select
        segmentation,
        segment_id,
        concat_ws(
            ', ',
            max(case when place = 1 then mark end),
            max(case when place = 2 then mark end),
            max(case when place = 3 then mark end)
        ) as marked_by
    from notable
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
