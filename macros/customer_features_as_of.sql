{#
    The features of every customer as of one or more days, from nothing that happened
    later: over all the time before, and over two trailing windows of
    short_window_days and long_window_days. For customer_features and its history,
    which so cannot differ.

    Input:  with dates as (select dataset, as_of_date, data_digest from …),
            {{ customer_features_as_of('dates') }}
            select * from features
    Output: CTEs, of which features has one row per day and customer of the dataset,
            whether they have bought by then or not
#}
{% macro customer_features_as_of(dates) %}
{%- set days_per_month = 30.4375 -%}
{%- set sums = [
    'orders', 'lines', 'distinct_products', 'distinct_categories', 'quantity',
    'returned_quantity', 'spend', 'spend_before_returns',
] -%}
customers as (

    select * from {{ ref('customers') }}

),

-- An order, product or category counts on the latest of its lines by the day: on
-- that whose next one comes later.
lines as (

    select
        *,
        cast(sold_at as date) as sale_date,
        {%- for key in ['order_id', 'product', 'category'] %}
        case
            when {{ key }} is not null and not is_return
                then coalesce(
                    lead(cast(sold_at as date)) over (
                        partition by dataset, customer_id, {{ key }}, is_return
                        order by sold_at
                    ),
                    cast('9999-12-31' as date)
                )
        end as next_of_{{ key }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('transactions') }}
    where customer_id is not null

),

dated as (

    select
        lines.*,
        {{ dates }}.as_of_date,
        {{ days_between('lines.sale_date', dates ~ '.as_of_date') }} as days_ago
    from lines
    inner join {{ dates }}
        on
            lines.dataset = {{ dates }}.dataset
            and lines.sale_date <= {{ dates }}.as_of_date

),

totals as (

    select
        dataset,
        as_of_date,
        customer_id,
        min(sale_date) as first_date,
        max(sale_date) as last_date,
        max(case when not is_return then sale_date end) as last_order_date
        {%- for window in feature_windows() %}
        {%- set is_within = ' and days_ago < ' ~ window.days if window.days %},
        {%- for key, name in {
            'order_id': 'orders',
            'product': 'distinct_products',
            'category': 'distinct_categories',
        }.items() %}
        count(case when next_of_{{ key }} > as_of_date {{- is_within }} then 1 end)
            as {{ name }}{{ window.suffix }},
        {%- endfor %}
        count(case when not is_return {{- is_within }} then 1 end)
            as lines{{ window.suffix }},
        {%- for column in ['quantity', 'returned_quantity'] %}
        cast(sum(case when true {{- is_within }} then {{ column }} end) as bigint)
            as {{ column }}{{ window.suffix }},
        {%- endfor %}
        cast(
            sum(case when true {{- is_within }} then net_amount end)
            as decimal(18, 2)
        ) as spend{{ window.suffix }},
        cast(
            sum(case when not is_return {{- is_within }} then net_amount end)
            as decimal(18, 2)
        ) as spend_before_returns{{ window.suffix }},
        {%- for column in ['gross_amount', 'discount_amount'] %}
        cast(
            sum(case when not is_return {{- is_within }} then {{ column }} end)
            as double
        ) as {{ column }}{{ window.suffix }} {{- ',' if not loop.last }}
        {%- endfor %}
        {%- endfor %}
    from dated
    group by dataset, as_of_date, customer_id

),

main_country as (

    {{ main_countries('dated', ['dataset', 'as_of_date', 'customer_id']) }}

),

campaigns as (

    select
        {{ dates }}.as_of_date,
        events.dataset,
        events.customer_id,
        {%- for column in [
            'campaigns_received', 'campaigns_answered', 'coupons_redeemed',
        ] %}
        cast(sum(events.{{ column }}) as bigint) as {{ column }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_campaign_events') }} as events
    inner join {{ dates }}
        on
            events.dataset = {{ dates }}.dataset
            and events.event_date <= {{ dates }}.as_of_date
    group by {{ dates }}.as_of_date, events.dataset, events.customer_id

),

features as (

    select
        -- ids
        customers.dataset,
        customers.customer_id,
        -- dates
        {{ dates }}.as_of_date,
        totals.first_date,
        totals.last_date,
        totals.last_order_date,
        {{- days_between('totals.last_date', dates ~ '.as_of_date') }}
            as recency_days,
        {{ days_between('totals.first_date', dates ~ '.as_of_date') }}
            as tenure_days,
        -- counts, money and rates: of all the time, and of the windows
        {%- for window in feature_windows() %}
        {%- set suffix = window.suffix %}
        {%- for name in sums %}
        coalesce(totals.{{ name }}{{ suffix }}, 0) as {{ name }}{{ suffix }},
        {%- endfor %}
        {%- set spend = 'cast(totals.spend_before_returns' ~ suffix ~ ' as double)' %}
        cast(
            {{ rounded(
                spend ~ ' / nullif(totals.quantity' ~ suffix ~ ', 0)', 4
            ) }} as decimal(18, 4)
        ) as average_unit_price{{ suffix }},
        cast(
            {{ rounded(
                spend ~ ' / nullif(totals.orders' ~ suffix ~ ', 0)', 2
            ) }} as decimal(18, 2)
        ) as average_order_value{{ suffix }},
        cast(totals.returned_quantity{{ suffix }} as double)
        / nullif(
            greatest(
                totals.quantity{{ suffix }}, totals.returned_quantity{{ suffix }}
            ),
            0
        ) as return_rate{{ suffix }},
        totals.discount_amount{{ suffix }}
        / nullif(totals.gross_amount{{ suffix }}, 0) as discount_share{{ suffix }},
        {%- endfor %}
        -- A tenure below one month counts as one: two orders on the first day
        -- are no sixty a month.
        totals.orders
        / greatest(
            cast(
                {{ days_between('totals.first_date', dates ~ '.as_of_date') }}
                as double
            ) / {{ days_per_month }},
            1
        ) as orders_per_month,
        -- campaigns
        campaigns.campaigns_received,
        campaigns.campaigns_answered,
        campaigns.coupons_redeemed,
        campaigns.campaigns_answered
        / cast(nullif(campaigns.campaigns_received, 0) as double)
            as campaign_response_rate,
        -- who they are
        coalesce(described.country, main_country.country) as country,
        customers.gender,
        customers.age_band,
        customers.income_band,
        customers.education,
        customers.occupation,
        customers.marital_status,
        customers.home_ownership,
        customers.age_from as age,
        customers.income_from as income,
        customers.household_size,
        customers.spending_score,
        -- what the row was made from
        {{ dates }}.data_digest
    from customers
    left join {{ dates }}
        on customers.dataset = {{ dates }}.dataset
    left join totals
        on
            customers.dataset = totals.dataset
            and customers.customer_id = totals.customer_id
            and {{ dates }}.as_of_date = totals.as_of_date
    left join main_country
        on
            customers.dataset = main_country.dataset
            and customers.customer_id = main_country.customer_id
            and {{ dates }}.as_of_date = main_country.as_of_date
    left join {{ ref('int_customers__unioned') }} as described
        on
            customers.dataset = described.dataset
            and customers.customer_id = described.customer_id
    left join campaigns
        on
            customers.dataset = campaigns.dataset
            and customers.customer_id = campaigns.customer_id
            and {{ dates }}.as_of_date = campaigns.as_of_date

)
{%- endmacro %}
