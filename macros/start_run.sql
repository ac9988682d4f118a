{#
    Called once at the start of every run: refuses wrong vars, and inputs that
    cannot be read, before any table is touched; makes the table of the lines that
    are no rows.

    Input:  --vars '{input_files: {choclate_sales: sales.csv}}'
    Output: The var input_files names the dataset "choclate_sales", which is
            unknown. Known are chocolate_sales, online_retail, …
#}
{% macro start_run() %}
    {%- if var('input_files') is not mapping -%}
        {%- do exceptions.raise_compiler_error(
            'The var input_files is ' ~ var('input_files') | tojson ~ '; needed is'
            ~ ' a path for each dataset, such as {online_retail: sales.csv}.'
        ) -%}
    {%- endif -%}
    {%- for dataset, given in var('input_files').items() -%}
        {%- if dataset not in var('datasets') -%}
            {%- do exceptions.raise_compiler_error(
                'The var input_files names the dataset "' ~ dataset ~ '", which is'
                ~ ' unknown. Known are ' ~ var('datasets') | join(', ') ~ '.'
            ) -%}
        {%- endif -%}
        {%- set tables = var('datasets')[dataset] -%}
        {%- for table in given if given is mapping
            and not ('path' in given or 'relation' in given)
            and table not in tables -%}
            {%- do exceptions.raise_compiler_error(
                'The var input_files, dataset "' ~ dataset ~ '", names the table "'
                ~ table ~ '", which is unknown. Known are ' ~ tables | join(', ')
                ~ '; or give path or relation.'
            ) -%}
        {%- endfor -%}
        {%- for table in tables if execute and input_of(dataset, table) -%}
            {%- do plan_reading(dataset, table) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set months = var('below_average_months') -%}
    {%- if months is not integer or months < 1 -%}
        {%- do exceptions.raise_compiler_error(
            'The var below_average_months is ' ~ months | tojson ~ '; needed is a'
            ~ ' whole number of at least 1.'
        ) -%}
    {%- endif -%}
    {%- set currencies = var('currencies') -%}
    {%- if currencies is not mapping or currencies.values() | reject('string') | list -%}
        {%- do exceptions.raise_compiler_error(
            'The var currencies is ' ~ currencies | tojson ~ '; needed is a code of'
            ~ ' ISO 4217 for each dataset, such as {own: EUR}, or {}.'
        ) -%}
    {%- endif -%}
    {{ make_skipped_lines() }}
{% endmacro %}
