-- A returned row is a customer of a dataset whose last day is a month end, and
-- whose segment of that day is not the one in customer_segments.

with last_days as (

    select
        dataset,
        as_of_date
    from {{ ref('int_as_of_dates') }}
    where is_last_day and is_month_end

)

select
    monthly_segments.segmentation,
    monthly_segments.entity_id,
    monthly_segments.segment_id,
    customer_segments.segment_id as segment_today
from {{ ref('int_monthly_segments') }} as monthly_segments
inner join last_days
    on
        monthly_segments.dataset = last_days.dataset
        and monthly_segments.as_of_date = last_days.as_of_date
left join {{ ref('customer_segments') }} as customer_segments
    on
        monthly_segments.segmentation = customer_segments.segmentation
        and monthly_segments.entity_id = customer_segments.entity_id
where
    customer_segments.segment_id is null
    or monthly_segments.segment_id <> customer_segments.segment_id
    or monthly_segments.model_version <> customer_segments.model_version
