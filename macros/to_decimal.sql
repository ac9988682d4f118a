{#
    A decimal from text such as "$5,320 " or "-12.50", NULL for anything else:
    for commas that separate no thousands ("12,50"), for more decimals than the
    scale, for more than 12 digits before them. A cast alone would also take
    "1e3", "0x10", "1_000" and "nan".

    Input:  {{ to_decimal('amount', 2) }}
    Output: 5320.00
#}
{% macro to_decimal(column, scale) -%}
    {%- set pattern -%}
        -?[$]?([0-9]{1,3}(,[0-9]{3}){1,3}|[0-9]{1,12})([.][0-9]{1,{{ scale }}})?
    {%- endset -%}
    case
        when {{ matches('trim(' ~ column ~ ')', pattern) }}
            then try_cast(
                replace(replace(trim({{ column }}), '$', ''), ',', '')
                as decimal(18, {{ scale }})
            )
    end
{%- endmacro %}
