{#
    The reasons to refuse a row, joined by "; ", NULL where there is none.

    Input:  {{ rejection_reasons({'price is zero': 'unit_price = 0'}) }}
    Output: nullif(concat_ws('; ',
                case when unit_price = 0 then 'price is zero' end), '')
#}
{% macro rejection_reasons(rules) -%}
    nullif(
        concat_ws(
            '; ',
            {%- for reason, condition in rules.items() %}
            case when {{ condition }} then {{ text_literal(reason) }} end
            {{- ',' if not loop.last }}
            {%- endfor %}
        ),
        ''
    )
{%- endmacro %}
