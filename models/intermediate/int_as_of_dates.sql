-- The digest sums up a hash of every row that features of the day depend on, so
-- it is another one as soon as one of them comes late, changes or goes.

{% set windows = feature_windows()[1:] | map(attribute='days') %}
{% set line_columns = [
    'customer_id', 'order_id', 'product', 'category', 'sold_at', 'quantity',
    'returned_quantity', 'gross_amount', 'discount_amount', 'is_return',
    'country',
] %}
{% set event_columns = [
    'customer_id', 'event_date', 'campaigns_received', 'campaigns_answered',
    'coupons_redeemed',
] %}
{% set customer_columns = [
    'described.customer_id', 'country', 'gender', 'age', 'age_band', 'income',
    'income_band', 'education', 'occupation', 'marital_status',
    'home_ownership', 'household_size', 'spending_score',
] %}

with months as (

    {{ dbt.generate_series(2400) }}

),

days as (

    select
        dataset,
        cast(sold_at as date) as happened_on,
        sum(
            cast(
                case
                    when customer_id is not null
                        then {{ hash_number(row_text(line_columns)) }}
                end as decimal(38, 0)
            )
        ) as digest
    from {{ ref('transactions') }}
    group by dataset, cast(sold_at as date)

),

event_days as (

    select
        dataset,
        event_date as happened_on,
        sum(
            cast({{ hash_number(row_text(event_columns)) }} as decimal(38, 0))
        ) as digest
    from {{ ref('int_campaign_events') }}
    group by dataset, event_date

),

first_sales as (

    select
        dataset,
        customer_id,
        min(cast(sold_at as date)) as happened_on
    from {{ ref('transactions') }}
    where customer_id is not null
    group by dataset, customer_id

),

-- Who a customer is counts from the first sale on.
customer_days as (

    select
        described.dataset,
        first_sales.happened_on,
        sum(
            cast(
                {{ hash_number(row_text(customer_columns)) }}
                as decimal(38, 0)
            )
        ) as digest
    from {{ ref('int_customers__unioned') }} as described
    inner join first_sales
        on
            described.dataset = first_sales.dataset
            and described.customer_id = first_sales.customer_id
    group by described.dataset, first_sales.happened_on

),

spans as (

    select
        dataset,
        min(happened_on) as first_date,
        max(happened_on) as last_date
    from days
    group by dataset

),

month_numbers as (

    select
        spans.*,
        12 * extract(year from spans.first_date)
        + extract(month from spans.first_date)
        + cast(months.generated_number as int) - 2 as month_number
    from spans
    cross join months

),

dates as (

    select
        dataset,
        first_date,
        last_date,
        last_day(
            cast(
                cast(cast(floor(month_number / 12) as int) as string) || '-'
                || cast(cast(month_number % 12 as int) + 1 as string) || '-1'
                as date
            )
        ) as as_of_date
    from month_numbers
    where
        month_number
        <= 12 * extract(year from last_date) + extract(month from last_date) - 1
    union all
    select
        dataset,
        first_date,
        last_date,
        last_date as as_of_date
    from spans
    where last_date <> last_day(last_date)

),

events as (

    select * from days
    union all
    select * from event_days
    union all
    select * from customer_days

),

-- Everything that has happened by then, whatever it was.
happened as (

    select
        dates.dataset,
        dates.as_of_date,
        sum(events.digest) as digest
    from dates
    inner join events
        on
            dates.dataset = events.dataset
            and dates.as_of_date >= events.happened_on
    group by dates.dataset, dates.as_of_date

),

final as (

    select
        dates.dataset,
        dates.as_of_date,
        dates.first_date,
        dates.as_of_date = dates.last_date as is_last_day,
        dates.as_of_date = last_day(dates.as_of_date) as is_month_end,
        {{ dbt.hash(
            "'" ~ windows | join(' ')
            ~ " ' || cast(coalesce(happened.digest, 0) as string)"
        ) }} as data_digest
    from dates
    left join happened
        on
            dates.dataset = happened.dataset
            and dates.as_of_date = happened.as_of_date
    where dates.as_of_date <= dates.last_date

)

select * from final
