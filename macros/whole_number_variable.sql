{#
    A var that holds a whole number of at least 1. Any other value stops the run.

    Input:  {{ whole_number_variable('short_window_days') }}
    Output: 90
#}
{% macro whole_number_variable(name) %}
    {%- set value = var(name) -%}
    {%- if value is not integer or value is boolean or value < 1 -%}
        {%- do exceptions.raise_compiler_error(
            'The var "' ~ name ~ '" is "' ~ value
            ~ '"; needed is a whole number of at least 1.'
        ) -%}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}
