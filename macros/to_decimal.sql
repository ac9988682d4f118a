{#
    A decimal from text such as "$5,320 " or "-12.50", NULL for anything else.
    The pattern comes first because a cast alone would also take "1e3", "0x10",
    "1_000" and "nan".

    Input:  {{ to_decimal('amount', 2) }}
    Output: 5320.00
#}
{% macro to_decimal(column, scale) -%}
    case
        when {{ matches('trim(' ~ column ~ ')', '-?[$]?[0-9][0-9,]*([.][0-9]+)?') }}
            then try_cast(
                replace(replace(trim({{ column }}), '$', ''), ',', '')
                as decimal(18, {{ scale }})
            )
    end
{%- endmacro %}
