-- The latest month ends, each beside the dates that it is compared with.
{% set window_days = whole_number_variable('short_window_days') %}
{% set reference_date = date_variable('drift_reference_date') %}
{% set reference_month =
    '12 * ' ~ reference_date[:4] ~ ' + ' ~ reference_date[5:7]
    if reference_date else 'month_number' %}
{% set last_date = date_variable('drift_as_of_date') or '9999-12-31' %}

with month_ends as (

    select
        dataset,
        as_of_date,
        12 * extract(year from as_of_date) + extract(month from as_of_date)
            as month_number,
        -- A window that begins before the data do is no reference.
        {{ days_between('first_date', 'as_of_date') }} >= {{ window_days - 1 }}
            as is_whole,
        row_number() over (partition by dataset order by as_of_date desc)
            as months_from_last
    from {{ ref('int_as_of_dates') }}
    where
        is_month_end
        and as_of_date <= cast('{{ last_date }}' as date)

),

current_dates as (

    select *
    from month_ends
    where months_from_last <= {{ whole_number_variable('drift_months') }}

),

first_references as (

    select
        dataset,
        min(as_of_date) as reference_date
    from month_ends
    where is_whole and month_number = {{ reference_month }}
    group by dataset

),

training_references as (

    select
        segmentations.dataset,
        cast(segmentation_models.as_of_date as date) as trained_on,
        min(month_ends.as_of_date) as reference_date
    from {{ ref('segmentation_models') }} as segmentation_models
    inner join {{ ref('segmentations') }} as segmentations
        on segmentation_models.segmentation = segmentations.segmentation
    inner join month_ends
        on
            segmentations.dataset = month_ends.dataset
            and segmentation_models.as_of_date <= month_ends.as_of_date
    where segmentation_models.is_current and month_ends.is_whole
    group by segmentations.dataset, cast(segmentation_models.as_of_date as date)

),

compared as (

    select
        current_dates.dataset,
        'since_reference' as comparison,
        first_references.reference_date,
        current_dates.as_of_date
    from current_dates
    inner join first_references
        on
            current_dates.dataset = first_references.dataset
            and current_dates.as_of_date > first_references.reference_date
    union all
    select
        current_dates.dataset,
        'year_on_year' as comparison,
        month_ends.as_of_date as reference_date,
        current_dates.as_of_date
    from current_dates
    inner join month_ends
        on
            current_dates.dataset = month_ends.dataset
            and current_dates.month_number = month_ends.month_number + 12
    where month_ends.is_whole
    union all
    select distinct
        current_dates.dataset,
        'since_training' as comparison,
        training_references.reference_date,
        current_dates.as_of_date
    from current_dates
    inner join training_references
        on
            current_dates.dataset = training_references.dataset
            and current_dates.as_of_date > training_references.reference_date
    where current_dates.months_from_last = 1

),

units as (

    select 'customer' as unit
    union all
    select 'sale' as unit

),

final as (

    select
        compared.dataset,
        units.unit,
        compared.comparison,
        compared.reference_date,
        compared.as_of_date
    from compared
    cross join units

)

select * from final
