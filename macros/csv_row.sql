{#
    The row as one line of CSV, as it could stand in the source: refused rows
    are kept in this form, ready to be mended and loaded again.

    Input:  {{ csv_row(['country', 'amount']) }}
    Output: UK,"$5,320 "
#}
{% macro csv_row(columns) -%}
    {%- for column in columns -%}
        case
            when regexp_replace({{ column }}, '[",\r\n]', '') <> {{ column }}
                then '"' || replace({{ column }}, '"', '""') || '"'
            else coalesce({{ column }}, '')
        end
        {%- if not loop.last %} || ',' || {% endif -%}
    {%- endfor -%}
{%- endmacro %}
