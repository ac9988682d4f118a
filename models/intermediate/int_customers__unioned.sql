{# Each source's own columns; what it does not know is NULL. #}
{% set columns = {
    'country': 'string',
    'gender': 'string',
    'age': 'bigint',
    'age_band': 'string',
    'income': 'decimal(18, 2)',
    'income_band': 'string',
    'education': 'string',
    'occupation': 'string',
    'marital_status': 'string',
    'home_ownership': 'string',
    'household_size': 'bigint',
    'household_composition': 'string',
    'children': 'bigint',
    'spending_score': 'bigint',
} %}
{% set sources = {
    'complete_journey': {
        'relation': ref('stg_complete_journey__demographics'),
        'customer_id': 'household_id',
        'known': {
            'age_band': 'age_band',
            'income_band': 'income_band',
            'marital_status': 'marital_status',
            'home_ownership': 'home_ownership',
            'household_size': 'household_size',
            'household_composition': 'household_composition',
            'children': 'children',
        },
    },
    'mall_customers': {
        'relation': ref('stg_mall_customers__customers'),
        'customer_id': 'customer_id',
        'known': {
            'gender': 'gender',
            'age': 'age',
            'income': 'annual_income_thousands * 1000',
            'spending_score': 'spending_score',
        },
    },
    'own': {
        'relation': ref('stg_own__customers'),
        'customer_id': 'customer_id',
        'known': {
            'country': 'country',
            'gender': 'gender',
            'age': 'age',
            'age_band': 'age_band',
            'income': 'income',
            'income_band': 'income_band',
            'education': 'education',
            'occupation': 'occupation',
            'marital_status': 'marital_status',
            'household_size': 'household_size',
        },
    },
} %}

{% for dataset, customers in sources.items() %}
    select
        '{{ dataset }}' as dataset,
        {% for column, data_type in columns.items() %}
            cast({{ customers.known[column] or 'null' }} as {{ data_type }})
                as {{ column }},
        {% endfor %}
        {{ customers.customer_id }} as customer_id
    from {{ customers.relation }}
    where rejection_reasons is null
    {% if not loop.last %}union all{% endif %}
{% endfor %}
