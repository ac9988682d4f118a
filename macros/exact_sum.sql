{#
    The sum of doubles, the same to the last digit in any order of the rows: of
    decimals. For sums below 1e12; digits beyond the 26th decimal are dropped.

    Input:  {{ exact_sum('share * ln(share)') }}
    Output: cast(sum(cast(share * ln(share) as decimal(38, 26))) as double)
#}
{% macro exact_sum(term) -%}
    cast(sum(cast({{ term }} as decimal(38, 26))) as double)
{%- endmacro %}
