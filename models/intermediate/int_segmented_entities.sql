with customer_segments as (

    select * from {{ ref('customer_segments') }}

),

segmentations as (

    select * from {{ ref('segmentations') }}

),

entity_facts as (

    select * from {{ ref('int_entity_facts') }}

),

final as (

    select
        customer_segments.segmentation,
        customer_segments.dataset,
        segmentations.grain,
        customer_segments.entity_id,
        customer_segments.segment_id,
        customer_segments.segment_name,
        customer_segments.is_outlier,
        cast(customer_segments.confidence as decimal(18, 10)) as confidence,
        coalesce(entity_facts.country, 'Unknown') as country,
        coalesce(entity_facts.revenue, 0) as revenue
    from customer_segments
    inner join segmentations
        on customer_segments.segmentation = segmentations.segmentation
    -- A published recipe counts customers whose every row is refused here.
    left join entity_facts
        on
            segmentations.grain = entity_facts.grain
            and customer_segments.dataset = entity_facts.dataset
            and customer_segments.entity_id = entity_facts.entity_id

)

select * from final
