{#
    Fails with each combination of the columns that stands in several rows.

    data_tests:
      - unique_combination:
          arguments: {columns: [dataset, customer_id]}
#}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as rows_alike
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
