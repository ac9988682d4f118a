with features as (

    select * from {{ ref('int_scaled_features') }}

),

customer_segments as (

    select * from {{ ref('customer_segments') }}

),

scales as (

    select 'measured' as scale
    union all
    select 'transformed' as scale

),

final as (

    select
        features.segmentation,
        customer_segments.dataset,
        features.entity_id,
        customer_segments.segment_id,
        customer_segments.segment_name,
        features.feature,
        scales.scale,
        case scales.scale
            when 'measured' then features.feature_value
            else features.scaled_value
        end as number_value
    from features
    inner join customer_segments
        on
            features.segmentation = customer_segments.segmentation
            and features.entity_id = customer_segments.entity_id
    cross join scales

)

select * from final
