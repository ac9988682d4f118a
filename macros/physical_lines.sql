{#
    The lines of a file as they stand in it, one text each, whatever they hold.

    Input:  select count(*) from {{ physical_lines('/data/sales.csv') }}
    Output: a relation with the column line
#}
{% macro physical_lines(path) -%}
    read_csv(
        {{ text_literal(path) }},
        auto_detect = false, header = false, delim = '\x01', quote = '',
        escape = '', encoding = 'utf-8', strict_mode = false,
        columns = {'line': 'varchar'}
    )
{%- endmacro %}
