{#
    Makes the table that outlives the raw models, where there is none.

    On Spark, where loads that run beside each other would spoil each other's writes
    into one table, it is a view of a table for each raw model.

    Input:  {{ make_skipped_lines() }}
    Output: create schema if not exists staging; create table if not exists …
#}
{% macro make_skipped_lines() %}
    {{ return(adapter.dispatch('make_skipped_lines')()) }}
{% endmacro %}

{% macro duckdb__make_skipped_lines() %}
    create schema if not exists staging;
    create table if not exists staging.skipped_lines (
        dataset string, source_table string, source_file string,
        line_number bigint, record_number bigint, reasons string, raw_row string,
        line_breaks bigint
    )
{% endmacro %}

{% macro spark__make_skipped_lines() %}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {%- do run_query('create schema if not exists staging') -%}
    {%- set parts = [] -%}
    {%- for dataset, tables in var('datasets').items() -%}
        {%- for table in tables -%}
            {%- set skipped_lines = skipped_lines_of(dataset, table) -%}
            {%- do run_query(
                'create table if not exists ' ~ skipped_lines ~ ' (source_file string,'
                ~ ' line_number bigint, record_number bigint, reasons string,'
                ~ ' raw_row string, line_breaks bigint) using parquet'
            ) -%}
            {%- do parts.append(
                "select '" ~ dataset ~ "' as dataset, '" ~ table
                ~ "' as source_table, * from " ~ skipped_lines
            ) -%}
        {%- endfor -%}
    {%- endfor %}
    create or replace view staging.skipped_lines as
    {{ parts | join(' union all ') }}
{% endmacro %}

{% macro skipped_lines_of(dataset, table) %}
    {{ return('staging.skipped_lines__' ~ dataset ~ '__' ~ table) }}
{% endmacro %}
