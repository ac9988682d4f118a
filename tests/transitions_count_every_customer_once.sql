-- A returned row is a segmentation and month end of which segment_transitions
-- and customer_segment_history do not count as many customers.

with transitions as (

    select
        segmentation,
        as_of_date,
        sum(customers) as customers
    from {{ ref('segment_transitions') }}
    group by segmentation, as_of_date

),

months as (

    select distinct
        segmentation,
        as_of_date
    from {{ ref('int_monthly_models') }}

),

stays as (

    select
        months.segmentation,
        months.as_of_date,
        count(*) as customers
    from months
    inner join {{ ref('customer_segment_history') }} as stays
        on
            months.segmentation = stays.segmentation
            and months.as_of_date >= stays.entered_date
    where stays.left_date is null or stays.left_date > months.as_of_date
    group by months.segmentation, months.as_of_date

)

select
    stays.*,
    transitions.customers as customers_in_transitions
from stays
full outer join transitions
    on
        stays.segmentation = transitions.segmentation
        and stays.as_of_date = transitions.as_of_date
where
    stays.customers is null
    or transitions.customers is null
    or stays.customers <> transitions.customers
