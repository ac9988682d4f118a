{#
    The lines of a file that DuckDB could not read on this connection, which keeps
    the errors of other files beside them: each with its number, the reasons, the
    text and the line breaks within its fields.

    Input:  select * from ({{ unreadable_lines('/data/sales.csv') }}) as lines
    Output: a relation with record_number, reasons, raw_row and line_breaks
#}
{% macro unreadable_lines(path) -%}
    select
        record_number,
        reasons,
        raw_row,
        {#- What follows a quote that is not closed is no part of its line. #}
        case
            when has_open_quote then 0
            else length(raw_row) - length(replace(raw_row, chr(10), ''))
        end as line_breaks
    from (
        select
            line as record_number,
            min(lower(cast(error_type as string))) as reasons,
            bool_or(error_type = 'UNQUOTED VALUE') as has_open_quote,
            any_value(
                trim(csv_line, chr(10) || chr(13))
            ) as raw_row
        from reject_errors
        inner join reject_scans using (scan_id, file_id)
        where reject_scans.file_path = {{ text_literal(path) }}
        group by line
    ) as errors
{%- endmacro %}
