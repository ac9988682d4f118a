-- A returned row is a dataset of which lines were lost, or counted twice.
select *
from {{ ref('source_loads') }}
where rows_read <> rows_accepted + rows_refused
