-- Later than a training in the same run.
{% set scored_at = modules.datetime.datetime.now(modules.pytz.utc) %}
{% set selects = [] %}
{% for definition, trained, entities in scored_segmentations() %}
    {% do selects.append(
        held_segments(definition, trained, entities, scored_at)
    ) %}
{% endfor %}
{% set nobody = 'select * from before where false' %}

with segmentations as (

    select * from {{ ref('segmentations') }}

),

segmentation_models as (

    select * from {{ ref('segmentation_models') }}

),

stored as (

    {{ stored_rows() }}

),

-- Versions on the demo, or on the user's data, whichever is built now.
versions as (

    select
        segmentation_models.segmentation,
        segmentation_models.model_version,
        min(min(segmentation_models.trained_at)) over (
            partition by segmentation_models.segmentation
        ) as first_trained_at
    from segmentation_models
    inner join segmentations
        on
            segmentation_models.segmentation = segmentations.segmentation
            and segmentation_models.is_demo = segmentations.is_demo
    group by
        segmentation_models.segmentation,
        segmentation_models.model_version

),

before as (

    select stored.*
    from stored
    inner join versions
        on
            stored.segmentation = versions.segmentation
            and stored.model_version = versions.model_version
            -- Not by versions of a table that was dropped since.
            and stored.scored_at >= versions.first_trained_at

),

final as (

    {{ selects | join('union all') or nobody }}

)

select * from final
