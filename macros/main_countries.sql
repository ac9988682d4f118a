{#
    The country with the most spend of each key; ties go by the alphabet, and NULL
    comes last.

    Input:  {{ main_countries('transactions', ['dataset', 'customer_id']) }}
    Output: select dataset, customer_id, country from (…) as placed where place = 1
#}
{% macro main_countries(lines, key) %}
    select
        {{ key | join(', ') }},
        country
    from (
        select
            *,
            row_number() over (
                partition by {{ key | join(', ') }}
                order by
                    case when country is null then 1 else 0 end,
                    spend desc,
                    country asc
            ) as place
        from (
            select
                {{ key | join(', ') }},
                country,
                sum(net_amount) as spend
            from {{ lines }}
            group by {{ key | join(', ') }}, country
        ) as spends
    ) as placed
    where place = 1
{% endmacro %}
