-- A returned row is a segment without a rule, or a rule without its segment. Of
-- a segment that nobody is in now there is nothing to tell; above 200,000
-- entities rules come from a sample, in which a segment may have nobody if about
-- 20 were to be expected, or fewer.

with segment_summary as (

    select
        *,
        sum(entities) over (partition by segmentation) > 200000 as is_sampled,
        sum(entities) over (partition by segmentation) / 10000 as few
    from {{ ref('segment_summary') }}

)

select
    segment_summary.segmentation,
    segment_summary.segment_id,
    segment_rules.rule
from segment_summary
full outer join {{ ref('segment_rules') }} as segment_rules
    on
        segment_summary.segmentation = segment_rules.segmentation
        and segment_summary.segment_id = segment_rules.segment_id
        and (
            segment_summary.entities = segment_rules.entities
            or segment_summary.is_sampled
        )
where
    segment_summary.segmentation is null
    or (
        segment_rules.segmentation is null
        and segment_summary.entities
        > case when segment_summary.is_sampled then segment_summary.few else 0 end
    )
