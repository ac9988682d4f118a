-- A returned row is a segmentation with no chosen k, or with several.
select
    segmentation,
    count(case when is_chosen then 1 end) as chosen
from {{ ref('k_selection') }}
group by segmentation
having count(case when is_chosen then 1 end) <> 1
