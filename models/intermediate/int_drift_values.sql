{% set days = whole_number_variable('short_window_days') %}
{# Of each unit the features: kind, name, and how it is read. #}
{% set features = {'customer': [], 'sale': []} %}
{% for name in [
    'orders', 'distinct_products', 'distinct_categories', 'quantity',
    'spend_before_returns', 'average_unit_price', 'average_order_value',
    'return_rate', 'discount_share',
] %}
    {% set column = name ~ '_' ~ days ~ '_days' %}
    {% do features.customer.append(('number', column, column)) %}
{% endfor %}
{# A band stands for its number. #}
{% do features.customer.extend([
    ('number', 'recency_days', 'recency_days'),
    ('number', 'age', 'case when age_band is null then age end'),
    ('number', 'income', 'case when income_band is null then income end'),
]) %}
{% for column in [
    'country', 'gender', 'age_band', 'income_band', 'education', 'occupation',
    'marital_status', 'home_ownership', 'household_size',
] %}
    {% do features.customer.append(('category', column, column)) %}
{% endfor %}
{# 7.65 / 3 and 2.55 are one price. #}
{% do features.sale.extend([
    ('number', 'quantity', 'quantity'),
    ('number', 'net_amount', 'net_amount'),
    ('number', 'unit_price', rounded('unit_price', 4)),
    ('number', 'unit_cost', 'unit_cost'),
    ('number', 'margin_rate', rounded('margin_rate', 4)),
    ('number', 'ship_days', 'ship_days'),
]) %}
{% for column in ['country', 'category', 'channel', 'product'] %}
    {% do features.sale.append(('category', column, column)) %}
{% endfor %}
{% set over_product -%}
    over (
            partition by
                sides.dataset,
                sides.reference_date,
                sides.as_of_date,
                sales.product,
                sales.quantity
        )
{%- endset %}

with pairs as (

    select distinct
        dataset,
        unit,
        reference_date,
        as_of_date
    from {{ ref('int_drift_pairs') }}

),

sides as (

    select
        *,
        'reference' as side,
        reference_date as window_end
    from pairs
    union all
    select
        *,
        'current' as side,
        as_of_date as window_end
    from pairs

),

dates as (

    select distinct
        dataset,
        window_end
    from sides

),

buyers as (

    select
        history.*,
        dates.window_end,
        -- One customer is independent of the next.
        1 as peers,
        count(*) over (partition by history.dataset, dates.window_end)
            as buyers_of_window
    from {{ ref('customer_features_history') }} as history
    inner join dates
        on
            history.dataset = dates.dataset
            and history.as_of_date = dates.window_end
    where history.orders_{{ days }}_days > 0

),

customers as (

    select *
    from buyers
    where {{ is_in_sample(hash_number('customer_id'), 'buyers_of_window') }}

),

sales as (

    select
        *,
        lines_of_buyer as peers
    from {{ ref('int_drift_sales') }}

),

{% for unit, unit_features in features.items() %}
    {{ unit }}_features as (

        {% for kind, feature, _ in unit_features %}
            select
                '{{ kind }}' as kind,
                '{{ feature }}' as feature
            {% if not loop.last %}union all{% endif %}
        {% endfor %}

    ),

    {{ unit }}_values as (

        select
            entities.dataset,
            '{{ unit }}' as unit,
            entities.window_end,
            features.feature,
            features.kind,
            case features.feature
                {% for kind, feature, value in unit_features %}
                    {% if kind == 'number' %}
                        when '{{ feature }}' then cast({{ value }} as double)
                    {% endif %}
                {% endfor %}
            end as number_value,
            case features.feature
                {% for kind, feature, value in unit_features %}
                    {% if kind == 'category' %}
                        when '{{ feature }}' then cast({{ value }} as string)
                    {% endif %}
                {% endfor %}
            end as category,
            entities.peers
        from {{ unit }}s as entities
        cross join {{ unit }}_features as features

    ),

    {{ unit }}_counts as (

        select
            dataset,
            unit,
            window_end,
            feature,
            kind,
            number_value,
            category,
            count(*) as entities,
            sum(peers) as peers
        from {{ unit }}_values
        group by
            dataset, unit, window_end, feature, kind, number_value, category

    ),
{% endfor %}

-- The mean price of a product, and of a quantity, for who takes many pays less:
-- of both windows at once, as that of one alone would fit that one better, and
-- products that were sold once would drift by it.
priced as (

    select
        sides.dataset,
        sides.unit,
        sides.reference_date,
        sides.as_of_date,
        sides.side,
        sales.unit_price,
        sales.peers,
        cast(
            sum(cast(sales.unit_price as decimal(38, 10))) {{ over_product }}
            as double
        ) / count(*) {{ over_product }} as mean_price,
        min(sides.side) {{ over_product }} as first_side,
        max(sides.side) {{ over_product }} as last_side
    from sales
    inner join sides
        on
            sales.dataset = sides.dataset
            and sales.window_end = sides.window_end
    where sides.unit = 'sale' and sales.product is not null

),

relative_prices as (

    select
        *,
        unit_price / nullif(mean_price, 0) as relative_price
    from priced
    where first_side <> last_side

),

counted as (

    select
        sides.dataset,
        sides.unit,
        sides.reference_date,
        sides.as_of_date,
        sides.side,
        window_counts.feature,
        window_counts.kind,
        window_counts.number_value,
        window_counts.category,
        window_counts.entities,
        window_counts.peers
    from (
        select * from customer_counts
        union all
        select * from sale_counts
    ) as window_counts
    inner join sides
        on
            window_counts.dataset = sides.dataset
            and window_counts.unit = sides.unit
            and window_counts.window_end = sides.window_end
    union all
    select
        dataset,
        unit,
        reference_date,
        as_of_date,
        side,
        'relative_price' as feature,
        'number' as kind,
        {{ rounded('relative_price', 4) }} as number_value,
        cast(null as string) as category,
        1 as entities,
        peers
    from relative_prices

),

final as (

    select
        dataset,
        unit,
        reference_date,
        as_of_date,
        feature,
        kind,
        number_value,
        category,
        {% for measure in ['entities', 'peers'] %}
            {% for side in ['reference', 'current'] %}
                cast(
                    sum(
                        case
                            when side = '{{ side }}' then {{ measure }}
                            else 0
                        end
                    )
                    as bigint
                ) as {{ side }}_{{ measure }}
                {%- if not (loop.last and measure == 'peers') %},{% endif %}
            {% endfor %}
        {% endfor %}
    from counted
    group by
        dataset, unit, reference_date, as_of_date, feature, kind, number_value,
        category

)

select * from final
