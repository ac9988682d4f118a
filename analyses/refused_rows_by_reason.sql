-- Why were rows refused, how many, and what do they look like?
select
    dataset,
    reasons,
    count(*) as refused_rows,
    min(line_number) as first_line,
    min_by(raw_row, line_number) as first_row
from {{ ref('rejected_rows') }}
group by dataset, reasons
order by refused_rows desc, reasons asc
