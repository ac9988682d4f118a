-- Only month ends whose data changed since the last build are computed; the
-- others are kept as they stand.
{% set stored = stored_relation(model['columns']) %}
{% set columns = model['columns'] | join(', ') or '*' %}

with month_ends as (

    select * from {{ ref('int_as_of_dates') }}
    where is_month_end

),

kept_months as (

    select distinct
        month_ends.dataset,
        month_ends.as_of_date
    from month_ends
    inner join {{ stored or 'month_ends' }} as before
        on
            month_ends.dataset = before.dataset
            and month_ends.as_of_date = before.as_of_date
            and month_ends.data_digest = before.data_digest
    where {{ 'true' if stored else 'false' }}

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

final as (

    select {{ columns }}
    from features
    where first_date is not null
    {% if stored %}
    union all
    select before.{{ columns | replace(', ', ', before.') }}
    from {{ stored }} as before
    inner join kept_months
        on
            before.dataset = kept_months.dataset
            and before.as_of_date = kept_months.as_of_date
    {% endif %}

)

select * from final
