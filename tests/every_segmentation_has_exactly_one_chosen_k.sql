-- A returned row is a segmentation with no chosen k, or with several.
select
    segmentation,
    count(*) filter (where is_chosen) as chosen
from {{ ref('k_selection') }}
group by segmentation
having count(*) filter (where is_chosen) <> 1
