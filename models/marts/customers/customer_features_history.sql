-- Only month ends whose data changed since the last build are computed; the others
-- are kept as they stand.
{% set stored = stored_relation(model['columns']) %}
{% set columns = model['columns'] | join(', ') or '*' %}

with month_ends as (

    select * from {{ ref('int_as_of_dates') }}
    where is_month_end

),

{% if stored %}
kept_months as (

    select distinct
        stored.dataset,
        stored.as_of_date
    from {{ stored }} as stored
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
{% else %}
dates as (

    select * from month_ends

),
{% endif %}

{{ customer_features_as_of('dates') }},

final as (

    select {{ columns }}
    from features
    where first_date is not null
    {% if stored %}
    union all
    select stored.{{ columns | replace(', ', ', stored.') }}
    from {{ stored }} as stored
    inner join kept_months
        on
            stored.dataset = kept_months.dataset
            and stored.as_of_date = kept_months.as_of_date
    {% endif %}

)

select * from final
