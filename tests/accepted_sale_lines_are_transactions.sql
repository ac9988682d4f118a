-- A returned row is a table of sale lines of which accepted rows are missing
-- from transactions, or stand there more than once.

with loaded as (

    select
        dataset,
        rows_accepted
    from {{ ref('source_loads') }}
    where
        source_table in (
            'sales', 'invoice_lines', 'order_lines', 'transactions',
            'sale_lines'
        )

),

found as (

    select
        dataset,
        count(*) as accepted_lines
    from {{ ref('transactions') }}
    group by dataset

)

select
    loaded.*,
    found.accepted_lines
from loaded
left join found
    on loaded.dataset = found.dataset
where loaded.rows_accepted <> coalesce(found.accepted_lines, 0)
