{% for dataset in datasets() %}
    select * from {{ ref('int_' ~ dataset ~ '__sale_lines') }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
