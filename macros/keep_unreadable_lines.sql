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
