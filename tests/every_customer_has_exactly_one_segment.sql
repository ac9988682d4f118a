-- A returned row is a customer whom a segmentation of all customers leaves out.
-- Published recipes and those with a condition choose their own.
with segmentations as (

    select
        segmentation,
        dataset
    from {{ ref('segmentations') }}
    where
        grain = 'customer'
        and features_from = 'grain'
        and row_condition is null

)

select
    segmentations.segmentation,
    customer_features.customer_id
from segmentations
inner join {{ ref('customer_features') }} as customer_features
    on segmentations.dataset = customer_features.dataset
left join {{ ref('customer_segments') }} as customer_segments
    on
        segmentations.segmentation = customer_segments.segmentation
        and customer_features.customer_id = customer_segments.entity_id
where customer_segments.entity_id is null
