{% set features_at_most = 20 %}

with features as (

    select * from {{ ref('int_scaled_features') }}

),

-- Pairs grow with the square of the features.
compared as (

    select
        segmentations.segmentation,
        segmentations.dataset,
        segmentation_models.feature,
        row_number() over (
            partition by segmentations.segmentation
            order by segmentation_models.feature_position
        ) as place
    from {{ ref('segmentations') }} as segmentations
    inner join {{ ref('segmentation_models') }} as segmentation_models
        on segmentations.segmentation = segmentation_models.segmentation
    where
        segmentation_models.is_current
        and segmentation_models.encoding not in ('one_hot', 'is_missing')
    group by
        segmentations.segmentation, segmentations.dataset,
        segmentation_models.feature, segmentation_models.feature_position

),

ranges as (

    select
        segmentation,
        feature,
        min(feature_value) as measured_low,
        max(feature_value) - min(feature_value) as measured_width,
        min(scaled_value) as scaled_low,
        max(scaled_value) - min(scaled_value) as scaled_width
    from features
    group by segmentation, feature

),

-- Parts of the range: a correlation does not depend on the unit, and decimals
-- of 16 digits hold the products of any two.
in_ranges as (

    select
        features.segmentation,
        compared.dataset,
        features.entity_id,
        features.feature,
        compared.place,
        (features.feature_value - ranges.measured_low)
        / coalesce(nullif(ranges.measured_width, 0), 1) as measured,
        (features.scaled_value - ranges.scaled_low)
        / coalesce(nullif(ranges.scaled_width, 0), 1) as scaled
    from features
    inner join ranges
        on
            features.segmentation = ranges.segmentation
            and features.feature = ranges.feature
    inner join compared
        on
            features.segmentation = compared.segmentation
            and features.feature = compared.feature
    where compared.place <= {{ features_at_most }}

),

pairs as (

    select
        own.segmentation,
        own.dataset,
        own.feature,
        other.feature as other_feature,
        case when other.measured is not null then own.measured end as measured,
        case when own.measured is not null then other.measured end
            as other_measured,
        own.scaled,
        other.scaled as other_scaled
    from in_ranges as own
    inner join in_ranges as other
        on
            own.segmentation = other.segmentation
            and own.entity_id = other.entity_id
            and own.place <= other.place

),

correlated as (

    select
        segmentation,
        dataset,
        feature,
        other_feature,
        count(measured) as entities,
        {{ correlation('measured', 'other_measured') }}
            as correlation, -- noqa: RF04
        {{ correlation('scaled', 'other_scaled') }}
            as transformed_correlation
    from pairs
    group by segmentation, dataset, feature, other_feature

),

orders as (

    select false as is_turned
    union all
    select true as is_turned

),

final as (

    select
        -- ids
        correlated.segmentation,
        correlated.dataset,
        case
            when orders.is_turned then correlated.other_feature
            else correlated.feature
        end as feature,
        case
            when orders.is_turned then correlated.feature
            else correlated.other_feature
        end as other_feature,
        -- numerics
        correlated.entities,
        correlated.correlation,
        correlated.transformed_correlation
    from correlated
    inner join orders
        on
            not orders.is_turned
            or correlated.feature <> correlated.other_feature

)

select * from final
