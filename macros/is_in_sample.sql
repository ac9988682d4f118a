{#
    Whether an entity is among about so many that are looked at, drift_at_most if not
    said. The same ones whatever the order, and among those of any larger sample.

    Input:  {{ is_in_sample(hash_number('customer_id'), 'customers') }}
    Output: hash * customers < 20000 * 2^60, in doubles
#}
{% macro is_in_sample(hash, entities, at_most=none) -%}
    cast({{ hash }} as double) * {{ entities }}
    < {{ at_most or double_literal(whole_number_variable('drift_at_most')) }} * power(cast(2 as double), 60)
{%- endmacro %}
