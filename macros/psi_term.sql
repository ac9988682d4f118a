{#
    What one bin adds to the population stability index, from smoothed shares: the
    divergence of either window from the other one.

    Input:  {{ psi_term('before', 'all_before', 'now', 'all_now', 'bins') }}
    Output: q * ln(q / p) + p * ln(p / q), p the share before and q that now
#}
{% macro psi_term(
    reference_entities, all_reference_entities, current_entities,
    all_current_entities, bins
) -%}
    {{ divergence_term(
        current_entities, all_current_entities, reference_entities,
        all_reference_entities, bins
    ) }}
    + {{ divergence_term(
        reference_entities, all_reference_entities, current_entities,
        all_current_entities, bins
    ) }}
{%- endmacro %}
