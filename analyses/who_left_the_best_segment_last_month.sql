-- Who left the best segment last month, where did they go, and what did they buy
-- last? The best segment is the one with the most revenue in the month before.
{% set segmentation = 'online_retail_customers' %}

with sizes as (

    select
        *,
        dense_rank() over (order by as_of_date desc) as months_ago
    from {{ ref('monthly_segment_sizes') }}
    where segmentation = '{{ segmentation }}'

),

best_segment as (

    select
        segment_id,
        segment_name
    from (
        select
            *,
            row_number() over (order by revenue desc, segment_id asc) as place
        from sizes
        where months_ago = 2
    ) as ranked
    where place = 1

),

last_month as (

    select max(as_of_date) as as_of_date
    from sizes

),

who_left as (

    select
        stays.dataset,
        stays.entity_id,
        best_segment.segment_name as left_segment,
        coalesce(next_stays.segment_name, next_stays.state) as now_in,
        stays.months as months_in_segment
    from {{ ref('customer_segment_history') }} as stays
    inner join best_segment
        on stays.segment_id = best_segment.segment_id
    inner join last_month
        on stays.left_date = last_month.as_of_date
    inner join {{ ref('customer_segment_history') }} as next_stays
        on
            stays.segmentation = next_stays.segmentation
            and stays.entity_id = next_stays.entity_id
            and stays.left_date = next_stays.entered_date
    where stays.segmentation = '{{ segmentation }}'

),

last_lines as (

    select
        transactions.dataset,
        transactions.customer_id,
        transactions.sold_at,
        transactions.product,
        transactions.net_amount,
        row_number() over (
            partition by transactions.dataset, transactions.customer_id
            order by
                transactions.sold_at desc,
                transactions.net_amount desc,
                transactions.transaction_line_id asc
        ) as place
    from {{ ref('transactions') }} as transactions
    cross join last_month
    where
        not transactions.is_return
        and cast(transactions.sold_at as date) <= last_month.as_of_date

)

select
    who_left.entity_id,
    who_left.left_segment,
    who_left.now_in,
    who_left.months_in_segment,
    cast(last_lines.sold_at as date) as last_bought_on,
    last_lines.product as last_bought,
    last_lines.net_amount
from who_left
left join last_lines
    on
        who_left.dataset = last_lines.dataset
        and who_left.entity_id = last_lines.customer_id
        and last_lines.place = 1
order by last_lines.sold_at desc, who_left.entity_id asc
