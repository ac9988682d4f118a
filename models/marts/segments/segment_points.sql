{% set points_at_most = whole_number_variable('points_at_most') %}
{% set points_at_least = 30 %}

with features as (

    select * from {{ ref('int_scaled_features') }}

),

customer_segments as (

    select * from {{ ref('customer_segments') }}

),

customer_silhouettes as (

    select * from {{ ref('customer_silhouettes') }}

),

sizes as (

    select
        segmentation,
        segment_id,
        count(*) as segment_entities
    from customer_segments
    group by segmentation, segment_id

),

quotas as (

    select
        *,
        greatest(
            {{ points_at_most }} * cast(segment_entities as double)
            / sum(segment_entities) over (partition by segmentation),
            {{ points_at_least }}
        ) as quota
    from sizes

),

sampled as (

    select
        customer_segments.*,
        quotas.segment_entities
    from customer_segments
    inner join quotas
        on
            customer_segments.segmentation = quotas.segmentation
            and customer_segments.segment_id = quotas.segment_id
    where
        {{ is_in_sample(
            hash_number('customer_segments.entity_id'),
            'quotas.segment_entities',
            'quotas.quota'
        ) }}

),

final as (

    select
        -- ids
        sampled.segmentation,
        sampled.dataset,
        sampled.entity_id,
        sampled.segment_id,
        sampled.segment_name,
        features.feature,
        -- numerics
        features.feature_value,
        features.scaled_value,
        sampled.pca_1,
        sampled.pca_2,
        sampled.pca_3,
        customer_silhouettes.silhouette,
        sampled.segment_entities
    from sampled
    inner join features
        on
            sampled.segmentation = features.segmentation
            and sampled.entity_id = features.entity_id
    inner join customer_silhouettes
        on
            sampled.segmentation = customer_silhouettes.segmentation
            and sampled.entity_id = customer_silhouettes.entity_id

)

select * from final
