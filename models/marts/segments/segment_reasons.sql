-- Sums are taken of decimals: a sum of doubles depends on the order in which
-- threads add them up, in its last digits.

with customer_segments as (

    select * from {{ ref('customer_segments') }}

),

features as (

    select * from {{ ref('int_scaled_features') }}

),

centroids as (

    select * from {{ ref('segmentation_models') }}
    where is_current

),

compared as (

    select
        customer_segments.segmentation,
        customer_segments.dataset,
        customer_segments.entity_id,
        own.segment_id,
        own.segment_name,
        other.segment_id as second_segment_id,
        other.segment_name as second_segment_name,
        features.feature,
        features.feature_value,
        replace(own.source_column, '_', ' ') as column_words,
        own.category,
        own.encoding in ('one_hot', 'is_missing') as is_yes_or_no,
        own.centroid_original as segment_value,
        other.centroid_original as second_segment_value,
        features.scaled_value - (own.centroid + other.centroid) / 2
            as beyond_the_middle,
        power(features.scaled_value - other.centroid, 2)
        - power(features.scaled_value - own.centroid, 2) as contribution
    from customer_segments
    inner join features
        on
            customer_segments.segmentation = features.segmentation
            and customer_segments.entity_id = features.entity_id
    inner join centroids as own
        on
            customer_segments.segmentation = own.segmentation
            and customer_segments.segment_id = own.segment_id
            and features.feature = own.feature
    inner join centroids as other
        on
            customer_segments.segmentation = other.segmentation
            and customer_segments.second_segment_id = other.segment_id
            and features.feature = other.feature

),

weighed as (

    select
        *,
        cast(
            sum(cast(abs(contribution) as decimal(38, 12))) over (
                partition by segmentation, entity_id
            ) as double
        ) as all_contributions,
        row_number() over (
            partition by segmentation, entity_id
            order by contribution desc, feature asc
        ) as place
    from compared

),

final as (

    select
        -- ids
        segmentation,
        dataset,
        entity_id,
        feature,
        segment_id,
        second_segment_id,
        -- strings
        segment_name,
        second_segment_name,
        case
            when is_yes_or_no
                then
                    column_words
                    || case when feature_value = 1 then ' is ' else ' is not '
                    end
                    || coalesce(category, 'missing')
                    || ' (' || segment_name || ': '
                    || {{ short_number('100 * segment_value') }}
                    || ' %, ' || second_segment_name || ': '
                    || {{ short_number('100 * second_segment_value') }}
                    || ' %)'
            else
                case
                    when abs(contribution) < 0.005 * all_contributions then ''
                    when beyond_the_middle > 0 then 'high '
                    when beyond_the_middle < 0 then 'low '
                    else ''
                end
                || replace(feature, '_', ' ') || ' ('
                || coalesce({{ short_number('feature_value') }}, 'missing')
                || '; ' || segment_name || ': '
                || {{ short_number('segment_value') }}
                || ', ' || second_segment_name || ': '
                || {{ short_number('second_segment_value') }}
                || ')'
        end as reason,
        -- numerics
        cast(place as bigint) as place,
        contribution,
        contribution / nullif(all_contributions, 0) as share,
        feature_value,
        segment_value,
        second_segment_value
    from weighed

)

select * from final
