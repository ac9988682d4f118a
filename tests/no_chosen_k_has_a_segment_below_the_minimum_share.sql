-- A returned row is a chosen k with a segment that is too small, although a k
-- without one was there to be chosen.
select
    k_selection.segmentation,
    k_selection.k,
    k_selection.smallest_share
from {{ ref('k_selection') }} as k_selection
inner join {{ ref('segmentations') }} as segmentations
    on k_selection.segmentation = segmentations.segmentation
where
    segmentations.k is null
    and k_selection.is_chosen
    and k_selection.smallest_share < segmentations.minimum_share
    and k_selection.segmentation in (
        select accepted.segmentation
        from {{ ref('k_selection') }} as accepted
        where accepted.is_accepted
    )
