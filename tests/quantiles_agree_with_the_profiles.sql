-- A returned row is a segment whose box plot has another median, or other
-- entities, than its profile.

select
    segment_profiles.segmentation,
    segment_profiles.segment_id,
    segment_profiles.feature,
    segment_profiles.median,
    segment_profiles.entities,
    feature_quantiles.median as other_median,
    feature_quantiles.entities as other_entities
from {{ ref('segment_profiles') }} as segment_profiles
left join {{ ref('feature_quantiles') }} as feature_quantiles
    on
        segment_profiles.segmentation = feature_quantiles.segmentation
        and segment_profiles.segment_id = feature_quantiles.segment_id
        and segment_profiles.feature = feature_quantiles.feature
        and feature_quantiles.scale = 'measured'
where
    feature_quantiles.entities is null
    or segment_profiles.entities <> feature_quantiles.entities
    or segment_profiles.median <> feature_quantiles.median
