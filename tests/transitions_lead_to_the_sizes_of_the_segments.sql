-- A returned row is a segmentation, month end and segment to which not as many
-- customers went or stayed as are in it and not inactive.

with transitions as (

    select
        segmentation,
        as_of_date,
        to_segment_id as segment_id,
        sum(customers) as customers
    from {{ ref('segment_transitions') }}
    where to_state = 'segment'
    group by segmentation, as_of_date, to_segment_id

)

select
    sizes.segmentation,
    sizes.as_of_date,
    sizes.segment_id,
    sizes.customers,
    sizes.inactive_customers,
    transitions.customers as customers_in_transitions
from {{ ref('monthly_segment_sizes') }} as sizes
left join transitions
    on
        sizes.segmentation = transitions.segmentation
        and sizes.as_of_date = transitions.as_of_date
        and sizes.segment_id = transitions.segment_id
where
    sizes.customers - sizes.inactive_customers
    <> coalesce(transitions.customers, 0)
