{#
    Features of customers that grow by themselves as the history does, as a list for
    `in`: over their lifetime they are not compared.

    Input:  source_column in ({{ growing_features() }})
    Output: 'orders', 'lines', …
#}
{% macro growing_features() -%}
    '{{ [
        'orders', 'lines', 'distinct_products', 'distinct_categories', 'quantity',
        'returned_quantity', 'spend', 'spend_before_returns', 'tenure_days',
        'campaigns_received', 'campaigns_answered', 'coupons_redeemed',
    ] | join("', '") }}'
{%- endmacro %}
