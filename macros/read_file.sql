{#
    The rows of a CSV file as text, under the names that the project gives them.
    Everything about the file is explicit, nothing is sniffed: the sniffer turns
    one ragged line into one column, and `ignore_errors` alone loses lines
    without a word. `store_rejects` keeps them (see keep_unreadable_lines).
    The header is checked here, before dbt touches the existing raw table.

    Input:  read_file('own', '/data/sales.csv', {'Sales Person': 'sales_person'})
    Output: select * from read_csv('/data/sales.csv', …)
#}
{% macro duckdb__read_file(dataset, path, columns) %}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- set headers = read_header(dataset, path) -%}
        {%- for header in headers -%}
            {%- do names.append(columns.get(header, 'unused_' ~ loop.index)) -%}
        {%- endfor -%}
        {%- set found = headers | map('tojson') | join(', ') or 'nothing' -%}
        {%- set needed = columns.keys() | map('tojson') | join(', ') -%}
        {%- for header, name in columns.items() if names.count(name) != 1 -%}
            {%- do exceptions.raise_compiler_error(
                'Dataset "' ~ dataset ~ '", file "' ~ path ~ '": the column '
                ~ header | tojson ~ (
                    ' is missing' if name not in names else ' stands there twice'
                ) ~ '. The header holds ' ~ found ~ '; needed are ' ~ needed
                ~ ', each once, in any order, with commas between them. The'
                ~ ' tables of the dataset are as they were.'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    select *
    from read_csv(
        {{ text_literal(path) }},
        auto_detect = false, header = true, delim = ',', quote = '"',
        escape = '"', encoding = 'utf-8', store_rejects = true,
        columns = {
            {%- for name in names %}
            '{{ name }}': 'varchar'{{ ',' if not loop.last }}
            {%- endfor %}
        }
    )
{% endmacro %}
