{#
    What a model wrote the last time, for the model itself to go on from: a new table
    is built beside the old one. None before the first build, with --full-refresh, in
    a unit test, and where an earlier version of the project wrote other columns.

    Input:  stored_relation(model['columns'])
    Output: the relation of the model, or none
#}
{% macro stored_relation(columns) %}
    {%- set stored = load_relation(this)
        if execute and this and not should_full_refresh() else none -%}
    {%- set found = adapter.get_columns_in_relation(stored)
        | map(attribute='name') | map('lower') | list if stored else [] -%}
    {{ return(stored if columns | list | sort == found | sort else none) }}
{% endmacro %}
