{% set days_per_month = 30.4375 %}
{% set average_unit_price -%}
    cast(totals.spend_before_returns as double) / nullif(totals.quantity, 0)
{%- endset %}
{% set average_order_value -%}
    cast(totals.spend_before_returns as double) / nullif(totals.orders, 0)
{%- endset %}
{% set tenure_days = days_between('totals.first_date', 'as_of.as_of_date') %}

with customers as (

    select * from {{ ref('customers') }}

),

transactions as (

    select
        *,
        cast(sold_at as date) as sale_date
    from {{ ref('transactions') }}

),

campaign_responses as (

    select * from {{ ref('int_campaign_responses') }}

),

as_of as (

    select
        dataset,
        max(sale_date) as as_of_date
    from transactions
    group by dataset

),

totals as (

    select
        dataset,
        customer_id,
        count(distinct case when not is_return then order_id end) as orders,
        count(case when not is_return then 1 end) as lines,
        count(distinct case when not is_return then product end)
            as distinct_products,
        count(distinct case when not is_return then category end)
            as distinct_categories,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(returned_quantity) as bigint) as returned_quantity,
        cast(sum(net_amount) as decimal(18, 2)) as spend,
        cast(
            coalesce(sum(case when not is_return then net_amount end), 0)
            as decimal(18, 2)
        ) as spend_before_returns,
        cast(sum(case when not is_return then gross_amount end) as double)
            as gross_amount,
        cast(sum(case when not is_return then discount_amount end) as double)
            as discount_amount,
        min(sale_date) as first_date,
        max(sale_date) as last_date
    from transactions
    where customer_id is not null
    group by dataset, customer_id

),

final as (

    select
        -- ids
        customers.dataset,
        customers.customer_id,
        -- dates
        as_of.as_of_date,
        totals.first_date,
        totals.last_date,
        -- counts
        coalesce(totals.orders, 0) as orders,
        coalesce(totals.lines, 0) as lines,
        coalesce(totals.distinct_products, 0) as distinct_products,
        coalesce(totals.distinct_categories, 0) as distinct_categories,
        coalesce(totals.quantity, 0) as quantity,
        coalesce(totals.returned_quantity, 0) as returned_quantity,
        -- money
        coalesce(totals.spend, 0) as spend,
        coalesce(totals.spend_before_returns, 0) as spend_before_returns,
        cast({{ rounded(average_unit_price, 4) }} as decimal(18, 4))
            as average_unit_price,
        cast({{ rounded(average_order_value, 2) }} as decimal(18, 2))
            as average_order_value,
        -- rates
        cast(totals.returned_quantity as double)
        / nullif(greatest(totals.quantity, totals.returned_quantity), 0)
            as return_rate,
        totals.discount_amount / nullif(totals.gross_amount, 0)
            as discount_share,
        -- A tenure below one month counts as one: two orders on the first day
        -- are no sixty a month.
        totals.orders
        / greatest(
            cast({{ tenure_days }} as double)
            / {{ days_per_month }},
            1
        ) as orders_per_month,
        -- days
        {{ days_between('totals.last_date', 'as_of.as_of_date') }}
            as recency_days,
        {{ tenure_days }} as tenure_days,
        -- campaigns
        campaign_responses.campaigns_received,
        campaign_responses.campaigns_answered,
        campaign_responses.coupons_redeemed,
        campaign_responses.campaigns_answered
        / cast(campaign_responses.campaigns_received as double)
            as campaign_response_rate,
        -- who they are
        customers.country,
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
        customers.spending_score
    from customers
    left join totals
        on
            customers.dataset = totals.dataset
            and customers.customer_id = totals.customer_id
    left join as_of
        on customers.dataset = as_of.dataset
    left join campaign_responses
        on
            customers.dataset = campaign_responses.dataset
            and customers.customer_id = campaign_responses.customer_id

)

select * from final
