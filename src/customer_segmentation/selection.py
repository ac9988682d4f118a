"""How many segments: every k measured, one chosen, the reason beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_segmentation.definitions import Segmentation
from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import typed
from customer_segmentation.kmeans import Fit, fit_kmeans
from customer_segmentation.stability import split_halves
from customer_segmentation.structure import (
    are_separated,
    reference_silhouettes,
    spread_ties,
    verdict,
)
from customer_segmentation.validity import (
    calinski_harabasz,
    davies_bouldin,
    elbow,
    silhouette_euclidean,
    silhouette_squared,
    simplified_silhouette,
)

__all__ = ["fit", "select_k"]

Floats = NDArray[np.float64]

COLUMNS = {
    "segmentation": "string",
    "k": "int64",
    "inertia": "float64",
    "silhouette": "float64",
    "silhouette_standard_error": "float64",
    "silhouette_euclidean": "float64",
    "silhouette_euclidean_low": "float64",
    "silhouette_euclidean_high": "float64",
    "davies_bouldin": "float64",
    "calinski_harabasz": "float64",
    "simplified_silhouette": "float64",
    "reference_silhouette": "float64",
    "split_half_ari": "float64",
    "score": "float64",
    "score_standard_error": "float64",
    "min_jaccard": "float64",
    "smallest_share": "float64",
    "structure": "string",
    "is_elbow": "bool",
    "is_accepted": "bool",
    "is_chosen": "bool",
    "reason": "string",
}


def fit(
    points: Floats, k: int, definition: Segmentation, start: Floats | None = None
) -> Fit:
    """Fit k segments as the definition says, from given centroids if there are."""
    return fit_kmeans(
        points,
        k,
        n_init=definition.n_init,
        max_iter=definition.max_iter,
        tolerance=definition.tolerance,
        random_state=definition.random_state,
        keep_order=definition.fit_order != "value",
        start=start,
    )


def select_k(
    points: Floats,
    definition: Segmentation,
    current_k: int | None = None,
    *,
    is_frozen: bool = False,
) -> pd.DataFrame:
    """Measure every k of the definition and choose one.

    A k is accepted if its smallest segment holds the minimum share and its least
    stable one has the minimum Jaccard similarity. The score of a k is its simplified
    silhouette over that of uniform data, times the agreement of fits on split
    halves (the adjusted Rand index). Of the accepted k the one with the highest
    score is chosen. A fixed k is taken as it is, and measured beside the others all
    the same. ``benchmarks/choosing_k.py`` compares the rule with others.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        Scaled features of the fitted entities.
    definition : Segmentation
        Its k, range of k, minimum share, minimum Jaccard similarity and fit
        options.
    current_k : int, optional
        The k in use. It is kept while it is accepted and its score lies below the
        best one by no more than the standard error of their difference, over the
        splits: a tie is no reason to replace segments that people know.
    is_frozen : bool
        Keep the k in use, whatever the scores are.

    Returns
    -------
    DataFrame
        One row per k, as in the table ``k_selection``. A k above the number of
        distinct points is left out. Where k = 1, only inertia and share are known;
        where a half has fewer rows than k, neither stability nor score.

    Raises
    ------
    SegmentationError
        If a fixed k, or every k of the range, is more than the number of distinct
        points.
    """
    distinct = len(np.unique(points, axis=0))
    k_values = [k for k in definition.k_values if k <= distinct]
    if definition.k != "auto" and definition.k > distinct:
        k_values = [definition.k]  # let the fit say what is wrong
    if not k_values:
        raise SegmentationError(
            f"k_range begins at {definition.k_range[0]}, but the {len(points)} fitted "
            f"entities have only {distinct} distinct values. Lower k_range or add "
            "features that vary."
        )
    references = reference_silhouettes(points, k_values)
    spread = spread_ties(points)
    rows = pd.DataFrame(
        _measure(points, spread, k, references[k], definition) for k in k_values
    )
    rows["segmentation"] = definition.name
    rows["is_elbow"] = rows.k == elbow(rows.k, rows.inertia)
    faults = [_faults(row, definition) for row in rows.itertuples()]
    rows["is_accepted"] = (rows.k > 1) & (np.array(faults) == "")
    chosen, why = _choose(rows, definition, current_k, is_frozen)
    rows["is_chosen"] = rows.k == chosen
    rows["reason"] = [
        _reason(row, found, chosen, why, definition)
        for row, found in zip(rows.itertuples(), faults, strict=True)
    ]
    return typed(rows, **COLUMNS)


def _measure(
    points: Floats, spread: Floats, k: int, reference: float, definition: Segmentation
) -> dict[str, float | str | None]:
    fitted = fit(points, k, definition)
    silhouettes = np.sort(silhouette_squared(points, fitted.labels))
    euclidean = silhouette_euclidean(points, fitted.labels)
    simplified = np.sort(simplified_silhouette(points, fitted.centroids)).mean()
    stability = split_halves(
        points, fitted.centroids, random_state=definition.random_state
    )
    scores = simplified / reference * stability.agreement
    # A half may lack every row of a small segment.
    jaccard = pd.DataFrame(stability.jaccard).mean().min(skipna=False)
    return {
        "k": k,
        "inertia": fitted.inertia,
        "silhouette": silhouettes.mean(),
        "silhouette_standard_error": silhouettes.std() / np.sqrt(len(points)),
        "silhouette_euclidean": euclidean.value,
        "silhouette_euclidean_low": euclidean.low,
        "silhouette_euclidean_high": euclidean.high,
        "davies_bouldin": davies_bouldin(points, fitted.labels),
        "calinski_harabasz": calinski_harabasz(points, fitted.labels),
        "simplified_silhouette": simplified,
        "reference_silhouette": reference,
        "split_half_ari": stability.agreement.mean(),
        "score": scores.mean(),
        "score_standard_error": scores.std(ddof=1) / np.sqrt(len(scores)),
        "min_jaccard": jaccard,
        "smallest_share": np.bincount(fitted.labels).min() / len(points),
        "structure": verdict(
            are_separated(spread, fitted.centroids), jaccard, simplified, reference
        ),
    }


def _faults(row, definition: Segmentation) -> str:
    """Say why this k is not accepted; nothing if it is."""
    faults = []
    if row.smallest_share < definition.minimum_share:
        faults.append(
            f"the smallest segment holds {_percent(row.smallest_share)} of the "
            f"entities, the minimum is {_percent(definition.minimum_share)}"
        )
    if row.min_jaccard < definition.minimum_jaccard:
        faults.append(
            "the least stable segment has a Jaccard similarity of "
            f"{row.min_jaccard:.4g}, the minimum is {definition.minimum_jaccard:g}"
        )
    return "; ".join(faults)


def _choose(
    rows: pd.DataFrame,
    definition: Segmentation,
    current_k: int | None,
    is_frozen: bool,
) -> tuple[int, str]:
    if definition.k != "auto":
        return definition.k, "fixed by the definition"
    if is_frozen and current_k in set(rows.k):
        return current_k, "in use, and the model is frozen"
    accepted = rows[rows.is_accepted]
    if accepted.empty:
        # Without a k that keeps the rule, the fewest segments break it least.
        return int(rows.k.min()), (
            "the smallest k, because none above 1 keeps the minimum share of "
            f"{_percent(definition.minimum_share)} and the minimum Jaccard similarity "
            f"of {definition.minimum_jaccard:g}"
        )
    if accepted.score.isna().all():
        return int(accepted.k.min()), (
            "the smallest accepted k, because none has a score: too few entities were "
            "fitted"
        )
    best = accepted.loc[accepted.score.idxmax()]
    for current in accepted[accepted.k == current_k].itertuples():
        error = np.hypot(best.score_standard_error, current.score_standard_error)
        if current.k != best.k and best.score - current.score <= error:
            return current.k, (
                f"in use, and not clearly worse: score {current.score:.4f}, best "
                f"{best.score:.4f} at k = {best.k:.0f}, standard error of the "
                f"difference {error:.4f}"
            )
    measured = (rows.k > 1).sum()
    if len(accepted) == 1:
        return int(best.k), f"the only accepted k of {measured}"
    return int(best.k), (
        f"best score ({best.score:.4f}) of {len(accepted)} accepted k of {measured}"
    )


def _reason(row, faults: str, chosen: int, why: str, definition: Segmentation) -> str:
    if row.k == chosen:
        return f"chosen: {why}"
    if row.k == 1:
        return "reference: one segment has no silhouette"
    if faults:
        return f"rejected: {faults}"
    if definition.k != "auto":
        return f"accepted, but k = {chosen} is {why}"
    return f"accepted, but k = {chosen} is preferred: {why}"


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
