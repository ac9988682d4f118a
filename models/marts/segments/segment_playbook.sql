with segments as (

    select
        segmentation,
        dataset,
        segment_id,
        segment_name,
        marked_by
    from {{ ref('segment_summary') }}

),

playbook as (

    select * from {{ ref('playbook') }}

),

final as (

    select
        segments.segmentation,
        segments.dataset,
        segments.segment_id,
        segments.segment_name,
        segments.marked_by,
        playbook.archetype is not null as has_archetype,
        coalesce(
            playbook.interpretation,
            'No archetype is near: the name says what marks this segment.'
        ) as interpretation,
        coalesce(
            playbook.actions,
            'Read its row in segment_profiles; if it matters, give it an'
            || ' archetype in seeds/segments/archetypes.csv and actions in'
            || ' seeds/segments/playbook.csv.'
        ) as actions
    from segments
    left join playbook
        on segments.segment_name = playbook.archetype

)

select * from final
