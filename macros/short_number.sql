{#
    A number as short text, as it stands in a sentence: from 100 on without
    decimals, from 1 on with one at most, below with three at most.

    Input:  {{ short_number('average_order_value') }}
    Output: 1235 for 1234.56, 12.3 for 12.345, 0.012 for 0.01234, 0.5 for 0.5
#}
{% macro short_number(number) -%}
    regexp_replace(
        cast(
            cast(
                case
                    when abs({{ number }}) >= 100 then {{ rounded(number, 0) }}
                    when abs({{ number }}) >= 1 then {{ rounded(number, 1) }}
                    else {{ rounded(number, 3) }}
                end as decimal(38, 3)
            ) as string
        ),
        '[.]?0+$', ''
    )
{%- endmacro %}
