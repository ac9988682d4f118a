{% set transforms = ['none', 'log1p', 'signed_log1p', 'yeo_johnson'] %}

with features as (

    select * from {{ ref('int_segmentation_features') }}

),

-- Parameters are the same for every segment.
learnt as (

    select distinct
        segmentation,
        feature,
        feature_position,
        transform,
        outliers,
        power,
        fill_value,
        clip_low,
        clip_high,
        center,
        scale
    from {{ ref('segmentation_models') }}
    where is_current

),

filled as (

    select
        learnt.*,
        features.entity_id,
        features.feature_value,
        coalesce(features.feature_value, learnt.fill_value) as filled_value
    from features
    inner join learnt
        on
            features.segmentation = learnt.segmentation
            and features.feature = learnt.feature

),

clipped as (

    select
        *,
        case
            when outliers = 'winsorise'
                then least(greatest(filled_value, clip_low), clip_high)
            else filled_value
        end as clipped_value
    from filled

),

transformed as (

    select
        *,
        case transform
            {% for transform in transforms %}
                when '{{ transform }}'
                    then {{ transformed_value(
                        transform, 'clipped_value', 'power'
                    ) }}
            {% endfor %}
        end as transformed_value
    from clipped

),

final as (

    select
        segmentation,
        entity_id,
        feature,
        feature_position,
        feature_value,
        filled_value,
        (transformed_value - center) / scale as scaled_value
    from transformed

)

select * from final
