{#
    A quote that is not closed makes one field of all that follows it, and the
    reader then counts one line where there were many. So the lines of a file are
    counted by themselves: each must be a row, a line break within a field of one,
    or unreadable.

    Input:  check_that_no_line_is_swallowed('own', {'name': 'sales.csv', …})
    Output: nothing, or an error
#}
{% macro check_that_no_line_is_swallowed(dataset, file) %}
    {%- set counted = run_query(
        "select"
        ~ " (select count(*) + coalesce(sum(line_breaks), 0) from " ~ this
        ~ " where source_file = " ~ text_literal(file.name) ~ ") as read,"
        ~ " (select count(*) + coalesce(sum(line_breaks), 0) from ("
        ~ unreadable_lines(file.path) ~ ") as lines) as unreadable,"
        ~ " (select min(record_number) from (" ~ unreadable_lines(file.path)
        ~ ") as lines) as first_line"
    ).rows[0] -%}
    {%- set told_apart = counted[0] + counted[1] -%}
    {%- if told_apart != file.rows -%}
        {%- do exceptions.raise_compiler_error(
            'Dataset "' ~ dataset ~ '", file "' ~ file.name ~ '": of ' ~ file.rows
            ~ ' lines only ' ~ told_apart ~ ' could be told apart. Look for a quote'
            ~ ' that is not closed' ~ (
                ' near line ' ~ counted[2] if counted[2] else ''
            ) ~ '. The tables of the dataset are as they were.'
        ) -%}
    {%- endif -%}
{% endmacro %}
