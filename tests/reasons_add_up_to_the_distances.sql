-- A returned row is an entity whose contributions of the features do not add up
-- to what its two distances say. The tolerance is that of sums of doubles.

with added as (

    select
        segmentation,
        entity_id,
        sum(contribution) as contributions
    from {{ ref('segment_reasons') }}
    group by segmentation, entity_id

)

select
    customer_segments.segmentation,
    customer_segments.entity_id,
    customer_segments.distance,
    customer_segments.second_distance,
    added.contributions
from {{ ref('customer_segments') }} as customer_segments
left join added
    on
        customer_segments.segmentation = added.segmentation
        and customer_segments.entity_id = added.entity_id
where
    customer_segments.second_segment_id is not null
    and (
        added.contributions is null
        or abs(
            added.contributions
            - power(customer_segments.second_distance, 2)
            + power(customer_segments.distance, 2)
        ) > 1e-9 * (1 + power(customer_segments.second_distance, 2))
    )
