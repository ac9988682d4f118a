-- Which RFM groups are the segments made of, what are they worth there, and
-- what is to be done about each? The most valuable first: a group that is rare
-- in its segment (share_of_segment) needs another treatment than the segment.
select
    rfm_by_segment.segment_name,
    rfm_by_segment.rfm_group,
    rfm_by_segment.entities,
    rfm_by_segment.share_of_segment,
    rfm_by_segment.share_of_group,
    rfm_by_segment.revenue,
    rfm_groups.interpretation,
    rfm_groups.actions
from {{ ref('rfm_by_segment') }} as rfm_by_segment
inner join {{ ref('rfm_groups') }} as rfm_groups
    on rfm_by_segment.rfm_group = rfm_groups.rfm_group
where rfm_by_segment.segmentation = 'online_retail_customers'
order by
    rfm_by_segment.revenue desc,
    rfm_by_segment.segment_name asc,
    rfm_by_segment.rfm_group asc
