-- A returned row is an entity without a segment, because of a feature that is
-- missing where the model has nothing to fill in, or too large to be measured.
-- Mend the model that computes it, or take out its key "missing".

select
    customer_segments.segmentation,
    customer_segments.entity_id,
    features.feature,
    features.feature_value,
    case
        when features.filled_value is null then 'is missing'
        else 'is infinite or too large'
    end as reason
from {{ ref('customer_segments') }} as customer_segments
left join {{ ref('int_scaled_features') }} as features
    on
        customer_segments.segmentation = features.segmentation
        and customer_segments.entity_id = features.entity_id
        and not coalesce(
            abs(features.filled_value) <= 1e100
            and abs(features.scaled_value) <= 1e100,
            false
        )
where customer_segments.segment_id is null
