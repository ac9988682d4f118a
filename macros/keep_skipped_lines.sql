{#
    Lines of a user's file that are no rows (too many or too few fields, or nothing
    at all) stand in `staging.skipped_lines`, so that `rejected_rows` can count
    them. DuckDB hands them out only on the connection that read the file: hence a
    post-hook of each raw model.

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
                line as line_number,
                min(lower(cast(error_type as string))) as reasons,
                any_value(regexp_replace(csv_line, '^[\r\n]+', '')) as raw_row
            from {{ errors_of_file(file.path) }}
            group by line;
            {% if file.blank_lines %}
                insert into {{ skipped_lines }}
                select
                    '{{ dataset }}',
                    '{{ table }}',
                    {{ text_literal(file.name) }},
                    unnest({{ file.blank_lines }}),
                    null,
                    ''
                ;
            {% endif %}
        {%- endfor -%}
    {% endif %}
{% endmacro %}
