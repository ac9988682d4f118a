{#
    What one bin adds to the Kullback-Leibler divergence of a first window of entities
    from a second one, from smoothed shares.

    Input:  {{ divergence_term('now', 'all_now', 'before', 'all_before', 'bins') }}
    Output: p * ln(p / q), p the share now and q that before
#}
{% macro divergence_term(
    first_entities, all_first_entities, second_entities, all_second_entities, bins
) -%}
    {%- set first = smoothed_share(first_entities, all_first_entities, bins) -%}
    {%- set second = smoothed_share(second_entities, all_second_entities, bins) -%}
    {{ first }} * ln({{ first }} / {{ second }})
{%- endmacro %}
