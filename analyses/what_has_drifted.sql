-- Which features of customers and of sales differ now from what they were, by more
-- than chance? The strongest first.
select
    dataset,
    unit,
    feature,
    comparison,
    reference_date,
    as_of_date,
    alert,
    psi,
    psi_by_chance,
    reference_mean,
    current_mean,
    unseen_share
from {{ ref('feature_drift') }}
where is_latest and alert <> 'none'
order by psi desc
