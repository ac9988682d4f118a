-- Who are the segments of one segmentation, what marks them, what are they
-- worth, and what is to be done? The most valuable first.
select
    segment_summary.segment_name,
    segment_summary.entities,
    segment_summary.share,
    segment_summary.revenue,
    segment_summary.revenue_share,
    segment_summary.marked_by,
    segment_playbook.interpretation,
    segment_playbook.actions
from {{ ref('segment_summary') }} as segment_summary
inner join {{ ref('segment_playbook') }} as segment_playbook
    on
        segment_summary.segmentation = segment_playbook.segmentation
        and segment_summary.segment_id = segment_playbook.segment_id
where segment_summary.segmentation = 'online_retail_customers'
order by segment_summary.revenue_share desc
