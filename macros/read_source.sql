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
    {%- set dialect -%}
        header = true, all_varchar = true, sample_size = -1,
        delim = ',', quote = '"', escape = '"', encoding = 'utf-8'
    {%- endset -%}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- if run_query('select file from glob(' ~ file ~ ')').rows | length == 0 -%}
            {%- do exceptions.raise_compiler_error(
                'Dataset "' ~ dataset ~ '": no file at "' ~ path ~ '". Mend the'
                ~ ' path in the var input_files; a relative one is read from the'
                ~ ' folder where dbt was started.'
            ) -%}
        {%- endif -%}
        {%- set headers = run_query(
            'select column_name from (describe select * from read_csv('
            ~ file ~ ', ' ~ dialect ~ '))'
        ).columns[0].values() | map('trim') | list -%}
        {%- set missing = columns.keys() | reject('in', headers) | list -%}
        {%- if missing -%}
            {%- do exceptions.raise_compiler_error(
                'Dataset "' ~ dataset ~ '", file "' ~ path ~ '": missing column '
                ~ missing | map('tojson') | join(', ') ~ '. The header holds '
                ~ headers | map('tojson') | join(', ') ~ '; needed are '
                ~ columns.keys() | map('tojson') | join(', ') ~ ' in any order,'
                ~ ' with commas between them. No table was changed.'
            ) -%}
        {%- endif -%}
        {%- for header in headers -%}
            {%- do names.append(columns.get(header, 'unused_' ~ loop.index)) -%}
        {%- endfor -%}
    {%- endif -%}
    select *
    from read_csv(
        {{ file }}, {{ dialect }}, store_rejects = true
        {%- if names %}, names = ['{{ names | join("', '") }}']{% endif %}
    )
{% endmacro %}
