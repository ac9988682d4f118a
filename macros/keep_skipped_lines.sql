{#
    Lines of a user's file that are no rows (too many or too few fields, or nothing
    at all) stand in `staging.skipped_lines`, so that `rejected_rows` can count
    them. DuckDB hands them out only on the connection that read the file: hence a
    post-hook of each raw model. On Spark each file is read once more, for them alone.

    Input:  post_hook="{{ keep_skipped_lines('chocolate_sales', 'sales') }}"
    Output: the table holds the skipped lines of the last load
#}
{% macro keep_skipped_lines(dataset, table) %}
    {%- set reading = plan_reading(dataset, table)
        if execute and input_of(dataset, table) and not flags.EMPTY else {} -%}
    {{ return(adapter.dispatch('keep_skipped_lines')(dataset, table, reading)) }}
{% endmacro %}

{% macro duckdb__keep_skipped_lines(dataset, table, reading) %}
    {#- render(): with --empty a source is a query, which nothing is written to. -#}
    {%- set skipped_lines = source('loading', 'skipped_lines').render() -%}
    delete from {{ skipped_lines }}
    where dataset = '{{ dataset }}' and source_table = '{{ table }}';
    {%- for file in reading.files if reading.kind == 'text' -%}
        {%- do check_that_no_line_is_swallowed(file) %}
        insert into {{ skipped_lines }}
        with broken_rows as (
            select position, line_breaks
            from {{ this }}
            where source_file = {{ text_literal(file.name) }} and line_breaks > 0
        )
        select '{{ dataset }}', '{{ table }}', skipped.*
        from ({{ file.skipped_lines_sql }}) as skipped;
    {%- endfor -%}
{% endmacro %}

{% macro spark__keep_skipped_lines(dataset, table, reading) %}
    {%- set skipped_lines = skipped_lines_of(dataset, table) -%}
    {%- if reading.kind == 'text' %}
        insert overwrite {{ skipped_lines }} {{ reading.skipped_lines_sql }}
    {%- else %}
        truncate table {{ skipped_lines }}
    {%- endif -%}
{% endmacro %}
