with dates as (

    select * from {{ ref('int_as_of_dates') }}
    where is_last_day

),

{{ customer_features_as_of('dates') }}

select * from features
