{#
    The share of a bin, with half an entity added to every bin: an empty one then has a
    finite logarithm (Krichevsky and Trofimov, 1981).

    Input:  {{ smoothed_share('entities', 'all_entities', 'bins') }}
    Output: (entities + 0.5) / (all_entities + 0.5 * bins), as a double
#}
{% macro smoothed_share(entities, all_entities, bins) -%}
    (
        (cast({{ entities }} as double) + 0.5)
        / (cast({{ all_entities }} as double) + 0.5 * {{ bins }})
    )
{%- endmacro %}
