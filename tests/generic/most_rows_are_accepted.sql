{#
    Fails where more than half of a staging model's rows are refused: that is no
    load with a few bad rows, but a wrong format or column. What is built from it
    then stays as it was.

    data_tests: [most_rows_are_accepted]
#}
{% test most_rows_are_accepted(model) %}

select
    count(*) as rows_read,
    count(case when rejection_reasons is null then 1 end) as rows_accepted
from {{ model }}
having count(*) > 2 * count(case when rejection_reasons is null then 1 end)

{% endtest %}
