-- A returned row is a feature whose bins, with the missing values, do not hold
-- every entity of the segmentation once, or whose shares do not add up to 1.

with binned as (

    select
        segmentation,
        feature,
        scale,
        sum(entities) as entities,
        sum(share) as share
    from {{ ref('feature_histograms') }}
    group by segmentation, feature, scale

),

expected as (

    select
        segmentation,
        count(*) as entities
    from {{ ref('customer_segments') }}
    group by segmentation

)

select
    binned.segmentation,
    binned.feature,
    binned.scale,
    binned.entities,
    binned.share,
    expected.entities as expected_entities
from expected
left join binned
    on expected.segmentation = binned.segmentation
where
    coalesce(binned.entities, 0) <> expected.entities
    or abs(binned.share - 1) > 1e-9
