-- A month end is scored by the latest model that was trained on data up to it,
-- and by the first one where none was: it keeps its model when another one is
-- trained later. The last day of the data is scored by the current model, as in
-- customer_segments. A model whose columns are gone scores nothing.
{% set columns = [] %}
{% for column in adapter.get_columns_in_relation(
    ref('customer_features_history')
) if execute %}
    {% do columns.append("'" ~ column.name | lower ~ "'") %}
{% endfor %}

with months as (

    select distinct
        history.dataset,
        history.as_of_date,
        history.data_digest,
        as_of_dates.is_last_day
    from {{ ref('customer_features_history') }} as history
    inner join {{ ref('int_as_of_dates') }} as as_of_dates
        on
            history.dataset = as_of_dates.dataset
            and history.as_of_date = as_of_dates.as_of_date

),

segmentations as (

    select * from {{ ref('segmentations') }}
    where grain = 'customer' and features_from = 'grain'

),

versions as (

    select
        segmentation,
        model_version,
        is_demo,
        min(cast(as_of_date as date)) as trained_on
    from {{ ref('segmentation_models') }}
    group by segmentation, model_version, is_demo
    {% if columns %}
        having
            count(*) = count(
                case
                    when lower(source_column) in ({{ columns | join(', ') }})
                        then 1
                end
            )
    {% endif %}

),

final as (

    select
        segmentations.segmentation,
        segmentations.dataset,
        segmentations.definition,
        months.as_of_date,
        -- The condition and the margin of the definition count, too.
        {{ dbt.hash(
            "months.data_digest || segmentations.definition"
        ) }} as data_digest,
        coalesce(
            max(
                case
                    when
                        versions.trained_on <= months.as_of_date
                        or months.is_last_day
                        then versions.model_version
                end
            ),
            min(versions.model_version)
        ) as model_version
    from segmentations
    inner join months
        on segmentations.dataset = months.dataset
    inner join versions
        on
            segmentations.segmentation = versions.segmentation
            and segmentations.is_demo = versions.is_demo
    group by
        segmentations.segmentation, segmentations.dataset,
        segmentations.definition, months.as_of_date, months.data_digest,
        months.is_last_day

)

select * from final
