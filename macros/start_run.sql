{#
    Called once at the start of every run: refuses wrong vars before any table is
    touched, and makes the table that outlives the raw models.

    Input:  --vars '{input_files: {choclate_sales: sales.csv}}'
    Output: The var input_files names the dataset "choclate_sales", which is
            unknown. Known are chocolate_sales, online_retail.
#}
{% macro start_run() %}
    {%- if var('input_files') is not mapping -%}
        {%- do exceptions.raise_compiler_error(
            'The var input_files is ' ~ var('input_files') | tojson ~ '; needed is'
            ~ ' a path for each dataset, such as {online_retail: sales.csv}.'
        ) -%}
    {%- endif -%}
    {%- for dataset in var('input_files') if dataset not in datasets() -%}
        {%- do exceptions.raise_compiler_error(
            'The var input_files names the dataset "' ~ dataset ~ '", which is'
            ~ ' unknown. Known are ' ~ datasets() | join(', ') ~ '.'
        ) -%}
    {%- endfor -%}
    {%- set months = var('below_average_months') -%}
    {%- if months is not integer or months < 1 -%}
        {%- do exceptions.raise_compiler_error(
            'The var below_average_months is ' ~ months | tojson ~ '; needed is a'
            ~ ' whole number of at least 1.'
        ) -%}
    {%- endif -%}
    create schema if not exists staging;
    create table if not exists staging.unreadable_lines (
        dataset string, line_number bigint, reasons string, raw_row string
    )
{% endmacro %}
