{#
    Lines of a user's file that are no rows (too many or too few fields, or nothing
    at all) stand in `staging.skipped_lines`, so that `rejected_rows` can count
    them. DuckDB hands them out only on the connection that read the file: hence a
    post-hook of each raw model. It numbers records, in which a line break within a
    field does not count: those of the rows before are added for the line's number.

    Input:  post_hook="{{ keep_skipped_lines('chocolate_sales', 'sales') }}"
    Output: the table holds the skipped lines of the last load
#}
{% macro keep_skipped_lines(dataset, table) %}
    {#- render(): with --empty a source is a query, which nothing is written to. -#}
    {%- set skipped_lines = source('loading', 'skipped_lines').render() -%}
    delete from {{ skipped_lines }}
    where dataset = '{{ dataset }}' and source_table = '{{ table }}';
    {% if execute and input_of(dataset, table) and not flags.EMPTY %}
        {%- set reading = plan_reading(dataset, table) -%}
        {%- for file in reading.files if reading.kind == 'text' -%}
            {%- do check_that_no_line_is_swallowed(dataset, file) %}
            insert into {{ skipped_lines }}
            select
                '{{ dataset }}' as dataset,
                '{{ table }}' as source_table,
                {{ text_literal(file.name) }} as source_file,
                record_number
                + {{ file.header_lines - 1 }}
                + (
                    select coalesce(sum(rows_read.line_breaks), 0)
                    from {{ this }} as rows_read
                    where
                        rows_read.source_file = {{ text_literal(file.name) }}
                        and rows_read.position
                        < skipped.record_number - skipped.skipped_number
                )
                + coalesce(
                    sum(line_breaks) over (
                        order by record_number
                        rows between unbounded preceding and 1 preceding
                    ),
                    0
                ) as line_number,
                record_number,
                reasons,
                raw_row,
                line_breaks
            from (
                select
                    *,
                    row_number() over (order by record_number) as skipped_number
                from (
                    {{ unreadable_lines(file.path) }}
                    {% if file.blank_records %}
                        union all
                        select unnest({{ file.blank_records }}), null, '', 0
                    {% endif %}
                ) as lines_without_a_row
            ) as skipped;
        {%- endfor -%}
    {% endif %}
{% endmacro %}
