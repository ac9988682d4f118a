{#
    Fails with one row where the relation has none: an empty file is read without
    an error. A build with --empty means it.

    data_tests: [is_not_empty]
#}
{% test is_not_empty(model) %}

select 'no rows' as fault
from (select count(*) as rows_found from {{ model }}) as counted
where rows_found = 0 and not {{ flags.EMPTY or false }}

{% endtest %}
