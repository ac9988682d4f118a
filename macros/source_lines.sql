{#
    The rows of a raw table as lines of their source: with `line_number`, the line
    of the file that each stood on (the header is line 1), and `raw_row`, the line
    as CSV. A raw table keeps the file's order, but not the lines that could not
    be read: those before a row are added to its number.

    Input:  with source as (
                {{ source_lines(ref('raw_own'), 'own', ['country', 'amount']) }}
            )
    Output: every column of raw_own, line_number and raw_row
#}
{% macro source_lines(relation, dataset, columns) -%}
    {{ return(adapter.dispatch('source_lines')(relation, dataset, columns)) }}
{%- endmacro %}

{% macro duckdb__source_lines(relation, dataset, columns) %}
    select
        positioned.*,
        positioned.position + 1 + (
            select count(*)
            from (
                select
                    line_number - 1 - row_number() over (order by line_number)
                        as rows_before
                from {{ source('loading', 'unreadable_lines') }}
                where dataset = '{{ dataset }}'
            )
            where rows_before < positioned.position
        ) as line_number,
        {{ csv_row(columns) }} as raw_row
    from (
        select
            *,
            row_number() over () as position
        from {{ relation }}
    ) as positioned
{% endmacro %}
