{# What one row of the result is about. #}
{% set key = [
    'dataset', 'unit', 'reference_date', 'as_of_date', 'feature', 'kind',
] | join(', ') %}
{% set commonest_categories = 19 %}

with pairs as (

    select * from {{ ref('int_drift_pairs') }}

),

drift_values as (

    select * from {{ ref('int_drift_values') }}

),

chi_square_limits as (

    select * from {{ ref('chi_square_limits') }}

),

-- Of every number how many entities of each window have it or a lower one.
numbers as (

    select
        *,
        sum(reference_entities) over (
            partition by {{ key }} order by number_value
            rows unbounded preceding
        ) as reference_through,
        sum(current_entities) over (
            partition by {{ key }} order by number_value
            rows unbounded preceding
        ) as current_through,
        lead(number_value) over (
            partition by {{ key }} order by number_value
        ) as next_value,
        max(number_value) over (partition by {{ key }})
        - min(number_value) over (partition by {{ key }}) as value_range,
        {% for side in ['reference', 'current'] %}
            cast(
                sum({{ side }}_entities) over (partition by {{ key }}) as double
            ) as {{ side }}_known,
            cast(
                sum(
                    cast(number_value * {{ side }}_entities as decimal(38, 10))
                ) over (partition by {{ key }}) as double
            )
            / nullif(
                sum({{ side }}_entities) over (partition by {{ key }}), 0
            ) as {{ side }}_mean
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from drift_values
    where number_value is not null

),

-- Between a value and the next one the distribution functions lie as far apart
-- as at the value. All in units of the range, so that any unit can be summed.
distances as (

    select
        {{ key }},
        min(reference_mean) as reference_mean,
        min(current_mean) as current_mean,
        max(
            abs(
                reference_through / nullif(reference_known, 0)
                - current_through / nullif(current_known, 0)
            )
        ) as ks_statistic,
        {{ exact_sum(
            'abs(reference_through / nullif(reference_known, 0)'
            ~ ' - current_through / nullif(current_known, 0))'
            ~ ' * (next_value - number_value) / nullif(value_range, 0)'
        ) }} as area_between,
        sqrt(
            {{ exact_sum(
                'reference_entities / nullif(reference_known, 0) * power('
                ~ '(number_value - reference_mean) / nullif(value_range, 0), 2)'
            ) }}
        ) as reference_deviation,
        count(case when reference_entities > 0 then 1 end) as reference_values
    from numbers
    group by {{ key }}

),

categories as (

    select
        *,
        row_number() over (
            partition by {{ key }}
            order by
                reference_entities + current_entities desc,
                category asc nulls last
        ) as place
    from drift_values
    where kind = 'category'

),

-- A number's bin is the tenth of the reference that lies below it. What is
-- lower than all of the reference would join the first bin: not where a tenth
-- of the reference or more are equal there, or they could go down unseen.
placed as (

    select
        {{ key }},
        reference_entities,
        current_entities,
        reference_peers,
        current_peers,
        case
            when
                reference_through = 0
                and reference_known <= 10 * min(
                    case when reference_through > 0 then reference_through end
                ) over (partition by {{ key }})
                then 'lower'
            else
                cast(
                    least(
                        floor(
                            10 * (reference_through - reference_entities)
                            / nullif(reference_known, 0)
                        ),
                        9
                    ) as string
                )
        end as bin
    from numbers
    union all
    select
        {{ key }},
        reference_entities,
        current_entities,
        reference_peers,
        current_peers,
        'missing' as bin
    from drift_values
    where kind = 'number' and number_value is null
    union all
    select
        {{ key }},
        reference_entities,
        current_entities,
        reference_peers,
        current_peers,
        case
            when place > {{ commonest_categories }} then 'other'
            else cast(place as string)
        end as bin
    from categories

),

binned as (

    select
        {{ key }},
        bin,
        sum(reference_entities) as reference_in_bin,
        sum(current_entities) as current_in_bin,
        sum(reference_peers) as reference_peers,
        sum(current_peers) as current_peers
    from placed
    group by {{ key }}, bin

),

totalled as (

    select
        *,
        cast(reference_in_bin as double) / nullif(reference_entities, 0)
            as reference_share,
        cast(current_in_bin as double) / nullif(current_entities, 0)
            as current_share
    from (
        select
            *,
            sum(reference_in_bin) over (partition by {{ key }})
                as reference_entities,
            sum(current_in_bin) over (partition by {{ key }})
                as current_entities,
            count(*) over (partition by {{ key }}) as bins
        from binned
    ) as counted

),

divergences as (

    select
        {{ key }},
        reference_entities,
        current_entities,
        bins,
        -- As many independent entities as lines of few buyers are worth (Kish,
        -- 1965).
        power(cast(reference_entities as double), 2) / sum(reference_peers)
            as reference_independent,
        power(cast(current_entities as double), 2) / sum(current_peers)
            as current_independent,
        {{ exact_sum(psi_term(
            'reference_in_bin', 'reference_entities', 'current_in_bin',
            'current_entities', 'bins'
        )) }} as psi,
        {{ exact_sum(divergence_term(
            'current_in_bin', 'current_entities', 'reference_in_bin',
            'reference_entities', 'bins'
        )) }} as kl_divergence,
        {% set halves = [] %}
        {% for share in ['reference_share', 'current_share'] %}
            {% do halves.append(
                'coalesce(' ~ share ~ ' * ln(2 * nullif(' ~ share ~ ', 0)'
                ~ ' / (reference_share + current_share)), 0)'
            ) %}
        {% endfor %}
        sqrt(
            greatest(
                {{ exact_sum(halves | join(' + ')) }}
                / (2 * ln(cast(2 as double))),
                0
            )
        ) as jensen_shannon_distance,
        cast(reference_entities as double) * current_entities
        * {{ exact_sum(
            'power(reference_share - current_share, 2)'
            ~ ' / (reference_in_bin + current_in_bin)'
        ) }} as chi_square
    from totalled
    where reference_entities > 0 and current_entities > 0
    group by {{ key }}, reference_entities, current_entities, bins

),

unseen as (

    select
        {{ key }},
        cast(
            sum(
                case
                    when reference_entities = 0 then current_entities
                    else 0
                end
            ) as double
        ) / nullif(sum(current_entities), 0) as unseen_share
    from categories
    group by {{ key }}
    having max(category) is not null

),

measured as (

    select
        divergences.*,
        distances.ks_statistic,
        case
            when distances.reference_values > 1
                then distances.area_between / distances.reference_deviation
        end as wasserstein,
        distances.reference_mean,
        distances.current_mean,
        unseen.unseen_share,
        count(case when divergences.bins > 1 then 1 end) over (
            partition by
                divergences.dataset,
                divergences.unit,
                divergences.reference_date,
                divergences.as_of_date
        ) as comparisons
    from divergences
    {% for table in ['distances', 'unseen'] %}
        left join {{ table }}
            on
                divergences.dataset = {{ table }}.dataset
                and divergences.unit = {{ table }}.unit
                and divergences.reference_date = {{ table }}.reference_date
                and divergences.as_of_date = {{ table }}.as_of_date
                and divergences.feature = {{ table }}.feature
    {% endfor %}
    -- A feature that nobody has a value of is none.
    where distances.feature is not null or unseen.feature is not null

),

judged as (

    select
        measured.*,
        -- One bin alone is the same in any two windows.
        case when measured.bins = 1 then 0 else chi_square_limits.chi_square end
        * (
            1 / measured.reference_independent
            + 1 / measured.current_independent
        ) as psi_by_chance
    from measured
    left join chi_square_limits
        on
            measured.bins - 1 = chi_square_limits.degrees_of_freedom
            and measured.comparisons = chi_square_limits.comparisons

),

final as (

    select
        -- ids
        judged.dataset,
        judged.unit,
        judged.feature,
        judged.kind,
        pairs.comparison,
        -- dates
        judged.reference_date,
        judged.as_of_date,
        judged.as_of_date = max(judged.as_of_date) over (
            partition by judged.dataset
        ) as is_latest,
        -- counts
        cast(judged.reference_entities as bigint) as reference_entities,
        cast(judged.current_entities as bigint) as current_entities,
        judged.bins,
        -- distances
        judged.psi,
        judged.psi_by_chance,
        judged.kl_divergence,
        judged.jensen_shannon_distance,
        judged.ks_statistic,
        judged.wasserstein,
        case when judged.kind = 'category' then judged.chi_square end
            as chi_square,
        -- in the feature's own unit
        judged.reference_mean,
        judged.current_mean,
        judged.unseen_share,
        -- strings
        {{ drift_alert('judged.psi', 'judged.psi_by_chance') }} as alert
    from judged
    inner join pairs
        on
            judged.dataset = pairs.dataset
            and judged.unit = pairs.unit
            and judged.reference_date = pairs.reference_date
            and judged.as_of_date = pairs.as_of_date

)

select * from final
