{#
    Whether an entity is among the about drift_at_most ones that are looked at. The same
    ones for every window of that size, whatever the order.

    Input:  {{ is_in_sample(hash_number('customer_id'), 'customers') }}
    Output: hash * customers < 20000 * 2^60, in doubles
#}
{% macro is_in_sample(hash, entities) -%}
    cast({{ hash }} as double) * {{ entities }}
    < {{ double_literal(whole_number_variable('drift_at_most')) }} * power(cast(2 as double), 60)
{%- endmacro %}
