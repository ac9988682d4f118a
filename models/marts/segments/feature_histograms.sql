{% set bins_at_most = 30 %}

with feature_values as (

    select * from {{ ref('int_feature_values') }}

),

ranges as (

    select
        segmentation,
        dataset,
        feature,
        scale,
        count(number_value) as known_entities,
        count(distinct number_value) <= {{ bins_at_most }} as has_few_values,
        max(abs(number_value - floor(number_value))) = 0 as is_whole,
        min(number_value) as minimum,
        max(number_value) as maximum,
        -- A value that occurs: interpolation differs between warehouses in its
        -- last digits, and with it who lies beyond.
        percentile_disc(0.99) within group (
            order by number_value
        ) as p99
    from feature_values
    group by segmentation, dataset, feature, scale

),

limits as (

    select
        *,
        case
            when scale = 'measured' and p99 > minimum then p99
            else maximum
        end as closed_high,
        case
            when scale = 'measured' and p99 > minimum and p99 < maximum then 1
            else 0
        end as open_bins
    from ranges

),

widths as (

    select
        *,
        case
            -- As many whole numbers in each: bins 1.5 wide would draw a comb.
            when is_whole
                then
                    ceil(
                        (closed_high - minimum + 1)
                        / ({{ bins_at_most }} - open_bins)
                    )
            else (closed_high - minimum) / ({{ bins_at_most }} - open_bins)
        end as width
    from limits

),

bins as (

    select
        *,
        case
            when is_whole then ceil((closed_high - minimum + 1) / width)
            else {{ bins_at_most }} - open_bins
        end as closed_bins
    from widths

),

binned as (

    select
        bins.*,
        case when bins.has_few_values then feature_values.number_value end
            as only_value,
        case
            when not bins.has_few_values
                and feature_values.number_value is not null
                then
                    least(
                        -- What lies on an edge up to rounding lies above it.
                        1 + floor(
                            (feature_values.number_value - bins.minimum)
                            / bins.width
                            + cast(1e-9 as double)
                        ),
                        bins.closed_bins + bins.open_bins
                    )
        end as wide_bin
    from feature_values
    inner join bins
        on
            feature_values.segmentation = bins.segmentation
            and feature_values.feature = bins.feature
            and feature_values.scale = bins.scale

),

counted as (

    select
        segmentation,
        dataset,
        feature,
        scale,
        known_entities,
        minimum,
        maximum,
        width,
        closed_bins,
        only_value,
        wide_bin,
        count(*) as entities
    from binned
    group by
        segmentation, dataset, feature, scale, known_entities, minimum, maximum,
        width, closed_bins, only_value, wide_bin

),

numbered as (

    select
        *,
        cast(
            case
                when only_value is not null
                    then
                        row_number() over (
                            partition by segmentation, feature, scale
                            order by
                                case when only_value is null then 1 else 0 end,
                                only_value
                        )
                else wide_bin
            end as bigint
        ) as bin
    from counted

),

final as (

    select
        -- ids
        segmentation,
        dataset,
        feature,
        scale,
        bin,
        -- numerics
        coalesce(only_value, minimum + (bin - 1) * width) as bin_low,
        case
            when only_value is not null then only_value
            when bin > closed_bins then maximum
            else minimum + bin * width
        end as bin_high,
        entities,
        case
            when bin is not null
                then cast(entities as double) / known_entities
        end as share
    from numbered

)

select * from final
