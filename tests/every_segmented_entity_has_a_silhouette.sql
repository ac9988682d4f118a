-- A returned row is an entity without a silhouette where there is another
-- segment with an entity, or with one where there is none.

with segments as (

    select
        segmentation,
        count(distinct segment_id) as segments
    from {{ ref('customer_segments') }}
    group by segmentation

)

select
    customer_segments.segmentation,
    customer_segments.entity_id,
    segments.segments,
    customer_silhouettes.silhouette
from {{ ref('customer_segments') }} as customer_segments
inner join segments
    on customer_segments.segmentation = segments.segmentation
left join {{ ref('customer_silhouettes') }} as customer_silhouettes
    on
        customer_segments.segmentation = customer_silhouettes.segmentation
        and customer_segments.entity_id = customer_silhouettes.entity_id
where (segments.segments > 1) <> (customer_silhouettes.silhouette is not null)
