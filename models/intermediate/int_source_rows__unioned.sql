{% for dataset, tables in var('datasets').items() %}
    {% set is_last_dataset = loop.last %}
    {% for table in tables %}
        select
            '{{ dataset }}' as dataset,
            '{{ table }}' as source_table,
            source_file,
            line_number,
            raw_row,
            rejection_reasons
        from {{ ref('stg_' ~ dataset ~ '__' ~ table) }}
        {% if not (is_last_dataset and loop.last) %}union all{% endif %}
    {% endfor %}
{% endfor %}
