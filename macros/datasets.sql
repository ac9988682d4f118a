{#
    The datasets that the project knows. Each has a staging folder with a model
    raw_<dataset>, and a model int_<dataset>__sale_lines.

    Input:  {% for dataset in datasets() %}
    Output: chocolate_sales, online_retail
#}
{% macro datasets() %}
    {{ return(['chocolate_sales', 'online_retail']) }}
{% endmacro %}
