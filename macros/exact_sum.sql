{#
    The sum of doubles, the same to the last digit in any order of the rows: of
    decimals. For sums below 1e12, where digits beyond the 26th decimal are dropped; or
    with fewer decimals for larger ones.

    Input:  {{ exact_sum('share * ln(share)') }}
    Output: cast(sum(cast(share * ln(share) as decimal(38, 26))) as double)
#}
{% macro exact_sum(term, decimals=26) -%}
    cast(sum(cast({{ term }} as decimal(38, {{ decimals }}))) as double)
{%- endmacro %}
