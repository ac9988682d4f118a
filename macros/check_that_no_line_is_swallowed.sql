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
