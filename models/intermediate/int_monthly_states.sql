with monthly_segments as (

    select * from {{ ref('int_monthly_segments') }}

),

history as (

    select
        dataset,
        customer_id,
        as_of_date,
        coalesce(last_order_date, first_date) as last_order_date
    from {{ ref('customer_features_history') }}

),

revenues as (

    select
        dataset,
        customer_id,
        last_day(cast(sold_at as date)) as as_of_date,
        cast(sum(net_amount) as decimal(18, 2)) as revenue
    from {{ ref('transactions') }}
    where customer_id is not null
    group by dataset, customer_id, last_day(cast(sold_at as date))

),

first_months as (

    select
        segmentation,
        dataset,
        entity_id,
        min(as_of_date) as first_month
    from monthly_segments
    group by segmentation, dataset, entity_id

),

states as (

    select
        first_months.segmentation,
        first_months.dataset,
        first_months.entity_id,
        history.as_of_date,
        case
            when monthly_segments.segment_id is null then 'outside'
            when
                {{ days_between(
                    'history.last_order_date', 'history.as_of_date'
                ) }}
                >= {{ whole_number_variable('inactive_after_days') }}
                then 'inactive'
            else 'segment'
        end as state,
        monthly_segments.segment_id,
        monthly_segments.nearest_distance,
        monthly_segments.model_version,
        coalesce(revenues.revenue, 0) as revenue
    from first_months
    inner join history
        on
            first_months.dataset = history.dataset
            and first_months.entity_id = history.customer_id
            and first_months.first_month <= history.as_of_date
    left join monthly_segments
        on
            first_months.segmentation = monthly_segments.segmentation
            and first_months.entity_id = monthly_segments.entity_id
            and history.as_of_date = monthly_segments.as_of_date
    left join revenues
        on
            history.dataset = revenues.dataset
            and history.customer_id = revenues.customer_id
            and history.as_of_date = revenues.as_of_date

),

final as (

    select
        segmentation,
        dataset,
        entity_id,
        as_of_date,
        state,
        -- Where an inactive customer would be, he does not count.
        segment_id,
        case when state = 'segment' then segment_id end as active_segment_id,
        nearest_distance,
        model_version,
        revenue,
        row_number() over (
            partition by segmentation, entity_id
            order by as_of_date
        ) as month_number
    from states

)

select * from final
