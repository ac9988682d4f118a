{#
    The alert of a population stability index: above 0.1 or 0.25, and above what chance
    gives (docs/drift.md).

    Input:  {{ drift_alert('psi', 'psi_by_chance') }}
    Output: none, watch or act; never act where may_act does not hold
#}
{% macro drift_alert(psi, psi_by_chance, may_act='true') -%}
    case
        when {{ psi }} <= {{ psi_by_chance }} then 'none'
        when {{ psi }} > 0.25 and {{ may_act }} then 'act'
        when {{ psi }} > 0.1 then 'watch'
        else 'none'
    end
{%- endmacro %}
