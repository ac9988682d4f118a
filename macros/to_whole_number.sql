{#
    A whole number of at most 9 digits from text such as "12", "1,200" or "12.0",
    NULL for anything else: a cast alone would round "12.9" to 13, and sums of
    larger numbers could overflow.

    Input:  {{ to_whole_number('boxes_shipped') }}
    Output: 180
#}
{% macro to_whole_number(column, decimal_sign='.') -%}
    {%- set thousands_sign = ',' if decimal_sign == '.' else '.' -%}
    {%- set pattern -%}
        -?([0-9]{1,3}([{{ thousands_sign }}][0-9]{3}){1,2}|[0-9]{1,9})
        {{- '([' ~ decimal_sign ~ ']0+)?' }}
    {%- endset -%}
    case
        when {{ matches(trimmed(column), pattern) }}
            then cast(
                try_cast(
                    {{ number_text(column, decimal_sign) }} as decimal(18, 4)
                )
                as bigint
            )
    end
{%- endmacro %}
