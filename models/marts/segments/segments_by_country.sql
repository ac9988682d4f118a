with entities as (

    select * from {{ ref('int_segmented_entities') }}

),

counted as (

    select
        segmentation,
        dataset,
        segment_id,
        segment_name,
        country,
        count(*) as entities,
        count(case when not is_outlier then 1 end)
            as entities_without_outliers,
        cast(sum(revenue) as decimal(18, 2)) as revenue
    from entities
    group by segmentation, dataset, segment_id, segment_name, country

),

final as (

    select
        -- ids
        segmentation,
        dataset,
        segment_id,
        segment_name,
        country,
        -- numerics
        entities,
        entities_without_outliers,
        cast(entities as double)
        / sum(entities) over (partition by segmentation, country)
            as share_of_country,
        revenue
    from counted

)

select * from final
