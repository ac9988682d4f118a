{#
    Name and type of each column of an input that is a table or view; none where
    there is no such relation.

    Input:  columns_of_relation(ask_library({…}))
    Output: {'customer': 'BIGINT', 'sold_at': 'TIMESTAMP'}
#}
{% macro columns_of_relation(answer) %}
    {{ return(adapter.dispatch('columns_of_relation')(answer)) }}
{% endmacro %}

{% macro duckdb__columns_of_relation(answer) %}
    {%- set found = {} -%}
    {%- for row in run_query(answer.columns_sql).rows -%}
        {%- do found.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{% macro spark__columns_of_relation(answer) %}
    {%- set relation = api.Relation.create(identifier=answer.relation) -%}
    {%- set found = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do found.update({column.name: column.dtype}) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
