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
    inner join {{ stored or 'month_ends' }} as written
        on
            month_ends.dataset = written.dataset
            and month_ends.as_of_date = written.as_of_date
            and month_ends.data_digest = written.data_digest
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
        select written.{{ columns | replace(', ', ', written.') }}
        from {{ stored }} as written
        inner join kept_months
            on
                written.dataset = kept_months.dataset
                and written.as_of_date = kept_months.as_of_date
    {% endif %}

)

select * from final
