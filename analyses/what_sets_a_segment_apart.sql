-- Which features set each segment apart from the one that its customers would
-- be in otherwise, and how far is it from all customers there?
with reasons as (

    select
        segmentation,
        segment_id,
        feature,
        avg(share) as mean_share
    from {{ ref('segment_reasons') }}
    group by segmentation, segment_id, feature

)

select
    segment_profiles.segment_name,
    segment_profiles.feature,
    round(reasons.mean_share, 2) as share_of_the_reasons,
    segment_profiles.median,
    segment_profiles.population_mean,
    round(segment_profiles.index_to_population) as index_to_population,
    segment_profiles.against_population,
    segment_rules.rule
from {{ ref('segment_profiles') }} as segment_profiles
inner join reasons
    on
        segment_profiles.segmentation = reasons.segmentation
        and segment_profiles.segment_id = reasons.segment_id
        and segment_profiles.feature = reasons.feature
inner join {{ ref('segment_rules') }} as segment_rules
    on
        segment_profiles.segmentation = segment_rules.segmentation
        and segment_profiles.segment_id = segment_rules.segment_id
where segment_profiles.segmentation = 'online_retail_customers'
order by segment_profiles.segment_id asc, reasons.mean_share desc
