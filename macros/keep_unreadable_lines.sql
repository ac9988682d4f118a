{#
    Lines of a user's file that are no rows at all (too many or too few fields,
    an unclosed quote) stand in `staging.unreadable_lines`, so that
    `rejected_rows` can count them. DuckDB hands them out only on the connection
    that read the file: hence a post-hook of each raw model.

    Input:  post_hook="{{ keep_unreadable_lines('chocolate_sales') }}"
    Output: the table holds the unreadable lines of the last load of the dataset
#}
{% macro keep_unreadable_lines(dataset) %}
    {%- set path = var('input_files').get(dataset) -%}
    {#- render(): with --empty a source is a query, which nothing is written to. -#}
    {%- set unreadable_lines = source('loading', 'unreadable_lines').render() -%}
    {%- if path and execute and not flags.EMPTY -%}
        {%- do check_that_no_line_is_swallowed(dataset, path) -%}
    {%- endif -%}
    delete from {{ unreadable_lines }}
    where dataset = '{{ dataset }}';
    {% if path %}
        insert into {{ unreadable_lines }}
        select
            '{{ dataset }}' as dataset,
            line as line_number,
            min(lower(cast(error_type as string))) as reasons,
            any_value(regexp_replace(csv_line, '^[\r\n]+', '')) as raw_row
        from {{ errors_of_file(path) }}
        group by line
    {% endif %}
{% endmacro %}


{# What DuckDB refused of this file; it keeps those of others beside them. #}
{% macro errors_of_file(path) -%}
    (
        select reject_errors.*
        from reject_errors
        inner join reject_scans using (scan_id, file_id)
        where reject_scans.file_path = {{ text_literal(path) }}
    ) as errors
{%- endmacro %}


{#
    A quote that is not closed makes one field of all that follows it, and the
    reader then counts one line where there were many. So the lines of the file
    are counted by themselves: each must be a row, a line break within a field of
    one, or unreadable.
#}
{% macro check_that_no_line_is_swallowed(dataset, path) %}
    {%- set breaks = [] -%}
    {%- for column in adapter.get_columns_in_relation(this) -%}
        {%- do breaks.append(
            "length(coalesce(" ~ column.name ~ ", '')) - length(replace(coalesce("
            ~ column.name ~ ", ''), chr(10), ''))"
        ) -%}
    {%- endfor -%}
    {%- set counted = run_query(
        "select"
        ~ " (select count(*) - 1 from " ~ physical_lines(path)
        ~ " where trim(line, ' ' || chr(9) || chr(13)) <> '') as lines,"
        ~ " (select count(*) from " ~ this ~ ") as rows_read,"
        ~ " (select coalesce(sum(" ~ breaks | join(' + ') ~ "), 0) from " ~ this
        ~ ") as breaks,"
        ~ " (select count(distinct line) from " ~ errors_of_file(path)
        ~ ") as unreadable,"
        ~ " (select min(line) from " ~ errors_of_file(path) ~ ") as first_line"
    ).rows[0] -%}
    {%- set lines, rows_read, breaks, unreadable, first_line = counted -%}
    {%- if lines != rows_read + breaks + unreadable -%}
        {%- do exceptions.raise_compiler_error(
            'Dataset "' ~ dataset ~ '", file "' ~ path ~ '": of ' ~ lines
            ~ ' lines only ' ~ (rows_read + breaks + unreadable) ~ ' could be told'
            ~ ' apart. Look for a quote that is not closed'
            ~ (' near line ' ~ first_line if first_line else '')
            ~ '. The tables of the dataset are as they were.'
        ) -%}
    {%- endif -%}
{% endmacro %}
