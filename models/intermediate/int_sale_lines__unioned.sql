{% set datasets_with_sales = [
    'chocolate_sales', 'complete_journey', 'ecommerce_orders', 'online_retail',
    'own', 'sales_records',
] %}

{% for dataset in datasets_with_sales %}
    select * from {{ ref('int_' ~ dataset ~ '__sale_lines') }}
    {% if not loop.last %}union all{% endif %}
{% endfor %}
