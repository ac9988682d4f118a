{#
    Stops the run where a quote that is not closed swallowed lines of a file, which
    shows once the rows are read (customer_segmentation.skipped_lines).

    Input:  check_that_no_line_is_swallowed({'name': 'sales.csv', …})
    Output: nothing, or an error
#}
{% macro check_that_no_line_is_swallowed(file) %}
    {%- set fault = run_query(
        'with lines_read as ('
        ~ 'select count(*) + coalesce(sum(line_breaks), 0) as lines from ' ~ this
        ~ ' where source_file = ' ~ text_literal(file.name) ~ ') ' ~ file.fault_sql
    ).rows[0][0] -%}
    {%- if fault -%}
        {%- do exceptions.raise_compiler_error(fault) -%}
    {%- endif -%}
{% endmacro %}
