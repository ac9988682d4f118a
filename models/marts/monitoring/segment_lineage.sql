-- What became of the segments of a version, and where new ones come from, after
-- MONIC (Spiliopoulou et al., 2006): a segment goes on in, or comes from, the
-- other one that holds at least this share of its members.
{% set most = 0.5 %}

with segments as (

    select distinct
        segmentation,
        model_version,
        is_demo,
        trained_at,
        segment_id,
        segment_name
    from {{ ref('segmentation_models') }}

),

versions as (

    select
        segmentation,
        model_version,
        trained_at,
        lag(model_version) over (
            partition by segmentation, is_demo
            order by model_version
        ) as previous_model_version
    from (
        select distinct
            segmentation,
            model_version,
            is_demo,
            trained_at
        from segments
    ) as trained

),

pairs as (

    select
        *,
        cast(shared_entities as double) / nullif(
            sum(shared_entities) over (
                partition by segmentation, model_version, previous_segment_id
            ),
            0
        ) as share_of_previous,
        cast(shared_entities as double) / nullif(
            sum(shared_entities) over (
                partition by segmentation, model_version, segment_id
            ),
            0
        ) as share_of_segment
    from {{ ref('segment_overlaps') }}

),

-- Of each new segment: whom it shares most with, and whom it took in.
origins as (

    select
        *,
        count(case when share_of_previous >= {{ most }} then 1 end) over (
            partition by segmentation, model_version, segment_id
        ) as taken_in,
        row_number() over (
            partition by segmentation, model_version, segment_id
            order by shared_entities desc, previous_segment_id asc
        ) as place
    from pairs

),

-- Of each old segment: who got most of it, and whether another came from it.
ends as (

    select
        *,
        max(share_of_segment) over (
            partition by segmentation, model_version, previous_segment_id
        ) as most_of_a_segment,
        row_number() over (
            partition by segmentation, model_version, previous_segment_id
            order by shared_entities desc, segment_id asc
        ) as place
    from pairs

),

living as (

    select
        segments.segmentation,
        segments.model_version,
        versions.previous_model_version,
        versions.trained_at,
        segments.segment_id,
        segments.segment_name,
        true as is_alive,
        case
            when same.segment_id is not null then 'survived'
            when origins.taken_in >= 2 then 'merged'
            when origins.share_of_segment >= {{ most }} then 'split'
            else 'new'
        end as outcome,
        coalesce(same.segment_id, origins.previous_segment_id)
            as other_segment_id
    from segments
    inner join versions
        on
            segments.segmentation = versions.segmentation
            and segments.model_version = versions.model_version
    left join segments as same
        on
            segments.segmentation = same.segmentation
            and versions.previous_model_version = same.model_version
            and segments.segment_id = same.segment_id
    left join origins
        on
            segments.segmentation = origins.segmentation
            and segments.model_version = origins.model_version
            and segments.segment_id = origins.segment_id
            and origins.place = 1

),

ended as (

    select
        segments.segmentation,
        versions.model_version,
        versions.previous_model_version,
        versions.trained_at,
        segments.segment_id,
        segments.segment_name,
        false as is_alive,
        case
            when ends.share_of_previous >= {{ most }} then 'merged'
            when ends.most_of_a_segment >= {{ most }} then 'split'
            else 'died'
        end as outcome,
        ends.segment_id as other_segment_id
    from segments
    inner join versions
        on
            segments.segmentation = versions.segmentation
            and segments.model_version = versions.previous_model_version
    left join segments as same
        on
            segments.segmentation = same.segmentation
            and versions.model_version = same.model_version
            and segments.segment_id = same.segment_id
    left join ends
        on
            segments.segmentation = ends.segmentation
            and versions.model_version = ends.model_version
            and segments.segment_id = ends.previous_segment_id
            and ends.place = 1
    where same.segment_id is null

),

changed as (

    select * from living
    union all
    select * from ended

),

final as (

    select
        -- ids
        changed.segmentation,
        changed.model_version,
        changed.previous_model_version,
        changed.segment_id,
        -- strings
        changed.segment_name,
        changed.outcome,
        -- booleans
        changed.is_alive,
        -- the other segment
        case
            when changed.outcome not in ('new', 'died')
                then changed.other_segment_id
        end as other_segment_id,
        pairs.shared_entities,
        case
            when changed.is_alive then pairs.share_of_segment
            else pairs.share_of_previous
        end as share_of_entities,
        -- timestamps
        changed.trained_at
    from changed
    left join pairs
        on
            changed.segmentation = pairs.segmentation
            and changed.model_version = pairs.model_version
            and changed.outcome not in ('new', 'died')
            and case
                when changed.is_alive then changed.segment_id
                else changed.other_segment_id
            end = pairs.segment_id
            and case
                when changed.is_alive then changed.other_segment_id
                else changed.segment_id
            end = pairs.previous_segment_id

)

select * from final
