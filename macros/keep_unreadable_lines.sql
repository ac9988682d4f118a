{#
    Lines of a user's file that are no rows at all (too many or too few fields,
    an unclosed quote) stand in `staging.unreadable_lines`, so that
    `rejected_rows` can count them. DuckDB hands them out only on the connection
    that read the file: hence a post-hook of each raw model.

    Input:  post_hook="{{ keep_unreadable_lines('chocolate_sales') }}"
    Output: the table holds the unreadable lines of the last load of the dataset
#}
{% macro keep_unreadable_lines(dataset) %}
    delete from {{ source('loading', 'unreadable_lines') }}
    where dataset = '{{ dataset }}';
    {% if var('input_files').get(dataset) %}
        insert into {{ source('loading', 'unreadable_lines') }}
        select
            '{{ dataset }}' as dataset,
            line as line_number,
            string_agg(distinct error_message, '; ' order by error_message)
                as reasons,
            any_value(csv_line) as raw_row
        from reject_errors
        group by line
    {% endif %}
{% endmacro %}


{# Called once at the start of every run: the table outlives the raw models. #}
{% macro create_unreadable_lines() %}
    create schema if not exists staging;
    create table if not exists staging.unreadable_lines (
        dataset string, line_number bigint, reasons string, raw_row string
    )
{% endmacro %}
