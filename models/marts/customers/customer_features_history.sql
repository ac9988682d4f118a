-- Only month ends whose data changed since the last build are computed; the others
-- are kept as they stand.
{% set columns = model['columns'] | join(', ') %}

with month_ends as (

    select * from {{ ref('int_as_of_dates') }}
    where is_month_end

),

stored as (

    {{ stored_rows() }}

),

kept_months as (

    select distinct
        stored.dataset,
        stored.as_of_date
    from stored
    inner join month_ends
        on
            stored.dataset = month_ends.dataset
            and stored.as_of_date = month_ends.as_of_date
            and stored.data_digest = month_ends.data_digest

),

dates as (

    select month_ends.*
    from month_ends
    left join kept_months
        on
            month_ends.dataset = kept_months.dataset
            and month_ends.as_of_date = kept_months.as_of_date
    where kept_months.dataset is null

),

{{ customer_features_as_of('dates') }},

kept as (

    select stored.*
    from stored
    inner join kept_months
        on
            stored.dataset = kept_months.dataset
            and stored.as_of_date = kept_months.as_of_date

),

final as (

    select {{ columns }} from kept
    union all
    select {{ columns }} from features
    where first_date is not null

)

select * from final
