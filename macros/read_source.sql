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
    {#- Named so that a wrong definition stops the build before a file is read. -#}
    {%- do ref('segmentations') -%}
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
