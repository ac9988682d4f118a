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
    delete from {{ unreadable_lines }}
    where dataset = '{{ dataset }}';
    {% if path %}
        -- The connection may have read other files, and this one before.
        insert into {{ unreadable_lines }}
        select
            '{{ dataset }}' as dataset,
            reject_errors.line as line_number,
            max_by(reject_errors.error_message, reject_errors.column_idx)
                as reasons,
            any_value(regexp_replace(reject_errors.csv_line, '^[\r\n]+', ''))
                as raw_row
        from reject_errors
        inner join reject_scans using (scan_id, file_id)
        where reject_scans.file_path in (
            select file
            from glob({{ dbt.string_literal(dbt.escape_single_quotes(path)) }})
        )
        group by reject_errors.line
    {% endif %}
{% endmacro %}
