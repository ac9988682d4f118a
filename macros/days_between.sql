{#
    Whole days from one date or timestamp to another, as a bigint in any warehouse.

    Input:  {{ days_between('sold_at', 'shipped_at') }}
    Output: cast(… as bigint)
#}
{% macro days_between(first, last) -%}
    cast({{ dbt.datediff(first, last, 'day') }} as bigint)
{%- endmacro %}
