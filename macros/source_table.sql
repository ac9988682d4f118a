{#
    A table of a source as its YAML file describes it; empty while dbt parses.

    Input:  source_table('chocolate_sales', 'sales').columns.amount.meta.header
    Output: Amount
#}
{% macro source_table(dataset, table) %}
    {%- if execute -%}
        {%- for node in graph.sources.values()
            if node.source_name == dataset and node.name == table -%}
            {{ return(node) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return({'columns': {}, 'meta': {}}) }}
{% endmacro %}
