{#
    What the var `input_files` says of a table, NULL where it says nothing and the
    table is built from its demo seed. A dataset of several tables has an entry
    for each; that of a single table stands alone.

    Input:  input_of('own', 'sale_lines')
    Output: {'path': 'sales.csv', 'date_format': '%d/%m/%Y', …}
#}
{% macro input_of(dataset, table) %}
    {%- set given = var('input_files').get(dataset) -%}
    {%- if given is mapping and table in given -%}
        {{ return(given[table]) }}
    {%- elif given is mapping and not ('path' in given or 'relation' in given) -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(given) }}
{% endmacro %}
