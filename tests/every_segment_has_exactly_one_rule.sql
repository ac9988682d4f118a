-- A returned row is a segment without a rule, or a rule without its segment. Of
-- a segment that nobody is in now there is nothing to tell.

select
    segment_summary.segmentation,
    segment_summary.segment_id,
    segment_rules.rule
from {{ ref('segment_summary') }} as segment_summary
full outer join {{ ref('segment_rules') }} as segment_rules
    on
        segment_summary.segmentation = segment_rules.segmentation
        and segment_summary.segment_id = segment_rules.segment_id
        and segment_summary.entities = segment_rules.entities
where
    segment_summary.segmentation is null
    or (segment_rules.segmentation is null and segment_summary.entities > 0)
