-- A returned row is a customer with an order who has no RFM group or several,
-- or one without an order who has a group.
with buyers as (

    select
        dataset,
        customer_id
    from {{ ref('customer_features') }}
    where orders > 0

),

grouped as (

    select
        dataset,
        customer_id,
        count(rfm_group) as groups_found
    from {{ ref('customer_rfm') }}
    group by dataset, customer_id

)

select
    buyers.customer_id as buyer_id,
    grouped.*
from buyers
full join grouped
    on
        buyers.dataset = grouped.dataset
        and buyers.customer_id = grouped.customer_id
where
    buyers.customer_id is null
    or coalesce(grouped.groups_found, 0) <> 1
