{% set attributes = [
    'gender', 'age_band', 'income_band', 'education', 'occupation',
    'marital_status', 'home_ownership', 'household_size',
    'household_composition', 'children',
] %}
{# Each band of ages, after the age that it ends below. #}
{% set age_bands = {
    18: 'Under 18', 25: '18-24', 35: '25-34', 45: '35-44', 55: '45-54',
    65: '55-64',
} %}

with entities as (

    select *
    from {{ ref('int_segmented_entities') }}
    where grain = 'customer'

),

customers as (

    select * from {{ ref('customers') }}

),

-- Fifths of the dataset, not round bands: nobody knows the currency. Equal
-- incomes stand in the same fifth.
incomes as (

    select
        dataset,
        customer_id,
        income,
        least(
            5,
            1 + floor(
                5 * percent_rank() over (partition by dataset order by income)
            )
        ) as fifth
    from customers
    where income is not null and income_band is null

),

income_bands as (

    select
        dataset,
        customer_id,
        'fifth ' || cast(cast(fifth as bigint) as string) || ': '
        || cast(
            cast(
                floor(min(income) over (partition by dataset, fifth)) as bigint
            ) as string
        ) || '-'
        || cast(
            cast(
                floor(max(income) over (partition by dataset, fifth)) as bigint
            ) as string
        ) as income_band
    from incomes

),

described as (

    select
        entities.segmentation,
        entities.dataset,
        entities.segment_id,
        entities.segment_name,
        customers.gender,
        coalesce(
            customers.age_band,
            case
                {% for end, age_band in age_bands.items() %}
                    when customers.age < {{ end }} then '{{ age_band }}'
                {% endfor %}
                when customers.age >= 65 then '65+'
            end
        ) as age_band,
        coalesce(customers.income_band, income_bands.income_band)
            as income_band,
        customers.education,
        customers.occupation,
        customers.marital_status,
        customers.home_ownership,
        customers.household_size,
        customers.household_composition,
        customers.children
    from entities
    left join customers
        on
            entities.dataset = customers.dataset
            and entities.entity_id = customers.customer_id
    left join income_bands
        on
            entities.dataset = income_bands.dataset
            and entities.entity_id = income_bands.customer_id

),

attributes as (

    {% for attribute in attributes %}
        select '{{ attribute }}' as attribute -- noqa: RF04
        {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

attribute_values as (

    select
        described.segmentation,
        described.dataset,
        described.segment_id,
        described.segment_name,
        attributes.attribute,
        case attributes.attribute
            {% for attribute in attributes %}
                when '{{ attribute }}'
                    then cast(described.{{ attribute }} as string)
            {% endfor %}
        end as attribute_value
    from described
    cross join attributes

),

counted as (

    select
        segmentation,
        dataset,
        segment_id,
        segment_name,
        attribute,
        attribute_value,
        count(*) as entities
    from attribute_values
    group by
        segmentation, dataset, segment_id, segment_name, attribute,
        attribute_value

),

segments as (

    select
        segmentation,
        dataset,
        segment_id,
        segment_name,
        attribute,
        coalesce(
            sum(case when attribute_value is not null then entities end), 0
        )
            as known_entities,
        coalesce(sum(case when attribute_value is null then entities end), 0)
            as unknown_entities
    from counted
    group by segmentation, dataset, segment_id, segment_name, attribute

),

population as (

    select
        segmentation,
        attribute,
        attribute_value,
        sum(entities) as entities_of_value
    from counted
    where attribute_value is not null
    group by segmentation, attribute, attribute_value

),

-- Every segment with every value, those that it lacks too: to have none is the
-- strongest way to have too few.
crossed as (

    select
        segments.segmentation,
        segments.dataset,
        segments.segment_id,
        segments.segment_name,
        segments.attribute,
        population.attribute_value,
        coalesce(counted.entities, 0) as entities,
        segments.unknown_entities,
        cast(segments.known_entities as double) as known_entities,
        cast(population.entities_of_value as double) as entities_of_value,
        cast(
            sum(population.entities_of_value) over (
                partition by
                    segments.segmentation,
                    segments.segment_id,
                    segments.attribute
            ) as double
        ) as known_entities_of_all
    from segments
    inner join population
        on
            segments.segmentation = population.segmentation
            and segments.attribute = population.attribute
    left join counted
        on
            segments.segmentation = counted.segmentation
            and segments.segment_id = counted.segment_id
            and segments.attribute = counted.attribute
            and population.attribute_value = counted.attribute_value

),

measured as (

    select
        *,
        entities / nullif(known_entities, 0) as share_of_segment,
        entities_of_value / known_entities_of_all as share_of_population,
        known_entities * entities_of_value / known_entities_of_all
            as expected_entities,
        -- One division of whole numbers: 120 is 120, not 119.99.
        100 * entities * known_entities_of_all
        / nullif(known_entities * entities_of_value, 0) as index_to_population
    from crossed

),

tested as (

    select
        *,
        (entities - expected_entities) / nullif(
            sqrt(
                expected_entities
                * (1 - known_entities / known_entities_of_all)
                * (1 - share_of_population)
            ),
            0
        ) as adjusted_residual
    from measured

),

final as (

    select
        -- ids
        segmentation,
        dataset,
        segment_id,
        segment_name,
        attribute,
        attribute_value,
        -- counts
        entities,
        cast(unknown_entities as bigint) as unknown_entities,
        expected_entities,
        -- against the population
        share_of_segment,
        share_of_population,
        index_to_population,
        adjusted_residual,
        case
            when adjusted_residual > 2 and index_to_population >= 120
                then 'over'
            when adjusted_residual < -2 and index_to_population <= 80
                then 'under'
            else 'as expected'
        end as representation
    from tested

)

select * from final
