{#
    The row as one line of CSV, in the order of these columns: refused rows are
    kept in this form.

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
    {%- else -%}
        ''
    {%- endfor -%}
{%- endmacro %}
