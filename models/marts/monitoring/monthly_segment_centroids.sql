{% set selects = [] %}
{% for scored in monthly_models() %}
    {% do selects.append(monthly_means(scored)) %}
{% endfor %}
-- depends_on: {{ ref('int_monthly_states') }}

with segment_names as (

    select * from {{ ref('int_segment_names') }}

),

segmentation_models as (

    select * from {{ ref('segmentation_models') }}

),

means as (

    {{ selects | join('union all') or "
    select
        cast(null as string) as segmentation,
        cast(null as date) as as_of_date,
        cast(null as bigint) as segment_id,
        cast(null as bigint) as model_version,
        cast(null as string) as feature,
        cast(null as bigint) as customers,
        cast(null as double) as mean,
        cast(null as double) as scaled_mean
    where false" }}

),

final as (

    select
        -- ids
        means.segmentation,
        means.as_of_date,
        means.segment_id,
        segment_names.segment_name,
        means.model_version,
        means.feature,
        -- numerics
        means.customers,
        means.mean,
        means.scaled_mean,
        segmentation_models.centroid as model_centroid,
        means.scaled_mean - segmentation_models.centroid as shift
    from means
    inner join segmentation_models
        on
            means.segmentation = segmentation_models.segmentation
            and means.model_version = segmentation_models.model_version
            and means.segment_id = segmentation_models.segment_id
            and means.feature = segmentation_models.feature
    inner join segment_names
        on
            means.segmentation = segment_names.segmentation
            and means.segment_id = segment_names.segment_id

)

select * from final
