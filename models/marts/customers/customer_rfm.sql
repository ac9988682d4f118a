{# Each measure, and its order from the least to the best. #}
{% set measures = {
    'recency': ('recency_days', 'desc', 'asc'),
    'frequency': ('orders', 'asc', 'desc'),
    'monetary': ('spend', 'asc', 'desc'),
} %}

with customer_features as (

    select *
    from {{ ref('customer_features') }}
    where orders > 0

),

sales as (

    select *
    from {{ ref('transactions') }}
    where not is_return

),

rfm_groups as (

    select * from {{ ref('rfm_groups') }}

),

-- To send something back is no purchase: it does not make a customer recent.
last_sales as (

    select
        dataset,
        customer_id,
        max(cast(sold_at as date)) as last_sale_date
    from sales
    group by dataset, customer_id

),

buyers as (

    select
        customer_features.dataset,
        customer_features.customer_id,
        customer_features.as_of_date,
        last_sales.last_sale_date,
        {{ days_between(
            'last_sales.last_sale_date', 'customer_features.as_of_date'
        ) }} as recency_days,
        customer_features.orders,
        customer_features.spend
    from customer_features
    inner join last_sales
        on
            customer_features.dataset = last_sales.dataset
            and customer_features.customer_id = last_sales.customer_id

),

-- How many customers of the dataset do worse, and how many better.
compared as (

    select
        {% for measure, (column, worst_first, best_first) in measures.items() %}
            rank() over (
                partition by dataset order by {{ column }} {{ worst_first }}
            ) - 1 as {{ measure }}_worse,
            rank() over (
                partition by dataset order by {{ column }} {{ best_first }}
            ) - 1 as {{ measure }}_better,
        {% endfor %}
        *
    from buyers

),

-- Quintiles that leave equals out: customers with equal values have the same
-- score, the best always 5 and the least 1, however many they are; where all
-- are equal nobody is either, and the score is 3.
scored as (

    select
        {% for measure in measures %}
            case
                when {{ measure }}_worse + {{ measure }}_better = 0 then 3
                else
                    least(
                        5,
                        1 + cast(
                            floor(
                                cast(5 * {{ measure }}_worse as double)
                                / ({{ measure }}_worse + {{ measure }}_better)
                            ) as bigint
                        )
                    )
            end as {{ measure }}_score,
        {% endfor %}
        *
    from compared

),

-- A half goes towards the frequency: a habit says more about the next order
-- than one large basket.
combined as (

    select
        *,
        cast(
            case
                when frequency_score > monetary_score
                    then ceil((frequency_score + monetary_score) / 2)
                else floor((frequency_score + monetary_score) / 2)
            end as bigint
        ) as frequency_monetary_score
    from scored

),

final as (

    select
        -- ids
        combined.dataset,
        combined.customer_id,
        -- dates
        combined.as_of_date,
        combined.last_sale_date,
        -- measures
        combined.recency_days,
        combined.orders,
        combined.spend,
        -- scores
        combined.recency_score,
        combined.frequency_score,
        combined.monetary_score,
        combined.frequency_monetary_score,
        -- strings
        cast(combined.recency_score as string)
        || cast(combined.frequency_score as string)
        || cast(combined.monetary_score as string) as rfm_score,
        rfm_groups.rfm_group
    from combined
    left join rfm_groups
        on
            combined.recency_score
            between rfm_groups.recency_low and rfm_groups.recency_high
            and combined.frequency_monetary_score
            between rfm_groups.frequency_monetary_low
            and rfm_groups.frequency_monetary_high

)

select * from final
