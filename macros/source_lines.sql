{#
    The rows of a raw table as lines of their source: with `line_number`, the line
    of the file that each begins on (the header is line 1), and `is_duplicate`,
    whether an earlier row is the same to the letter. Line breaks within fields, and
    lines that are no rows, are added to a row's place in its file.

    Input:  with source as ({{ source_lines('chocolate_sales', 'sales') }})
    Output: every column of raw_chocolate_sales__sales, and these two
#}
{% macro source_lines(dataset, table) -%}
    {{ return(adapter.dispatch('source_lines')(dataset, table)) }}
{%- endmacro %}

{% macro duckdb__source_lines(dataset, table) %}
    select
        placed.*,
        placed.place + cast((
            select coalesce(sum(1 + line_breaks), 0)
            from (
                select
                    source_file,
                    coalesce(line_breaks, 0) as line_breaks,
                    record_number - 1 - row_number() over (
                        partition by source_file order by record_number
                    ) as rows_before
                from {{ source('loading', 'skipped_lines') }}
                where dataset = '{{ dataset }}' and source_table = '{{ table }}'
            ) as skipped
            where
                skipped.source_file = placed.source_file
                and skipped.rows_before < placed.position
        ) as bigint) as line_number,
        row_number() over (
            partition by raw_row order by source_file, position
        ) > 1 as is_duplicate
    from (
        select
            *,
            header_lines + position + cast(
                coalesce(
                    sum(line_breaks) over (
                        partition by source_file order by position
                        rows between unbounded preceding and 1 preceding
                    ),
                    0
                ) as bigint
            ) as place
        from {{ ref('raw_' ~ dataset ~ '__' ~ table) }}
    ) as placed
{% endmacro %}
