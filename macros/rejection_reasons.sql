{#
    The reasons to refuse a row, joined by "; ", NULL where there is none. Not
    concat_ws: on Snowflake one reason that is NULL makes the whole text NULL, and
    every row would be accepted.

    Input:  {{ rejection_reasons({'price is zero': 'unit_price = 0'}) }}
    Output: nullif(substr(
                case when unit_price = 0 then '; price is zero' else '' end, 3
            ), '')
#}
{% macro rejection_reasons(rules) -%}
    nullif(
        substr(
            {%- for reason, condition in rules.items() %}
            case
                when {{ condition }} then {{ text_literal('; ' ~ reason) }}
                else ''
            end
            {{- ' ||' if not loop.last }}
            {%- endfor %},
            3
        ),
        ''
    )
{%- endmacro %}
