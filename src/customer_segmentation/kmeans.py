"""K-means that gives the same result, bit for bit, for any order of the rows.

scikit-learn finds the centroids; this module takes away what its result depends
on besides the data: the order of the rows, the number of threads and the
numbering of the clusters. The centroids alone are the model: a row belongs to
the nearest one (`nearest`), here and in the SQL that scores other rows.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import ThreadpoolController

from customer_segmentation.errors import SegmentationError

__all__ = ["Fit", "fit_kmeans", "nearest"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LARGEST = 1e100  # squares of such values, and sums of the squares, do not overflow
_BLOCK = 32_768  # rows at a time: k distances for each of them stay in the cache
_ALONE = RLock()


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted k-means.

    Attributes
    ----------
    centroids : ndarray of float64, shape (k, d)
        In canonical order: by first coordinate, then by second, and so on.
    labels : ndarray of int64, shape (n,)
        Index of the nearest centroid, 0 to k - 1; ties go to the lowest index.
    distances : ndarray of float64, shape (n,)
        Euclidean distance to the own centroid, in the units of the points.
    inertia : float
        Sum of the squared distances.
    """

    centroids: Floats
    labels: Ints
    distances: Floats
    inertia: float


def fit_kmeans(
    points: ArrayLike,
    k: int,
    *,
    n_init: int = 10,
    max_iter: int = 500,
    tolerance: float = 0.0,
    random_state: int = 0,
    keep_order: bool = False,
    start: ArrayLike | None = None,
) -> Fit:
    """Group points around k centroids.

    The result is the same bit for bit for any order of the rows (unless
    `keep_order`) and any number of threads. Fits that run in several Python
    threads wait for each other.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Scaled features, one row per entity.
    k : int
        Number of clusters, from 1 to the number of distinct rows.
    n_init : int
        Number of k-means++ starts; the one of lowest inertia is kept.
    max_iter : int
        Largest number of iterations of each start.
    tolerance : float
        Stop when the centroids move by less than this share of the mean variance
        of the features. With 0 a start ends only when no label changes, so that
        each centroid is the mean of its points.
    random_state : int
        Seed of the starts.
    keep_order : bool
        Leave the rows as they are instead of sorting them by value. Published
        work with a single start depends on the order of its file.
    start : array_like, shape (k, d), optional
        Centroids to start from, in place of `n_init` starts.

    Returns
    -------
    Fit
        Labels and distances are in the order of the given rows. No cluster is
        empty.

    Raises
    ------
    SegmentationError
        If the points are not a two-dimensional array of finite numbers, if k,
        `n_init` or `max_iter` is not a whole number of at least 1, if there are
        fewer than k distinct rows, or if `start` has another shape.

    References
    ----------
    Lloyd (1982), Least squares quantization in PCM, IEEE Trans. Inf. Theory 28.
    Arthur and Vassilvitskii (2007), k-means++: the advantages of careful
    seeding, SODA.

    Examples
    --------
    >>> fit = fit_kmeans([[9.0], [0.0], [11.0], [2.0]], 2)
    >>> fit.centroids.ravel().tolist()
    [1.0, 10.0]
    >>> fit.labels.tolist()
    [1, 0, 1, 0]
    >>> fit.inertia
    4.0
    """
    points = check_points(points)
    for name, value in {"k": k, "n_init": n_init, "max_iter": max_iter}.items():
        check_count(name, value)
    rows = points[np.lexsort(points.T[::-1])]
    distinct = rows[_starts(rows)]
    options = {
        "init": "k-means++",
        "n_init": n_init,
        "max_iter": max_iter,
        "tol": tolerance,
        "random_state": random_state,
    }
    if start is not None:
        start = check_points(start, "start")
        if start.shape != (k, points.shape[1]):
            raise SegmentationError(
                f"start has shape {start.shape}. Give one row for each of k = {k} "
                f"centroids and one column for each of {points.shape[1]} features."
            )
        options |= {"init": start, "n_init": 1}
    if k > len(distinct):
        raise SegmentationError(
            f"k = {k}, but the {len(points)} rows have only {len(distinct)} distinct "
            f"values. Choose k <= {len(distinct)} or add features that vary."
        )
    # One distinct row per cluster needs no search, and no rounding by one.
    centroids = (
        distinct
        if k == len(distinct)
        else _centroids(points if keep_order else rows, k, options)
    )
    labels, squared, _, _ = _two_nearest(points, centroids)
    if (found := len(np.unique(labels))) < k:
        raise SegmentationError(
            f"k = {k}, but k-means tells only {found} groups of rows apart: others "
            f"differ by too little. Choose k <= {found} or rescale the features."
        )
    # A sum depends on the order of its terms, unless they are sorted.
    return Fit(centroids, labels, np.sqrt(squared), float(np.sort(squared).sum()))


def nearest(
    points: ArrayLike, centroids: ArrayLike
) -> tuple[Ints, Floats, Ints, Floats]:
    """Find the nearest and the second-nearest centroid of every point.

    The result for a row depends on that row alone, not on its position or on
    the other rows. Besides the results the memory needed does not grow with n.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Features, scaled with the parameters of the training data.
    centroids : array_like, shape (k, d)
        Centroids in the same features and units.

    Returns
    -------
    labels : ndarray of int64, shape (n,)
        Index of the nearest centroid; ties go to the lowest index.
    distances : ndarray of float64, shape (n,)
        Euclidean distance to it.
    second_labels : ndarray of int64, shape (n,)
        Index of the nearest of the other centroids; -1 if there is only one.
    second_distances : ndarray of float64, shape (n,)
        Euclidean distance to it; NaN if there is only one centroid.

    Raises
    ------
    SegmentationError
        If one of the arrays is not a two-dimensional array of finite numbers,
        if they differ in their number of columns, or if there is no centroid.

    Examples
    --------
    >>> for column in nearest([[1.0], [6.0]], [[0.0], [2.0], [9.0]]):
    ...     print(column)
    [0 2]
    [1. 3.]
    [1 1]
    [1. 4.]
    """
    points = check_points(points)
    centroids = check_points(centroids, "centroids")
    if points.shape[1] != centroids.shape[1]:
        raise SegmentationError(
            f"points have {points.shape[1]} columns, centroids {centroids.shape[1]}. "
            "Give both the same features in the same order."
        )
    if not len(centroids):
        raise SegmentationError("centroids have 0 rows. Give at least 1 centroid.")
    labels, squared, second_labels, second_squared = _two_nearest(points, centroids)
    return labels, np.sqrt(squared), second_labels, np.sqrt(second_squared)


# ------------------------------------------------- shared with the other modules


@contextmanager
def one_thread() -> Iterator[None]:
    """Run the block on one BLAS and OpenMP thread, and one such block at a time.

    Sums that threads share are added in another order with each number of
    threads. The limit holds for the whole process: without the lock, a block
    that ends in one Python thread (dbt has several) would lift it for the others.
    While other code holds a limit of threadpoolctl in another Python thread, only
    the limit of OpenMP takes effect.
    """
    with _ALONE, _libraries().limit(limits=1):
        yield


def check_points(points: ArrayLike, name: str = "points") -> Floats:
    """Return points as a C-contiguous float64 array, or say what is wrong."""
    try:
        array = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SegmentationError(
            f"{name} are not numbers in rows of equal length ({error}). "
            "Encode categories and fill missing values first."
        ) from error
    if array.ndim != 2 or not array.shape[1]:
        raise SegmentationError(
            f"{name} have shape {array.shape}. Give one row per entity and one "
            "column per feature: (n, d) with d >= 1."
        )
    lowest, highest = array.min(initial=0.0), array.max(initial=0.0)
    if not -LARGEST <= lowest <= highest <= LARGEST:  # False for NaN too
        usable = np.abs(array) <= LARGEST
        row, column = np.argwhere(~usable)[0]
        raise SegmentationError(
            f"{name} hold {array[row, column]} in row {row}, column {column} (both "
            f"from 0), the first of {usable.size - usable.sum()} such values. Fill "
            f"missing values and scale the others to a size of at most {LARGEST:g}."
        )
    # -0.0 and 0.0 sort as equals but differ in their bits: keep only 0.0.
    return np.ascontiguousarray(array + 0.0)


def check_count(name: str, value: int) -> None:
    """Refuse what is not a whole number of at least 1."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise SegmentationError(
            f"{name} = {value!r}. Give a whole number of at least 1."
        )


def squared_distances(columns: Floats, centre: Floats) -> Floats:
    """Measure the points with these columns, (d, n), from one centre, squared.

    A matrix product or a sum over axis 1 may add the terms of a row in another
    order for another number or position of rows. Adding column after column
    cannot, and is the order of a + b + c in SQL.
    """
    total = np.zeros(columns.shape[1])
    for column, coordinate in zip(columns, centre, strict=True):
        total += (column - coordinate) ** 2
    return total


def squared_distances_to_each(points: Floats, centroids: Floats) -> Floats:
    """Measure points, (n, d), from each of the centroids, (k, d), squared: (n, k)."""
    columns = np.ascontiguousarray(points.T)
    return np.column_stack([squared_distances(columns, c) for c in centroids])


# --------------------------------------------------------------- the computations


@cache
def _libraries() -> ThreadpoolController:
    """Find the loaded BLAS and OpenMP libraries once: it takes 3 ms."""
    return ThreadpoolController()


def _starts(rows: Floats) -> NDArray[np.bool_]:
    """Mark the first of each run of equal rows."""
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return first


def _centroids(rows: Floats, k: int, options: dict[str, Any]) -> Floats:
    model = KMeans(k, algorithm="lloyd", **options)
    with one_thread(), warnings.catch_warnings():
        # It warns of fewer clusters than k; `fit_kmeans` refuses them by itself.
        warnings.simplefilter("ignore", ConvergenceWarning)
        centroids = model.fit(rows).cluster_centers_ + 0.0
    return np.ascontiguousarray(centroids[np.lexsort(centroids.T[::-1])])


def _two_nearest(
    points: Floats, centroids: Floats
) -> tuple[Ints, Floats, Ints, Floats]:
    """`nearest` with squared distances."""
    n = len(points)
    labels, squared = np.full((2, n), -1), np.full((2, n), np.nan)
    for start in range(0, n, _BLOCK):
        block = slice(start, start + _BLOCK)
        to_each = squared_distances_to_each(points[block], centroids).T
        each = np.arange(to_each.shape[1])
        for rank in range(min(2, len(centroids))):
            best = to_each.argmin(axis=0)  # the first of equals
            labels[rank, block] = best
            squared[rank, block] = to_each[best, each]
            to_each[best, each] = np.inf
    return labels[0], squared[0], labels[1], squared[1]
