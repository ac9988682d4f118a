{#
    What the rows of a seed are ordered by, to stand as in their file. For a seed
    alone: DuckDB keeps the order of all rows, Spark that of one file.

    Input:  row_number() over (order by {{ place_in_table() }})
    Output: row_number() over (order by rowid)
#}
{% macro place_in_table() -%}
    {#- With --empty a table is a query, whose rows have no place. -#}
    {{ return('null' if flags.EMPTY else adapter.dispatch('place_in_table')()) }}
{%- endmacro %}

{% macro duckdb__place_in_table() -%}
    rowid
{%- endmacro %}

{% macro spark__place_in_table() -%}
    _metadata.row_index
{%- endmacro %}
