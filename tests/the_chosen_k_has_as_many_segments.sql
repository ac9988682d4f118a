-- A returned row is a segmentation whose model, segments and chosen k disagree
-- about the number of segments.
with chosen as (

    select
        segmentation,
        k
    from {{ ref('k_selection') }}
    where is_chosen

),

modelled as (

    select
        segmentation,
        count(distinct segment_id) as segments
    from {{ ref('segmentation_models') }}
    where is_current
    group by segmentation

),

found as (

    select
        segmentation,
        count(*) as segments,
        sum(share) as total_share
    from {{ ref('segment_summary') }}
    group by segmentation

)

select
    chosen.segmentation,
    chosen.k,
    modelled.segments as modelled_segments,
    found.segments as found_segments,
    found.total_share
from chosen
left join modelled
    on chosen.segmentation = modelled.segmentation
left join found
    on chosen.segmentation = found.segmentation
where
    coalesce(modelled.segments, 0) <> chosen.k
    or coalesce(found.segments, 0) <> chosen.k
    or abs(found.total_share - 1) > 1e-9
