"""Measures of how well a clustering fits, to choose the number of clusters.

Each measure is the same bit for bit for any order of the rows. With one cluster
there is nothing to compare, and every measure is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

from customer_segmentation.errors import SegmentationError
from customer_segmentation.kmeans import (
    Floats,
    check_count,
    check_points,
    nearest,
    one_thread,
    squared_distances,
)

__all__ = [
    "Estimate",
    "calinski_harabasz",
    "davies_bouldin",
    "elbow",
    "silhouette_euclidean",
    "silhouette_squared",
    "simplified_silhouette",
]

_FLOOR = 30  # fewest sampled points of a cluster, for its variance to be known
_Z95 = 1.959964  # 97.5 % quantile of the normal distribution
_CELLS = 2**22  # distances held at a time: 32 MiB
_BEND = 1e-9  # an elbow this flat is rounding, the chord being 1 by 1


class Estimate(NamedTuple):
    """A value and its 95 % confidence interval; both ends equal it if exact."""

    value: float
    low: float
    high: float


def silhouette_squared(points: ArrayLike, labels: ArrayLike) -> Floats:
    """Exact silhouette of every point, for squared Euclidean distances.

    The squared distances of a point to all n_C points of a cluster C add up to
    ``n_C * |x - mean_C|**2 + W_C``, with W_C the sum of the squared distances
    within C to its mean. So the time is O(n k d) in place of O(n**2 d). The mean
    is that of `sklearn.metrics.silhouette_score` with ``metric="sqeuclidean"``.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Scaled features.
    labels : array_like of int, shape (n,)
        Cluster of each point, 0-based.

    Returns
    -------
    ndarray of float64, shape (n,)
        From -1 to 1; 0 for the only point of a cluster; NaN if there is one
        cluster.

    Raises
    ------
    SegmentationError
        If the points are not a two-dimensional array of finite numbers, or the
        labels not one whole number of at least 0 for each of them.

    References
    ----------
    Rousseeuw (1987), Silhouettes: a graphical aid to the interpretation and
    validation of cluster analysis, J. Comput. Appl. Math. 20.

    Examples
    --------
    >>> silhouette_squared([[0.0], [1.0], [4.0]], [0, 0, 1]).round(4).tolist()
    [0.9375, 0.8889, 0.0]
    """
    data = _Clusters.of(points, labels)
    values = np.empty(len(data.rows))
    values[data.order] = _silhouette_squared(data)
    return values


def silhouette_euclidean(
    points: ArrayLike,
    labels: ArrayLike,
    *,
    exact_up_to: int = 5000,
    sample_size: int = 1000,
    random_state: int = 0,
) -> Estimate:
    """Mean silhouette for Euclidean distances, exact or from a sample.

    Above the limit, points are drawn from each cluster in proportion to its
    size and compared with ALL points, so each silhouette is exact and the only
    error is that of the mean over the sample.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Scaled features.
    labels : array_like of int, shape (n,)
        Cluster of each point, 0-based.
    exact_up_to : int
        Largest n for which all points are used, in O(n**2 d).
    sample_size : int
        Number of points to draw. Of each cluster at least 30 are drawn (or all
        of a smaller one), so a few more than this may be used.
    random_state : int
        Seed of the draw.

    Returns
    -------
    Estimate
        With the 95 % interval from the stratified standard error; without
        sampling, its ends equal the value. All NaN if there is one cluster.

    Raises
    ------
    SegmentationError
        If points or labels cannot be used (see `silhouette_squared`), or if
        `exact_up_to` or `sample_size` is not a whole number of at least 1.

    References
    ----------
    Rousseeuw (1987), Silhouettes: a graphical aid to the interpretation and
    validation of cluster analysis, J. Comput. Appl. Math. 20.
    Cochran (1977), Sampling Techniques, 3rd ed., chapter 5.

    Examples
    --------
    >>> silhouette_euclidean([[0.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1]).value
    0.746031746031746
    """
    data = _Clusters.of(points, labels)
    check_count("exact_up_to", exact_up_to)
    check_count("sample_size", sample_size)
    n = len(data.rows)
    if len(data.sizes) < 2:
        return Estimate(np.nan, np.nan, np.nan)
    if n <= exact_up_to:
        value = float(_silhouette_euclidean(data, np.arange(n)).mean())
        return Estimate(value, value, value)
    return _sampled_silhouette(data, sample_size, random_state)


def simplified_silhouette(points: ArrayLike, centroids: ArrayLike) -> Floats:
    """Silhouette of every point with distances to centroids for mean distances.

    It is the column ``confidence`` of customer_segments, asks for n k distances
    only, and finds the number of clusters about as often as the silhouette.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Scaled features.
    centroids : array_like, shape (k, d)
        In the same features and units.

    Returns
    -------
    ndarray of float64, shape (n,)
        1 - distance to the nearest centroid / distance to the second-nearest: from
        0 half-way between two to 1 at a centroid. NaN if there is one centroid.

    Raises
    ------
    SegmentationError
        If points or centroids cannot be used (see `nearest`).

    References
    ----------
    Vendramin, Campello and Hruschka (2010), Relative clustering validity criteria:
    a comparative overview, Stat. Anal. Data Min. 3.

    Examples
    --------
    >>> simplified_silhouette([[1.0], [3.0]], [[0.0], [4.0], [9.0]]).round(4).tolist()
    [0.6667, 0.6667]
    """
    _, own, _, second = nearest(points, centroids)
    values = np.where(np.isnan(second), np.nan, 0.0)
    np.divide(second - own, second, out=values, where=second > 0)
    return values


def davies_bouldin(points: ArrayLike, labels: ArrayLike) -> float:
    """Davies-Bouldin index: mean likeness of each cluster to its most alike one.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Scaled features.
    labels : array_like of int, shape (n,)
        Cluster of each point, 0-based.

    Returns
    -------
    float
        At least 0, lower is better; that of scikit-learn. It means nothing where
        two centroids coincide, which those of k-means do not. NaN if there is one
        cluster, if every point is one, or if all points are equal.

    Raises
    ------
    SegmentationError
        If points or labels cannot be used (see `silhouette_squared`).

    References
    ----------
    Davies and Bouldin (1979), A cluster separation measure, IEEE Trans. Pattern
    Anal. Mach. Intell. 1.

    Examples
    --------
    >>> davies_bouldin([[0.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1])
    0.25
    """
    return _score(davies_bouldin_score, points, labels, perfect=0.0)


def calinski_harabasz(points: ArrayLike, labels: ArrayLike) -> float:
    """Calinski-Harabasz index: variance between clusters over that within them.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Scaled features.
    labels : array_like of int, shape (n,)
        Cluster of each point, 0-based.

    Returns
    -------
    float
        At least 0, higher is better; that of scikit-learn, except that it is
        infinite where the points of each cluster are equal (there, 1 or a
        rounding error's inverse). NaN if there is one cluster, if every point is
        one, or if all points are equal.

    Raises
    ------
    SegmentationError
        If points or labels cannot be used (see `silhouette_squared`).

    References
    ----------
    Calinski and Harabasz (1974), A dendrite method for cluster analysis, Commun.
    Stat. 3.

    Examples
    --------
    >>> calinski_harabasz([[0.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1])
    32.0
    """
    return _score(calinski_harabasz_score, points, labels, perfect=np.inf)


def elbow(k_values: ArrayLike, inertias: ArrayLike) -> int | None:
    """Find the k at which the curve of inertia bends most.

    Both axes are scaled to 0..1; the elbow is the point farthest below the
    chord between the first and the last point.

    Parameters
    ----------
    k_values : array_like of int, shape (m,)
        Numbers of clusters, each once, in any order.
    inertias : array_like, shape (m,)
        Inertia of the fit for each of them.

    Returns
    -------
    int or None
        The smallest of the k that are farthest. None if there are fewer than
        three points, if the last inertia is not below the first, or if no point
        lies below the chord.

    Raises
    ------
    SegmentationError
        If the two differ in length, hold anything but finite numbers, or if a k
        is not a whole number or is repeated.

    References
    ----------
    Satopaa, Albrecht, Irwin and Raghavan (2011), Finding a "kneedle" in a
    haystack: detecting knee points in system behavior, ICDCS Workshops.

    Examples
    --------
    >>> elbow([1, 2, 3, 4, 5], [100, 50, 20, 15, 12])
    3
    >>> elbow([1, 2, 3], [30, 20, 10]) is None
    True
    """
    k, inertia = np.atleast_1d(k_values, inertias)
    if k.ndim != 1 or k.shape != inertia.shape:
        raise SegmentationError(
            f"k_values have shape {k.shape}, inertias {inertia.shape}. Give one "
            "inertia for each k."
        )
    if not len(k):
        return None
    check_points(inertia[:, None], "inertias")
    k = _whole(k, "k_values")
    if repeated := len(k) - len(np.unique(k)):
        raise SegmentationError(
            f"{repeated} of {len(k)} k_values are repeated. Give each k once."
        )
    order = np.argsort(k)
    return _elbow(k[order], inertia[order].astype(np.float64))


# --------------------------------------------------------------- the computations


class _Clusters(NamedTuple):
    """Centred points, sorted by cluster and then by value."""

    rows: Floats  # (n, d)
    order: NDArray[np.intp]  # (n,): rows[i] is the given row order[i]
    starts: NDArray[np.intp]  # (k,): first row of each cluster
    sizes: NDArray[np.intp]  # (k,)

    @property
    def index(self) -> NDArray[np.intp]:
        """Cluster of each row, 0 to k - 1."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @classmethod
    def of(cls, points: ArrayLike, labels: ArrayLike) -> _Clusters:
        points = check_points(points)
        labels = np.asarray(labels)
        if labels.shape != points.shape[:1] or not len(labels):
            raise SegmentationError(
                f"points have {len(points)} rows, labels shape {labels.shape}. Give "
                "at least 1 row, and one label for each."
            )
        labels = _whole(labels, "labels")
        order = np.lexsort((*points.T[::-1], labels))
        rows = points[order]
        # No measure depends on the origin, but the digits that are left do.
        rows -= rows.mean(axis=0)
        _, starts, sizes = np.unique(
            labels[order], return_index=True, return_counts=True
        )
        return cls(rows, order, starts, sizes)


def _whole(values: NDArray, name: str) -> NDArray[np.int64]:
    """Return values as int64, or refuse what is not a whole number from 0 on."""
    kind_ok = np.issubdtype(values.dtype, np.integer)
    if not kind_ok or values.min() < 0:
        found = f"a least value of {values.min()}" if kind_ok else f"{values.dtype}"
        raise SegmentationError(
            f"{name} have {found}. Give whole numbers of at least 0."
        )
    return values.astype(np.int64)


def _silhouette_squared(data: _Clusters) -> Floats:
    if len(data.sizes) < 2:
        return np.full(len(data.rows), np.nan)
    sizes, index = data.sizes, data.index
    # Measured from its first row, the mean of equal rows is exactly that row: their
    # distances are 0, not rounding errors of which a ratio would be taken.
    first = data.rows[data.starts]
    sums = np.add.reduceat(data.rows - first[index], data.starts)
    means = first + sums / sizes[:, None]
    columns = np.ascontiguousarray(data.rows.T)
    own = squared_distances(columns, means[index].T)
    spread = np.add.reduceat(own, data.starts)  # W_C
    nearest_other = np.full(len(data.rows), np.inf)
    for cluster, (mean, size) in enumerate(zip(means, sizes, strict=True)):
        to_cluster = squared_distances(columns, mean) + spread[cluster] / size
        to_cluster[index == cluster] = np.inf
        np.minimum(nearest_other, to_cluster, out=nearest_other)
    return _silhouette(own * sizes[index] + spread[index], nearest_other, sizes[index])


def _silhouette_euclidean(data: _Clusters, chosen: NDArray[np.intp]) -> Floats:
    """Silhouettes of the chosen rows among all rows."""
    values = np.empty(len(chosen))
    step = max(1, _CELLS // len(data.rows))
    index = data.index
    for start in range(0, len(chosen), step):
        block = chosen[start : start + step]
        own = np.arange(len(block)), index[block]
        # Distances by cdist, not by matrix product: no digits cancel in them.
        sums = np.add.reduceat(cdist(data.rows[block], data.rows), data.starts, axis=1)
        within = sums[own]
        to_others = sums / data.sizes
        to_others[own] = np.inf
        values[start : start + step] = _silhouette(
            within, to_others.min(axis=1), data.sizes[own[1]]
        )
    return values


def _silhouette(
    own_sum: Floats, nearest_other: Floats, size: NDArray[np.intp]
) -> Floats:
    """Silhouettes from the sum of distances within and the mean to the next one."""
    own = own_sum / np.maximum(size - 1, 1)
    larger = np.maximum(own, nearest_other)
    defined = (size > 1) & (larger > 0)
    values = np.zeros(len(own))
    np.divide(nearest_other - own, larger, out=values, where=defined)
    return values


def _sampled_silhouette(
    data: _Clusters, sample_size: int, random_state: int
) -> Estimate:
    shares = data.sizes / len(data.rows)
    wanted = np.rint(shares * sample_size).astype(np.intp)
    drawn = np.minimum(data.sizes, np.maximum(wanted, _FLOOR))
    random = np.random.default_rng(random_state)
    chosen = [
        start + random.choice(size, count, replace=False)
        for start, size, count in zip(data.starts, data.sizes, drawn, strict=True)
    ]
    values = _silhouette_euclidean(data, np.concatenate(chosen))
    strata = np.split(values, np.cumsum(drawn)[:-1])
    means = np.array([stratum.mean() for stratum in strata])
    # A cluster that is drawn whole adds no sampling error.
    variances = [
        stratum.var(ddof=1) / len(stratum) * (1 - len(stratum) / size)
        if len(stratum) < size
        else 0.0
        for stratum, size in zip(strata, data.sizes, strict=True)
    ]
    value = float((shares * means).sum())
    margin = float(_Z95 * np.sqrt((shares**2 * variances).sum()))
    return Estimate(value, max(value - margin, -1.0), min(value + margin, 1.0))


def _score(
    measure: Callable, points: ArrayLike, labels: ArrayLike, *, perfect: float
) -> float:
    """Apply a measure of scikit-learn where it is more than rounding errors."""
    data = _Clusters.of(points, labels)
    if not 2 <= len(data.sizes) < len(data.rows) or (data.rows == data.rows[0]).all():
        return float("nan")
    if (data.rows == data.rows[data.starts][data.index]).all():
        return perfect
    with one_thread():
        return float(measure(data.rows, data.index))


def _elbow(k: NDArray[np.int64], inertia: Floats) -> int | None:
    if len(k) < 3 or inertia[-1] >= inertia[0]:
        return None
    x = (k - k[0]) / (k[-1] - k[0])
    y = (inertia - inertia[-1]) / (inertia[0] - inertia[-1])
    below = (1 - x) - y
    best = int(below.argmax())
    return int(k[best]) if below[best] > _BEND else None
