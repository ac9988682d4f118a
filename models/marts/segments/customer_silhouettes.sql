-- The mean squared distance to the members of a segment is the squared distance
-- to their mean and their own mean squared distance to it: no pair is needed.
-- An entity is among the members of its own segment, which adds 0 to their sum.
-- Coordinates are measured in the largest of their segmentation: so decimals
-- hold the squares of any scale, and their sums are the same in any order.

with features as (

    select * from {{ ref('int_scaled_features') }}

),

customer_segments as (

    select * from {{ ref('customer_segments') }}

),

extents as (

    select
        segmentation,
        coalesce(nullif(max(abs(scaled_value)), 0), 1) as extent
    from features
    group by segmentation

),

coordinates as (

    select
        features.segmentation,
        features.entity_id,
        customer_segments.segment_id,
        features.feature,
        extents.extent,
        features.scaled_value / extents.extent as coordinate
    from features
    inner join extents
        on features.segmentation = extents.segmentation
    inner join customer_segments
        on
            features.segmentation = customer_segments.segmentation
            and features.entity_id = customer_segments.entity_id

),

means as (

    select
        segmentation,
        segment_id,
        feature,
        count(*) as members,
        {{ exact_sum('coordinate') }} / count(*) as coordinate
    from coordinates
    group by segmentation, segment_id, feature

),

spreads as (

    select
        means.segmentation,
        means.segment_id,
        means.members,
        coordinates.extent,
        {{ exact_sum('power(coordinates.coordinate - means.coordinate, 2)') }}
        / means.members as squared_distance
    from coordinates
    inner join means
        on
            coordinates.segmentation = means.segmentation
            and coordinates.segment_id = means.segment_id
            and coordinates.feature = means.feature
    group by
        means.segmentation, means.segment_id, means.members, coordinates.extent

),

to_means as (

    select
        coordinates.segmentation,
        coordinates.entity_id,
        means.segment_id,
        {{ exact_sum('power(coordinates.coordinate - means.coordinate, 2)') }}
            as squared_distance
    from coordinates
    inner join means
        on
            coordinates.segmentation = means.segmentation
            and coordinates.feature = means.feature
    group by
        coordinates.segmentation, coordinates.entity_id, means.segment_id

),

to_members as (

    select
        to_means.segmentation,
        to_means.entity_id,
        to_means.segment_id,
        spreads.members,
        to_means.segment_id = customer_segments.segment_id as is_own,
        power(spreads.extent, 2)
        * (to_means.squared_distance + spreads.squared_distance)
            as mean_distance
    from to_means
    inner join spreads
        on
            to_means.segmentation = spreads.segmentation
            and to_means.segment_id = spreads.segment_id
    inner join customer_segments
        on
            to_means.segmentation = customer_segments.segmentation
            and to_means.entity_id = customer_segments.entity_id

),

placed as (

    select
        *,
        row_number() over (
            partition by segmentation, entity_id
            order by
                case when is_own then 1 else 0 end, mean_distance, segment_id
        ) as place
    from to_members

),

distances as (

    select
        segmentation,
        entity_id,
        max(case when place = 1 and not is_own then segment_id end)
            as other_segment_id,
        max(
            case
                when is_own
                    then mean_distance * members / nullif(members - 1, 0)
            end
        ) as own_distance,
        max(case when place = 1 and not is_own then mean_distance end)
            as other_distance
    from placed
    group by segmentation, entity_id

),

final as (

    select
        -- ids
        customer_segments.segmentation,
        customer_segments.dataset,
        customer_segments.entity_id,
        customer_segments.segment_id,
        customer_segments.segment_name,
        distances.other_segment_id,
        -- in the scaled space
        distances.own_distance,
        distances.other_distance,
        case
            when distances.other_distance is not null
                then
                    coalesce(
                        (distances.other_distance - distances.own_distance)
                        / nullif(
                            greatest(
                                distances.own_distance, distances.other_distance
                            ),
                            0
                        ),
                        0
                    )
        end as silhouette
    from customer_segments
    inner join distances
        on
            customer_segments.segmentation = distances.segmentation
            and customer_segments.entity_id = distances.entity_id

)

select * from final
