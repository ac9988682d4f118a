-- A returned row is a chosen k that has a segment too small or too unstable, or
-- lies further below the best score than their errors, although a better k was
-- there to be chosen. A frozen model keeps the k that it was trained with.
with k_selection as (
    select * from {{ ref('k_selection') }}
),

segmentations as (
    select * from {{ ref('segmentations') }}
),

accepted as (
    select
        segmentation,
        max(score) - max_by(score_standard_error, score) as lowest_score
    from k_selection
    where is_accepted
    group by segmentation
),

final as (
    select
        k_selection.segmentation,
        k_selection.k,
        k_selection.smallest_share,
        k_selection.min_jaccard,
        k_selection.score,
        accepted.lowest_score
    from k_selection
    inner join segmentations
        on k_selection.segmentation = segmentations.segmentation
    inner join accepted
        on k_selection.segmentation = accepted.segmentation
    where
        segmentations.k is null
        and k_selection.is_chosen
        and k_selection.reason not like '%frozen%'
        and (
            not k_selection.is_accepted
            or k_selection.smallest_share < segmentations.minimum_share
            or k_selection.score + k_selection.score_standard_error
            < accepted.lowest_score
        )
)

select * from final
