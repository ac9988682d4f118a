{# What calls for a retrain; a feature that drifts alone may change nothing. #}
{% set curves = {
    'mix_psi': 'the sizes of the segments had shifted',
    'excess_inertia': 'the centroids lay off their customers',
    'disagreement': 'a retrain gave other segments',
} %}

with segmentations as (

    select * from {{ ref('segmentations') }}

),

current_models as (

    select
        segmentation,
        model_version,
        cast(min(as_of_date) as date) as trained_on,
        max(
            case
                when source_column in ({{ growing_features() }}) then 1
                else 0
            end
        ) as growing_features
    from {{ ref('segmentation_models') }}
    where is_current
    group by segmentation, model_version

),

last_months as (

    select
        dataset,
        max(as_of_date) as as_of_date
    from {{ ref('int_as_of_dates') }}
    where is_month_end
    group by dataset

),

curves as (

    select
        segmentation,
        max(lag_months) as backtest_months,
        {% for measure in curves %}
            min(
                case
                    when measure = '{{ measure }}' and is_crossed
                        then lag_months
                end
            ) as {{ measure }}_months,
        {% endfor %}
        min(
            case
                when measure <> 'feature_psi' and is_crossed then lag_months
            end
        ) as advised_interval_months
    from {{ ref('retraining_backtest') }}
    group by segmentation

),

mix_drift as (

    select
        segmentation,
        reference_date,
        mix_psi,
        alert
    from {{ ref('segment_drift') }}
    where is_latest and comparison = 'since_training'

),

drifted_features as (

    select
        models.segmentation,
        feature_drift.feature
        || ' (PSI '
        || cast(
            cast({{ rounded('feature_drift.psi', 2) }} as decimal(18, 2))
            as string
        )
        || ')' as mark,
        row_number() over (
            partition by models.segmentation
            order by feature_drift.psi desc, feature_drift.feature asc
        ) as place
    from (
        select distinct
            segmentation,
            -- Whatever the window; drift knows one name of each.
            case source_column
                when 'spend' then 'spend_before_returns'
                when 'orders_per_month' then 'orders'
                else regexp_replace(source_column, '_[0-9]+_days$', '')
            end as measure
        from {{ ref('segmentation_models') }}
        where is_current
    ) as models
    inner join segmentations
        on models.segmentation = segmentations.segmentation
    inner join mix_drift
        on models.segmentation = mix_drift.segmentation
    inner join {{ ref('feature_drift') }} as feature_drift
        on
            segmentations.dataset = feature_drift.dataset
            and segmentations.grain = feature_drift.unit
            and mix_drift.reference_date = feature_drift.reference_date
            and feature_drift.feature in (
                models.measure,
                models.measure || '_{{ var('short_window_days') }}_days'
            )
    where
        feature_drift.is_latest
        and feature_drift.comparison = 'since_training'
        and feature_drift.alert <> 'none'

),

feature_alerts as (

    select
        segmentation,
        max(case when place = 1 then mark end)
        || coalesce(max(case when place = 2 then ', ' || mark end), '')
        || coalesce(max(case when place = 3 then ', ' || mark end), '')
        || case
            when count(*) > 3
                then ' and ' || cast(count(*) - 3 as string) || ' more'
            else ''
        end as drifted_features
    from drifted_features
    group by segmentation

),

gathered as (

    select
        segmentations.segmentation,
        segmentations.dataset,
        segmentations.features_from,
        segmentations.grain,
        current_models.model_version,
        current_models.trained_on,
        current_models.growing_features,
        last_months.as_of_date,
        cast(
            greatest(
                12 * (
                    extract(year from last_months.as_of_date)
                    - extract(year from current_models.trained_on)
                )
                + extract(month from last_months.as_of_date)
                - extract(month from current_models.trained_on),
                0
            ) as bigint
        ) as model_age_months,
        curves.backtest_months,
        curves.advised_interval_months,
        {% for measure in curves %}
            curves.{{ measure }}_months,
        {% endfor %}
        mix_drift.alert as mix_alert,
        cast({{ rounded('mix_drift.mix_psi', 2) }} as decimal(18, 2))
            as mix_psi,
        feature_alerts.drifted_features
    from segmentations
    inner join current_models
        on segmentations.segmentation = current_models.segmentation
    left join last_months
        on segmentations.dataset = last_months.dataset
    left join curves
        on segmentations.segmentation = curves.segmentation
    left join mix_drift
        on segmentations.segmentation = mix_drift.segmentation
    left join feature_alerts
        on segmentations.segmentation = feature_alerts.segmentation

),

judged as (

    select
        *,
        case
            when
                model_age_months >= advised_interval_months
                or mix_alert = 'act'
                then 'retrain'
            when mix_alert = 'watch' or drifted_features is not null
                then 'watch'
            else 'keep'
        end as verdict,
        case
            when features_from = 'published'
                then 'the features of the published work have no history'
            when as_of_date is null then 'the data hold no whole month'
            when backtest_months is null
                then
                    'the history is too short, or has too few entities, to tell'
            when advised_interval_months is null
                then
                    'not reached within '
                    || {{ months_text('backtest_months') }} || ' of history'
            else 'after ' || {{ months_text('advised_interval_months') }}
        end as advice
    from gathered

),

final as (

    select
        -- ids
        segmentation,
        dataset,
        model_version,
        -- today
        verdict,
        case
            when advised_interval_months is null
                then upper(substr(advice, 1, 1)) || substr(advice, 2)
            else
                case
                    when model_age_months >= advised_interval_months
                        then
                            'The data of the model are '
                            || {{ months_text('model_age_months') }}
                            || ' old: models of the past had aged '
                    else 'Models of the past had aged '
                end
                || advice
                {% for measure, text in curves.items() %}
                    || case
                        when {{ measure }}_months = advised_interval_months
                            then ', {{ text }}'
                        else ''
                    end
                {% endfor %}
        end
        || '.'
        || case
            when mix_alert <> 'none'
                then
                    ' The sizes of the segments have shifted since the training'
                    || ' (PSI ' || cast(mix_psi as string) || ').'
            else ''
        end
        || coalesce(
            ' Since the training have drifted: ' || drifted_features || '.', ''
        )
        || case
            when
                grain = 'customer'
                and growing_features = 1
                and (advised_interval_months is not null or mix_alert <> 'none')
                then
                    ' Features of all time grow as the history does, and age'
                    || ' the model; those of a window do not.'
            else ''
        end as reasons,
        -- the interval
        advised_interval_months,
        advice,
        {% for measure in curves %}
            {{ measure }}_months,
        {% endfor %}
        backtest_months,
        -- dates
        trained_on,
        as_of_date,
        model_age_months
    from judged

)

select * from final
