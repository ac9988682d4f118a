{% set key = [
    'segmentation', 'comparison', 'reference_date', 'as_of_date',
] | join(', ') %}

with current_models as (

    select
        segmentation_models.segmentation,
        segmentations.dataset,
        segmentations.grain,
        cast(min(segmentation_models.as_of_date) as date) as trained_on,
        max(
            case
                when
                    segmentations.grain = 'customer'
                    and segmentation_models.source_column
                    in ({{ growing_features() }})
                    then 1
                else 0
            end
        ) = 1 as has_growing_features
    from {{ ref('segmentation_models') }} as segmentation_models
    inner join {{ ref('segmentations') }} as segmentations
        on segmentation_models.segmentation = segmentations.segmentation
    where
        segmentation_models.is_current
        and segmentations.features_from = 'grain'
    group by
        segmentation_models.segmentation, segmentations.dataset,
        segmentations.grain

),

possible_pairs as (

    select
        current_models.segmentation,
        drift_pairs.*,
        min(drift_pairs.reference_date) over (
            partition by
                current_models.segmentation,
                drift_pairs.comparison,
                drift_pairs.as_of_date
        ) as first_reference_date
    from {{ ref('int_drift_pairs') }} as drift_pairs
    inner join current_models
        on
            drift_pairs.dataset = current_models.dataset
            and drift_pairs.unit = current_models.grain
    where
        drift_pairs.comparison <> 'since_training'
        or drift_pairs.reference_date >= current_models.trained_on

),

-- Of the trainings of a dataset's models only the own one.
pairs as (

    select * from possible_pairs
    where reference_date = first_reference_date

),

members as (

    select
        segmentation,
        as_of_date as window_end,
        segment_id,
        model_version,
        nearest_distance,
        1 as peers
    from {{ ref('int_monthly_states') }}
    where state = 'segment'
    union all
    select
        customer_segments.segmentation,
        sales.window_end,
        customer_segments.segment_id,
        customer_segments.model_version,
        customer_segments.distance as nearest_distance,
        sales.lines_of_buyer as peers
    from {{ ref('int_drift_sales') }} as sales
    inner join {{ ref('customer_segments') }} as customer_segments
        on
            sales.dataset = customer_segments.dataset
            and sales.transaction_line_id = customer_segments.entity_id
    inner join current_models
        on customer_segments.segmentation = current_models.segmentation
    where current_models.grain = 'sale'

),

segments as (

    select
        segmentation,
        window_end,
        segment_id,
        min(model_version) as model_version,
        count(*) as entities,
        sum(peers) as peers,
        {{ exact_sum('nearest_distance', 12) }} as distances
    from members
    group by segmentation, window_end, segment_id

),

-- Both windows of a pair beside each other, a segment of one alone included.
side_by_side as (

    select
        pairs.segmentation,
        pairs.dataset,
        pairs.comparison,
        pairs.reference_date,
        pairs.as_of_date,
        segments.segment_id,
        {% for side, date in {
            'reference': 'reference_date', 'current': 'as_of_date',
        }.items() %}
            max(
                case
                    when segments.window_end = pairs.{{ date }}
                        then segments.model_version
                end
            ) as {{ side }}_model_version,
            {% for measure in ['entities', 'peers', 'distances'] %}
                sum(
                    case
                        when segments.window_end = pairs.{{ date }}
                            then segments.{{ measure }}
                        else 0
                    end
                ) as {{ side }}_{{ measure }}
                {%- if not (loop.last and side == 'current') %},{% endif %}
            {% endfor %}
        {% endfor %}
    from pairs
    inner join segments
        on
            pairs.segmentation = segments.segmentation
            and (
                pairs.reference_date = segments.window_end
                or pairs.as_of_date = segments.window_end
            )
    group by
        pairs.segmentation, pairs.dataset, pairs.comparison,
        pairs.reference_date, pairs.as_of_date, segments.segment_id

),

totalled as (

    select
        *,
        sum(reference_entities) over (partition by {{ key }})
            as all_reference_entities,
        sum(current_entities) over (partition by {{ key }})
            as all_current_entities,
        count(*) over (partition by {{ key }}) as segments
    from side_by_side

),

mixes as (

    select
        {{ key }},
        dataset,
        segments,
        max(current_model_version) as model_version,
        cast(max(all_reference_entities) as bigint) as reference_entities,
        cast(max(all_current_entities) as bigint) as current_entities,
        {{ exact_sum(psi_term(
            'reference_entities', 'all_reference_entities',
            'current_entities', 'all_current_entities', 'segments'
        )) }} as mix_psi,
        -- As many independent entities as lines of few buyers are worth.
        sum(reference_peers)
        / nullif(power(cast(max(all_reference_entities) as double), 2), 0)
        + sum(current_peers)
        / nullif(power(cast(max(all_current_entities) as double), 2), 0)
            as variance,
        {{ exact_sum('reference_distances', 12) }}
        / nullif(max(all_reference_entities), 0) as reference_distance,
        {{ exact_sum('current_distances', 12) }}
        / nullif(max(all_current_entities), 0) as current_distance
    from totalled
    group by {{ key }}, dataset, segments
    -- What two models say of two windows cannot be compared.
    having max(reference_model_version) = max(current_model_version)

),

shifts as (

    select
        pairs.segmentation,
        pairs.comparison,
        pairs.reference_date,
        pairs.as_of_date,
        now.segment_id,
        now.segment_name,
        sqrt(
            {{ exact_sum(
                'power(now.scaled_mean - past.scaled_mean, 2)', 12
            ) }}
        ) as centroid_shift
    from pairs
    inner join {{ ref('monthly_segment_centroids') }} as now
        on
            pairs.segmentation = now.segmentation
            and pairs.as_of_date = now.as_of_date
    inner join {{ ref('monthly_segment_centroids') }} as past
        on
            pairs.segmentation = past.segmentation
            and pairs.reference_date = past.as_of_date
            and now.segment_id = past.segment_id
            and now.feature = past.feature
    group by
        pairs.segmentation, pairs.comparison, pairs.reference_date,
        pairs.as_of_date, now.segment_id, now.segment_name

),

ranked_shifts as (

    select
        *,
        row_number() over (
            partition by {{ key }}
            order by centroid_shift desc, segment_id asc
        ) as place
    from shifts

),

judged as (

    select
        mixes.*,
        -- By degree of freedom the limit falls with their number: beyond the
        -- last in the seed this is on the safe side.
        case
            when mixes.segments = 1 then 0
            else
                limits.chi_square * (mixes.segments - 1)
                / limits.degrees_of_freedom
        end * mixes.variance as mix_psi_by_chance
    from mixes
    left join {{ ref('chi_square_limits') }} as limits
        on
            greatest(least(mixes.segments - 1, 30), 1)
            = limits.degrees_of_freedom
            and limits.comparisons = 1

),

final as (

    select
        -- ids
        judged.segmentation,
        judged.dataset,
        judged.comparison,
        -- dates
        judged.reference_date,
        judged.as_of_date,
        judged.as_of_date = max(judged.as_of_date) over (
            partition by judged.segmentation
        ) as is_latest,
        -- the model
        judged.model_version,
        -- counts
        judged.reference_entities,
        judged.current_entities,
        judged.segments,
        -- the mix
        judged.mix_psi,
        judged.mix_psi_by_chance,
        -- how far from the centroids
        judged.reference_distance,
        judged.current_distance,
        judged.current_distance / nullif(judged.reference_distance, 0)
            as distance_ratio,
        -- where the segments lie
        ranked_shifts.centroid_shift,
        ranked_shifts.segment_id as shifted_segment_id,
        ranked_shifts.segment_name as shifted_segment_name,
        -- the alert
        current_models.has_growing_features,
        {{ drift_alert(
            'judged.mix_psi', 'judged.mix_psi_by_chance',
            'not current_models.has_growing_features'
        ) }} as alert
    from judged
    inner join current_models
        on judged.segmentation = current_models.segmentation
    left join ranked_shifts
        on
            judged.segmentation = ranked_shifts.segmentation
            and judged.comparison = ranked_shifts.comparison
            and judged.reference_date = ranked_shifts.reference_date
            and judged.as_of_date = ranked_shifts.as_of_date
            and ranked_shifts.place = 1

)

select * from final
