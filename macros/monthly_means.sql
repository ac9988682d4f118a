{#
    The mean of every feature over the members of each segment at each month end, as
    it stands and scaled. Means are quotients of exact sums.

    Input:  {{ monthly_means(one of monthly_models()) }}
    Output: select 'online_retail_customers' as segmentation, … as of_date, segment_id,
            feature, customers, mean, scaled_mean: one row per feature
#}
{% macro monthly_means(scored) %}
    {%- set definition, model = scored.definition, scored.model -%}
    {%- set entities = entities_of(definition) -%}
    {%- set columns = ['history.dataset'] -%}
    {%- for column in model.features.values()
        | map(attribute='source_column') | unique -%}
        {%- do columns.append('history.' ~ column) -%}
    {%- endfor -%}
    {%- set members -%}
        (
            select
                states.as_of_date,
                states.segment_id,
                {{ columns | join(', ') }}
            from {{ ref('int_monthly_states') }} as states
            inner join {{ ref('customer_features_history') }} as history
                on
                    states.dataset = history.dataset
                    and states.entity_id = history.customer_id
                    and states.as_of_date = history.as_of_date
            where
                states.segmentation = '{{ definition.name }}'
                and states.model_version = {{ model.version }}
        ) as members
    {%- endset %}
    select
        '{{ definition.name }}' as segmentation,
        summed.as_of_date,
        summed.segment_id,
        cast({{ model.version }} as bigint) as model_version,
        features.feature,
        summed.customers,
        case features.place
            {%- for feature in model.features %}
            when {{ loop.index }} then summed.filled_{{ loop.index }}
            {%- endfor %}
        end / summed.customers as mean,
        case features.place
            {%- for feature in model.features %}
            when {{ loop.index }} then summed.scaled_{{ loop.index }}
            {%- endfor %}
        end / summed.customers as scaled_mean
    from (
        select
            as_of_date,
            segment_id,
            count(*) as customers
            {%- for feature in model.features %}
            {%- for value in ['filled_' ~ loop.index, 'scaled_' ~ loop.index] %},
            cast(sum(cast({{ value }} as decimal(28, 10))) as double) as {{ value }}
            {%- endfor %}
            {%- endfor %}
        from (
            {{- scaled_features(members, model) }}
        ) as scaled
        group by as_of_date, segment_id
    ) as summed
    cross join (
        {%- for feature in model.features %}
        select
            {{ loop.index }} as place,
            {{ text_literal(feature) }} as feature
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as features
{% endmacro %}
