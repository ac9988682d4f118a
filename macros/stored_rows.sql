{#
    What a model with a contract wrote the last time, for the model itself to go on
    from: a new table is built beside the old one. Without one, or with one of an
    earlier version of the project that lacks a column, there are no rows.

    Input:  {{ stored_rows() }}
    Output: select * from customer_segments
#}
{% macro stored_rows() %}
    {%- set stored = load_relation(this) if execute else none -%}
    {%- set found = adapter.get_columns_in_relation(stored)
        | map(attribute='name') | map('lower') | list if stored else [] -%}
    {%- if model['columns'] | reject('in', found) | list -%}
        {{ get_empty_schema_sql(model['columns']) }} where false
    {%- else -%}
        select * from {{ stored }}
    {%- endif -%}
{% endmacro %}
