with entities as (

    select *
    from {{ ref('int_segmented_entities') }}
    where grain = 'customer'

),

customer_rfm as (

    select * from {{ ref('customer_rfm') }}

),

counted as (

    select
        entities.segmentation,
        entities.dataset,
        entities.segment_id,
        entities.segment_name,
        customer_rfm.rfm_group,
        count(*) as entities,
        cast(sum(entities.revenue) as decimal(18, 2)) as revenue
    from entities
    inner join customer_rfm
        on
            entities.dataset = customer_rfm.dataset
            and entities.entity_id = customer_rfm.customer_id
    group by
        entities.segmentation, entities.dataset, entities.segment_id,
        entities.segment_name, customer_rfm.rfm_group

),

final as (

    select
        -- ids
        segmentation,
        dataset,
        segment_id,
        segment_name,
        rfm_group,
        -- numerics
        entities,
        cast(entities as double)
        / sum(entities) over (partition by segmentation, segment_id)
            as share_of_segment,
        cast(entities as double)
        / sum(entities) over (partition by segmentation, rfm_group)
            as share_of_group,
        revenue
    from counted

)

select * from final
