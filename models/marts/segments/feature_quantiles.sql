{% set quantiles = {
    'p05': 0.05, 'p25': 0.25, 'median': 0.5, 'p75': 0.75, 'p95': 0.95,
} %}

with feature_values as (

    select * from {{ ref('int_feature_values') }}

),

final as (

    {% for segment_id, segment_name in [
        ('segment_id', 'segment_name'),
        ('cast(null as bigint)', 'cast(null as string)'),
    ] %}
        select
            -- ids
            segmentation,
            dataset,
            {{ segment_id }} as segment_id,
            {{ segment_name }} as segment_name,
            feature,
            scale,
            -- counts
            count(number_value) as entities,
            count(*) - count(number_value) as missing_entities,
            -- in the unit of the scale
            min(number_value) as minimum,
            {% for name, part in quantiles.items() %}
                percentile_cont({{ part }}) within group (
                    order by number_value
                ) as {{ name }},
            {% endfor %}
            max(number_value) as maximum
        from feature_values
        group by
            segmentation, dataset, feature, scale
            {{- ', segment_id, segment_name' if loop.first }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
