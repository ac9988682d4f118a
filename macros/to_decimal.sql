{#
    A decimal from text such as "$5,320 ", "-12.50" or, where the decimal sign is a
    comma, "1.234,50 €"; NULL for anything else: for signs that separate no
    thousands ("12,50" with a point as the sign), for more decimals than the scale,
    for more than 12 digits before them. A cast alone would also take "1e3",
    "0x10", "1_000" and "nan".

    Input:  {{ to_decimal('amount', 2) }}
    Output: 5320.00
#}
{% macro to_decimal(column, scale, decimal_sign='.') -%}
    {%- set thousands_sign = ',' if decimal_sign == '.' else '.' -%}
    {%- set pattern -%}
        -?[$€£]? ?([0-9]{1,3}([{{ thousands_sign }}][0-9]{3}){1,3}|[0-9]{1,12})
        {{- '([' ~ decimal_sign ~ '][0-9]{1,' ~ scale ~ '}0*)? ?[$€£]?' }}
    {%- endset -%}
    case
        when {{ matches(trimmed(column), pattern) }}
            then try_cast(
                {{ number_text(column, decimal_sign) }}
                as decimal(18, {{ scale }})
            )
    end
{%- endmacro %}
