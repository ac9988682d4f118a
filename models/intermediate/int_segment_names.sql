-- A segment keeps its id over many models: its name is that of the latest one
-- that has it.

with segments as (

    select distinct
        segmentation,
        segment_id,
        segment_name,
        model_version
    from {{ ref('segmentation_models') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by segmentation, segment_id
            order by model_version desc
        ) as place
    from segments

),

final as (

    select
        segmentation,
        segment_id,
        segment_name
    from ranked
    where place = 1

)

select * from final
