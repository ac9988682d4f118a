with entities as (

    select * from {{ ref('int_segmented_entities') }}

),

-- What marks a segment: the three features in which its centroid lies
-- farthest from the mean of all, at least half a deviation, after transform
-- and clipping: means of raw values would follow a handful of outliers. The
-- dimensions of one column say the same in other words: one of them will do.
notable as (

    select
        segmentation_models.segmentation,
        segmentation_models.segment_id,
        case
            when segmentation_models.encoding in ('one_hot', 'is_missing')
                then
                    replace(segmentation_models.source_column, '_', ' ')
                    || ' is '
                    || coalesce(segmentation_models.category, 'missing')
                    || ' ('
                    || cast(
                        cast(
                            {{ rounded('100 * segment_profiles.mean', 0) }}
                            as decimal(18, 0)
                        )
                        as string
                    )
                    || ' %)'
            else
                case
                    when segmentation_models.z_score > 0 then 'high '
                    else 'low '
                end
                || replace(segmentation_models.feature, '_', ' ')
                || coalesce(
                    ' (median '
                    || cast(
                        cast(
                            {{ rounded('segment_profiles.median', 2) }}
                            as decimal(18, 2)
                        )
                        as string
                    )
                    || ')',
                    ' (missing)'
                )
        end as mark,
        segmentation_models.z_score,
        segmentation_models.source_column,
        row_number() over (
            partition by
                segmentation_models.segmentation,
                segmentation_models.segment_id,
                segmentation_models.source_column
            order by
                round(abs(segmentation_models.z_score), 9) desc,
                segmentation_models.z_score desc,
                segmentation_models.feature asc
        ) as place_in_column
    from {{ ref('segmentation_models') }} as segmentation_models
    inner join {{ ref('segment_profiles') }} as segment_profiles
        on
            segmentation_models.segmentation = segment_profiles.segmentation
            and segmentation_models.segment_id = segment_profiles.segment_id
            and segmentation_models.feature = segment_profiles.feature
    where
        segmentation_models.is_current
        and abs(segmentation_models.z_score) >= 0.5

),

placed as (

    select
        segmentation,
        segment_id,
        mark,
        row_number() over (
            partition by segmentation, segment_id
            order by abs(z_score) desc, source_column asc
        ) as place
    from notable
    where place_in_column = 1

),

marks as (

    select
        segmentation,
        segment_id,
        max(case when place = 1 then mark end)
        || coalesce(', ' || max(case when place = 2 then mark end), '')
        || coalesce(', ' || max(case when place = 3 then mark end), '')
            as marked_by
    from placed
    group by segmentation, segment_id

),

-- A frozen model may find nobody for a segment: it is shown all the same.
segments as (

    select distinct
        segmentation_models.segmentation,
        segmentations.dataset,
        segmentation_models.segment_id,
        segmentation_models.segment_name
    from {{ ref('segmentation_models') }} as segmentation_models
    inner join {{ ref('segmentations') }} as segmentations
        on segmentation_models.segmentation = segmentations.segmentation
    where segmentation_models.is_current

),

sizes as (

    select
        segments.segmentation,
        segments.dataset,
        segments.segment_id,
        segments.segment_name,
        count(entities.entity_id) as entities,
        count(case when not entities.is_outlier then entities.entity_id end)
            as entities_without_outliers,
        cast(coalesce(sum(entities.revenue), 0) as decimal(18, 2)) as revenue,
        cast(sum(entities.confidence) as double)
        / nullif(count(entities.entity_id), 0) as mean_confidence
    from segments
    left join entities
        on
            segments.segmentation = entities.segmentation
            and segments.segment_id = entities.segment_id
    group by
        segments.segmentation, segments.dataset, segments.segment_id,
        segments.segment_name

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
