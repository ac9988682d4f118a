{#
    A double rounded to some decimals, a half upwards, to the same bits in any
    warehouse: to a decimal, one rounds what is written, the other what is stored,
    and 282.025 is a little less than that.

    Input:  cast({{ rounded('spend / orders', 2) }} as decimal(18, 2))
    Output: cast(floor((spend / orders) * 100 + 0.5) / 100 as decimal(18, 2))
#}
{% macro rounded(number, digits) -%}
    floor(({{ number }}) * {{ 10 ** digits }} + cast(0.5 as double))
    / cast({{ 10 ** digits }} as double)
{%- endmacro %}
