-- Sums are taken of decimals: a sum of doubles depends on the order in which
-- threads add them up, in its last digits.

with features as (

    select
        segmentation,
        entity_id,
        feature,
        feature_value,
        cast(feature_value as decimal(28, 8)) as exact_value
    from {{ ref('int_scaled_features') }}

),

segments as (

    select
        segmentation,
        entity_id,
        segment_id,
        segment_name
    from {{ ref('customer_segments') }}

),

population_means as (

    select
        segmentation,
        feature,
        cast(sum(exact_value) as double)
        / nullif(count(exact_value), 0) as population_mean
    from features
    group by segmentation, feature

),

population as (

    select
        features.segmentation,
        features.feature,
        population_means.population_mean,
        sqrt(
            cast(
                sum(
                    cast(
                        power(
                            features.feature_value
                            - population_means.population_mean,
                            2
                        ) as decimal(38, 8)
                    )
                ) as double
            ) / nullif(count(features.exact_value), 0)
        ) as population_deviation
    from features
    inner join population_means
        on
            features.segmentation = population_means.segmentation
            and features.feature = population_means.feature
    group by
        features.segmentation, features.feature,
        population_means.population_mean

),

measured as (

    select
        segments.segmentation,
        segments.segment_id,
        segments.segment_name,
        features.feature,
        count(features.exact_value) as entities,
        cast(sum(features.exact_value) as double)
        / nullif(count(features.exact_value), 0) as mean,
        percentile_cont(0.5) within group (
            order by features.feature_value
        ) as median,
        percentile_cont(0.1) within group (
            order by features.feature_value
        ) as p10,
        percentile_cont(0.9) within group (
            order by features.feature_value
        ) as p90
    from segments
    inner join features
        on
            segments.segmentation = features.segmentation
            and segments.entity_id = features.entity_id
    group by
        segments.segmentation, segments.segment_id, segments.segment_name,
        features.feature

),

compared as (

    select
        measured.*,
        population.population_mean,
        (measured.mean - population.population_mean)
        / nullif(population.population_deviation, 0) as z_score,
        case
            when population.population_mean > 0
                then 100 * measured.mean / population.population_mean
        end as index_to_population
    from measured
    inner join population
        on
            measured.segmentation = population.segmentation
            and measured.feature = population.feature

),

final as (

    select
        -- ids
        segmentation,
        segment_id,
        segment_name,
        feature,
        -- in the unit of the feature
        mean,
        median,
        p10,
        p90,
        population_mean,
        -- against the population
        z_score,
        index_to_population,
        case
            when index_to_population >= 120 then 'over'
            when index_to_population <= 80 then 'under'
            when index_to_population is not null then 'as the population'
        end as against_population,
        index_to_population >= 120 or index_to_population <= 80 as is_notable,
        entities
    from compared

)

select * from final
