{#
    The rows of a raw table as lines of their source: with `line_number`, the line
    of the file that each begins on (the header is line 1), and `is_duplicate`,
    whether an earlier row is the same to the letter. Line breaks within fields, and
    lines that are no rows, are added to a row's place in its file.

    They are added up in blocks of a thousand rows: no task, and no sort, has to
    hold a whole file.

    Input:  with source as ({{ source_lines('chocolate_sales', 'sales') }})
    Output: every column of raw_chocolate_sales__sales, and these two
#}
{% macro source_lines(dataset, table) -%}
    {%- set raw = ref('raw_' ~ dataset ~ '__' ~ table) -%}
    with skipped as (

        select
            source_file,
            line_breaks,
            record_number - 1 - row_number() over (
                partition by source_file order by record_number
            ) as rows_before
        from {{ source('loading', 'skipped_lines') }}
        where dataset = '{{ dataset }}' and source_table = '{{ table }}'

    ),

    entries as (

        select
            source_file,
            position,
            false as is_skipped,
            1 + coalesce(line_breaks, 0) as lines,
            position - mod(position, 1000) as block
        from {{ raw }}

        union all

        select
            source_file,
            rows_before as position,
            true as is_skipped,
            1 + coalesce(line_breaks, 0) as lines,
            rows_before - mod(rows_before, 1000) as block
        from skipped

    ),

    blocks as (

        select
            source_file,
            block,
            sum(sum(lines)) over (
                partition by source_file order by block
            ) - sum(lines) as lines_before
        from entries
        group by source_file, block

    ),

    placed as (

        select
            entries.source_file,
            entries.position,
            entries.is_skipped,
            blocks.lines_before - entries.lines + sum(entries.lines) over (
                partition by entries.source_file, entries.block
                order by entries.position, entries.is_skipped
                rows between unbounded preceding and current row
            ) as lines_before
        from entries
        inner join blocks
            on
                entries.source_file = blocks.source_file
                and entries.block = blocks.block

    )

    select
        rows_read.*,
        cast(header_lines + lines_before + 1 as bigint) as line_number,
        row_number() over (
            partition by raw_row order by rows_read.source_file, rows_read.position
        ) > 1 as is_duplicate
    from {{ raw }} as rows_read
    inner join placed
        on
            rows_read.source_file = placed.source_file
            and rows_read.position = placed.position
            and not placed.is_skipped
{%- endmacro %}
