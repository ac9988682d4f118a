-- Whose segment is least sure? These customers lie nearly as close to a second
-- one: treat them as either.
select
    customer_segments.segmentation,
    customer_segments.entity_id,
    customer_segments.segment_name,
    second_segments.segment_name as second_segment_name,
    customer_segments.confidence,
    customer_features.spend
from {{ ref('customer_segments') }} as customer_segments
inner join {{ ref('segment_summary') }} as second_segments
    on
        customer_segments.segmentation = second_segments.segmentation
        and customer_segments.second_segment_id = second_segments.segment_id
inner join {{ ref('customer_features') }} as customer_features
    on
        customer_segments.dataset = customer_features.dataset
        and customer_segments.entity_id = customer_features.customer_id
where
    customer_segments.segmentation = 'online_retail_customers'
    and customer_segments.confidence < 0.05
order by customer_features.spend desc
