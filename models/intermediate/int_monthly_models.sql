-- A month end is scored by the latest model that was trained on data up to it,
-- and by the first one where none was: it keeps its model when another one is
-- trained later.

with months as (

    select distinct
        dataset,
        as_of_date,
        data_digest
    from {{ ref('customer_features_history') }}

),

segmentations as (

    select * from {{ ref('segmentations') }}
    where grain = 'customer' and features_from = 'grain'

),

versions as (

    select distinct
        segmentation,
        model_version,
        is_demo,
        cast(as_of_date as date) as trained_on
    from {{ ref('segmentation_models') }}

),

final as (

    select
        segmentations.segmentation,
        segmentations.dataset,
        segmentations.definition,
        months.as_of_date,
        months.data_digest,
        coalesce(
            max(
                case
                    when versions.trained_on <= months.as_of_date
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
        segmentations.definition, months.as_of_date, months.data_digest

)

select * from final
