-- Values are measured in the range of their feature, 0 to 1: a correlation stays
-- as it is, and decimals of 16 digits hold every product of two. Sums are taken
-- of decimals: one of doubles depends on the order in which threads add.
{% set features_at_most = 20 %}
{% set columns = {'correlation': 'measured', 'transformed_correlation': 'scaled'} %}

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

summed as (

    select
        own.segmentation,
        own.dataset,
        own.feature,
        other.feature as other_feature
        {%- for column in columns.values() %}
        {%- set x = 'own.' ~ column %}
        {%- set y = 'other.' ~ column %}
        {%- set both = x ~ ' is not null and ' ~ y ~ ' is not null' %},
        count(case when {{ both }} then 1 end) as {{ column }}_count
        {%- for name, term in {
            'x': x,
            'y': y,
            'xx': x ~ ' * ' ~ x,
            'yy': y ~ ' * ' ~ y,
            'xy': x ~ ' * ' ~ y,
        }.items() %},
        cast(
            sum(
                cast(case when {{ both }} then {{ term }} end as decimal(18, 16))
            ) as double
        ) as {{ column }}_{{ name }}
        {%- endfor %}
        {%- endfor %}
    from in_ranges as own
    inner join in_ranges as other
        on
            own.segmentation = other.segmentation
            and own.entity_id = other.entity_id
            and own.place <= other.place
    group by own.segmentation, own.dataset, own.feature, other.feature

),

correlated as (

    select
        segmentation,
        dataset,
        feature,
        other_feature,
        measured_count as entities
        {%- for name, column in columns.items() %},
        {{ correlation(column) }} as {{ name }}
        {%- endfor %}
    from summed

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
        case when orders.is_turned then correlated.other_feature
            else correlated.feature end as feature,
        case when orders.is_turned then correlated.feature
            else correlated.other_feature end as other_feature,
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
