{#
    The raw rows of a dataset as text: from the user's file where the var
    `input_files` names one, otherwise from the demo seed.

    Input:
        {{ read_source(
            dataset='chocolate_sales',
            demo=ref('demo_chocolate_sales'),
            columns={'Sales Person': 'sales_person', 'Amount': 'amount'},
        ) }}
    Output (demo):
        select "Sales Person" as sales_person, "Amount" as amount
        from staging.demo_chocolate_sales
#}
{% macro read_source(dataset, demo, columns) %}
    {%- set path = var('input_files').get(dataset) -%}
    {%- if path -%}
        {{ return(adapter.dispatch('read_file')(dataset, path, columns)) }}
    {%- endif -%}
    select
    {%- for header, name in columns.items() %}
        {{ adapter.quote(header) }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ demo }}
{% endmacro %}


{#
    Everything about the file is explicit, nothing is sniffed: the sniffer turns
    one ragged line into one column, and `ignore_errors` alone loses lines
    without a word. `store_rejects` keeps them (see keep_unreadable_lines).
    The header is checked here, before dbt touches the existing raw table.
#}
{% macro duckdb__read_file(dataset, path, columns) %}
    {%- set file = dbt.string_literal(dbt.escape_single_quotes(path)) -%}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- for header in read_header(dataset, path, file) -%}
            {%- do names.append(columns.get(header, 'unused_' ~ loop.index)) -%}
        {%- endfor -%}
        {%- set missing = columns.values() | reject('in', names) | list -%}
        {%- if missing -%}
            {%- do exceptions.raise_compiler_error(
                'Dataset "' ~ dataset ~ '", file "' ~ path ~ '": missing column '
                ~ quoted_headers(columns, missing) ~ '. The header holds '
                ~ read_header(dataset, path, file) | map('tojson') | join(', ')
                ~ '; needed are ' ~ quoted_headers(columns, columns.values())
                ~ ', in any order, with commas between them. No table was changed.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
    select *
    from read_csv(
        {{ file }},
        auto_detect = false, header = true, delim = ',', quote = '"',
        escape = '"', encoding = 'utf-8', store_rejects = true,
        columns = {
            {%- for name in names %}
            '{{ name }}': 'varchar'{{ ',' if not loop.last }}
            {%- endfor %}
        }
    )
{% endmacro %}


{# The names in the first line of a file, which is read as one text. #}
{% macro read_header(dataset, path, file) %}
    {%- if run_query('select file from glob(' ~ file ~ ')').rows | length == 0 -%}
        {%- do exceptions.raise_compiler_error(
            'Dataset "' ~ dataset ~ '": no file at "' ~ path ~ '". Mend the path in'
            ~ ' the var input_files; a relative one is read from the folder where'
            ~ ' dbt was started. No table was changed.'
        ) -%}
    {%- endif -%}
    {%- set line = run_query(
        "select line from read_csv(" ~ file ~ ", auto_detect = false,"
        ~ " header = false, delim = '\x01', quote = '', escape = '',"
        ~ " encoding = 'utf-8', strict_mode = false, columns = {'line': 'varchar'}"
        ~ ") limit 1"
    ) -%}
    {%- set names = [] -%}
    {%- for row in line.rows -%}
        {%- set fields = modules.re.findall(
            '(?:^|,)("(?:[^"]|"")*"|[^,]*)', row[0] or ''
        ) -%}
        {%- for field in fields -%}
            {%- do names.append(
                modules.re.sub('^"|"$', '', field).replace('""', '"').strip()
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}


{# The headers of these columns, as a text for a message. #}
{% macro quoted_headers(columns, names) %}
    {%- set headers = [] -%}
    {%- for header, name in columns.items() if name in names -%}
        {%- do headers.append(header | tojson) -%}
    {%- endfor -%}
    {{ return(headers | join(', ')) }}
{% endmacro %}
