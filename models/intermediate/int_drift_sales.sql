-- Lines are sampled by a hash of their id before anything else is read of them.
{% set window_days = whole_number_variable('short_window_days') %}

with dates as (

    select
        dataset,
        reference_date as window_end
    from {{ ref('int_drift_pairs') }}
    union
    select
        dataset,
        as_of_date as window_end
    from {{ ref('int_drift_pairs') }}

),

sale_features as (

    select
        *,
        {{ hash_number('transaction_line_id') }} as hash_of_id
    from {{ ref('sale_features') }}

),

transactions as (

    select * from {{ ref('transactions') }}

),

days as (

    select
        dataset,
        sale_date,
        count(*) as lines_of_day
    from sale_features
    group by dataset, sale_date

),

windows as (

    select
        days.dataset,
        days.sale_date,
        dates.window_end,
        sum(days.lines_of_day) over (
            partition by days.dataset, dates.window_end
        ) as lines_of_window
    from days
    inner join dates
        on days.dataset = dates.dataset
    where
        {{ days_between('days.sale_date', 'dates.window_end') }}
        between 0 and {{ window_days - 1 }}

),

sampled as (

    select
        sale_features.*,
        windows.window_end
    from sale_features
    inner join windows
        on
            sale_features.dataset = windows.dataset
            and sale_features.sale_date = windows.sale_date
    where {{ is_in_sample('hash_of_id', 'windows.lines_of_window') }}

),

final as (

    select
        sampled.dataset,
        sampled.window_end,
        sampled.transaction_line_id,
        transactions.product,
        transactions.category,
        transactions.country,
        transactions.channel,
        sampled.quantity,
        sampled.net_amount,
        sampled.unit_price,
        sampled.unit_cost,
        sampled.margin_rate,
        sampled.ship_days,
        count(*) over (
            partition by
                sampled.dataset,
                sampled.window_end,
                coalesce(
                    'customer ' || transactions.customer_id,
                    'order ' || transactions.order_id,
                    sampled.transaction_line_id
                )
        ) as lines_of_buyer
    from sampled
    inner join transactions
        on
            sampled.dataset = transactions.dataset
            and sampled.transaction_line_id = transactions.transaction_line_id

)

select * from final
