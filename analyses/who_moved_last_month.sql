-- How many customers moved between which segments in the last month, and what did
-- they spend before and after? Who stayed is left out.
select
    coalesce(transitions.from_segment_name, transitions.from_state) as moved_from,
    coalesce(transitions.to_segment_name, transitions.to_state) as moved_to,
    transitions.customers,
    transitions.revenue_before,
    transitions.revenue,
    transitions.from_model_version <> transitions.model_version
        as has_another_model
from {{ ref('segment_transitions') }} as transitions
inner join (
    select
        segmentation,
        max(as_of_date) as as_of_date
    from {{ ref('segment_transitions') }}
    group by segmentation
) as last_months
    on
        transitions.segmentation = last_months.segmentation
        and transitions.as_of_date = last_months.as_of_date
where
    transitions.segmentation = 'online_retail_customers'
    and (
        transitions.from_state <> transitions.to_state
        or transitions.from_segment_id <> transitions.to_segment_id
    )
order by transitions.customers desc, moved_from asc, moved_to asc
