-- Why is this customer in this segment, and not in the second? The reasons that
-- speak most for it come first; below 0 they speak for the other.
select
    segment_reasons.segment_name,
    segment_reasons.second_segment_name,
    customer_segments.confidence,
    segment_reasons.place,
    segment_reasons.reason,
    segment_reasons.share
from {{ ref('segment_reasons') }} as segment_reasons
inner join {{ ref('customer_segments') }} as customer_segments
    on
        segment_reasons.segmentation = customer_segments.segmentation
        and segment_reasons.entity_id = customer_segments.entity_id
where
    segment_reasons.segmentation = 'online_retail_customers'
    -- The one whose segment is least sure; put any id here.
    and segment_reasons.entity_id = (
        select min_by(scored.entity_id, scored.confidence)
        from {{ ref('customer_segments') }} as scored
        where scored.segmentation = 'online_retail_customers'
    )
order by segment_reasons.place
