{#
    Fails with each row that the condition is false for. Where it cannot be
    decided, because a value is NULL, it holds: say not_null beside it.

    data_tests:
      - expression_holds:
          arguments: {expression: net_amount = gross_amount - discount_amount}
#}
{% test expression_holds(model, expression, column_name=none) %}

select *
from {{ model }}
where not ({{ expression }})

{% endtest %}
