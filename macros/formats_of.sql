{#
    How a table writes its dates and decimals: as its input says, otherwise as its
    source does.

    Input:  formats_of('chocolate_sales', 'sales')
    Output: {'date': '%d-%b-%y', 'date_example': '04-Jan-22', 'decimal_sign': '.'}
#}
{% macro formats_of(dataset, table) %}
    {%- set given = input_of(dataset, table) -%}
    {%- set given = given if given is mapping else {} -%}
    {%- set date = given.date_format
        or source_table(dataset, table).meta.date_format
        or '%Y-%m-%d %H:%M:%S' -%}
    {{ return({
        'date': date,
        'date_example': modules.datetime.datetime(2022, 1, 4, 15, 30).strftime(
            date
        ),
        'decimal_sign': given.decimal_sign or '.',
    }) }}
{% endmacro %}
