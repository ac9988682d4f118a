{#
    Where the entities of a segmentation stand: the relation with their features, the
    column that identifies one, and the condition that selects them.

    Input:  entities_of({'dataset': 'own', 'grain': 'sale', 'where': 'amount > 0'})
    Output: {'relation': sale_features, 'key': 'transaction_line_id',
             'condition': "dataset = 'own' and transaction_line_id is not null and …"}
#}
{% macro entities_of(definition) %}
    {%- set sources = {
        'customer': (ref('customer_features'), 'customer_id'),
        'sale': (ref('sale_features'), 'transaction_line_id'),
        'published': (ref('int_published_customer_features'), 'customer_id'),
    } -%}
    {%- set source = 'published' if definition.features_from == 'published'
        else definition.grain or 'customer' -%}
    {#- A wrong definition must not stop dbt before `segmentations` names it. -#}
    {%- set relation, key = sources.get(source, sources['customer']) -%}
    {%- set condition -%}
        dataset = '{{ definition.dataset }}'
        and {{ key }} is not null
        -- The condition may end in a comment.
        and ({{ definition.where or 'true' }}
        )
    {%- endset -%}
    {{ return({'relation': relation, 'key': key, 'condition': condition}) }}
{% endmacro %}
