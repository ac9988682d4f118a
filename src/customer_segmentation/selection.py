"""How many segments: every k measured, one chosen, the reason beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_segmentation.definitions import Segmentation
from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import typed
from customer_segmentation.kmeans import Fit, fit_kmeans
from customer_segmentation.validity import (
    calinski_harabasz,
    davies_bouldin,
    elbow,
    silhouette_euclidean,
    silhouette_squared,
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
    "smallest_share": "float64",
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
    points: Floats, definition: Segmentation, current_k: int | None = None
) -> pd.DataFrame:
    """Measure every k of the definition and choose one.

    The rule: a k whose smallest segment holds less than the minimum share is
    rejected; among the others the smallest k is taken whose silhouette lies
    within one standard error of the best one (the one-standard-error rule of
    Breiman et al., 1984, applied to the silhouette of Rousseeuw, 1987). A fixed
    k is taken as it is, and measured beside the others all the same.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        Scaled features of the fitted entities.
    definition : Segmentation
        Its k, range of k, minimum share and fit options.

    Returns
    -------
    DataFrame
        One row per k, as in the table ``k_selection``. A k above the number of
        distinct points is left out. Silhouettes, Davies-Bouldin and
        Calinski-Harabasz are missing for k = 1.

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
    rows = pd.DataFrame(_measure(points, k, definition) for k in k_values)
    rows["segmentation"] = definition.name
    rows["is_elbow"] = rows.k == elbow(rows.k, rows.inertia)
    rows["is_accepted"] = (rows.k > 1) & (
        rows.smallest_share >= definition.minimum_share
    )
    chosen, why = _choose(rows, definition)
    rows["is_chosen"] = rows.k == chosen
    rows["reason"] = [
        _reason(row, chosen, why, definition) for row in rows.itertuples()
    ]
    return typed(rows, **COLUMNS)


def _measure(points: Floats, k: int, definition: Segmentation) -> dict[str, float]:
    fitted = fit(points, k, definition)
    silhouettes = np.sort(silhouette_squared(points, fitted.labels))
    euclidean = silhouette_euclidean(points, fitted.labels)
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
        "smallest_share": np.bincount(fitted.labels).min() / len(points),
    }


def _choose(rows: pd.DataFrame, definition: Segmentation) -> tuple[int, str]:
    if definition.k != "auto":
        return definition.k, "chosen: fixed by the definition"
    accepted = rows[rows.is_accepted]
    if accepted.empty:
        # Without a k that keeps the rule, the fewest segments break it least.
        return int(rows.k.min()), (
            "chosen: the smallest k, because none above 1 keeps the minimum share of "
            + _percent(definition.minimum_share)
        )
    best = accepted.loc[accepted.silhouette.idxmax()]
    floor = best.silhouette - best.silhouette_standard_error
    chosen = int(accepted.k[accepted.silhouette >= floor].min())
    if chosen == best.k:
        return chosen, f"chosen: best silhouette ({best.silhouette:.4f})"
    return chosen, (
        f"chosen: smallest k within one standard error "
        f"({best.silhouette_standard_error:.4f}) of the best silhouette "
        f"({best.silhouette:.4f} at k = {best.k:.0f})"
    )


def _reason(row, chosen: int, why: str, definition: Segmentation) -> str:
    if row.k == chosen:
        return why
    if row.k == 1:
        return "reference: one segment has no silhouette"
    if not row.is_accepted:
        return (
            f"rejected: the smallest segment holds {_percent(row.smallest_share)} of "
            f"the entities, the minimum is {_percent(definition.minimum_share)}"
        )
    if definition.k != "auto":
        return f"accepted, but k = {chosen} is fixed by the definition"
    return f"accepted, but k = {chosen} is preferred: {why.removeprefix('chosen: ')}"


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"
