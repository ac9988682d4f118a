"""Whether other customers of the same kind would give the same segments.

Entities are split into halves at random, again and again, and each half is
fitted on its own. Segments that stand for something appear in both.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from sklearn import config_context
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from customer_segmentation.errors import SegmentationError
from customer_segmentation.identity import jaccard, shared_members
from customer_segmentation.kmeans import Floats, check_count, check_points, one_thread

__all__ = ["Stability", "adjusted_rand", "quick_centroids", "split_halves"]

_STARTS = 3  # of each fit on a part of the rows


class Stability(NamedTuple):
    """What the fits on halves have in common, among each other and with the whole.

    Attributes
    ----------
    jaccard : ndarray of float64, shape (2 * pairs, k)
        By half: each cluster's Jaccard similarity with the most similar cluster of
        the fit on that half, among the rows of the half. NaN where the half
        has no row of the cluster.
    agreement : ndarray of float64, shape (pairs,)
        By pair: the adjusted Rand index between the labels of the fit on a half
        and those that the fit on the other half gives it, mean of both ways.
    """

    jaccard: Floats
    agreement: Floats


def split_halves(
    points: ArrayLike,
    centroids: ArrayLike,
    *,
    pairs: int = 10,
    largest_half: int = 1000,
    random_state: int = 0,
) -> Stability:
    """Fit disjoint halves of the points, and compare them with each other.

    Halves without replacement vary about as much as bootstrap samples, and
    unlike those hold no row twice, which k-means would take for a dense spot
    (Hennig, 2007, section 3, offers both; Buja and Stuetzle, 2006).

    Parameters
    ----------
    points : array_like, shape (n, d)
        Scaled features. The result is the same for any order of the rows.
    centroids : array_like, shape (k, d)
        Those of the fit on all points.
    pairs : int
        Number of random splits.
    largest_half : int
        Most rows of a half: of more points, two disjoint samples are drawn.
    random_state : int
        Seed of the splits and of the fits.

    Returns
    -------
    Stability
        All NaN for one cluster, or if a half has fewer rows than k.

    Raises
    ------
    SegmentationError
        If an array is not a two-dimensional one of finite numbers, or if `pairs`
        or `largest_half` is not a whole number of at least 1.

    References
    ----------
    Hennig (2007), Cluster-wise assessment of cluster stability, Comput. Stat. Data
    Anal. 52.
    Lange, Roth, Braun and Buhmann (2004), Stability-based validation of clustering
    solutions, Neural Comput. 16.
    Buja and Stuetzle (2006), Observations on bagging, Stat. Sin. 16.
    Hubert and Arabie (1985), Comparing partitions, J. Classif. 2.

    Examples
    --------
    >>> points = [[i / 10 + 9 * group] for i in range(10) for group in range(2)]
    >>> found = split_halves(points, [[0.45], [9.45]])
    >>> found.jaccard.mean(axis=0).tolist(), found.agreement.mean().item()
    ([1.0, 1.0], 1.0)
    """
    points, centroids = check_points(points), check_points(centroids, "centroids")
    for name, value in {"pairs": pairs, "largest_half": largest_half}.items():
        check_count(name, value)
    if points.shape[1] != centroids.shape[1]:
        raise SegmentationError(
            f"points have {points.shape[1]} columns, centroids {centroids.shape[1]}. "
            "Give both the same features in the same order."
        )
    k, half = len(centroids), min(len(points) // 2, largest_half)
    if k < 2 or half < k:
        return Stability(np.full((2 * pairs, k), np.nan), np.full(pairs, np.nan))
    rows = points[np.lexsort(points.T[::-1])]
    random = np.random.default_rng(random_state)
    similarity, agreement = [], []
    for _ in range(pairs):
        halves = rows[random.permutation(len(rows))[: 2 * half]].reshape(2, half, -1)
        fits = [quick_centroids(part, k, random_state) for part in halves]
        for part, own, other in zip(halves, fits, fits[::-1], strict=True):
            labels = _labels(part, own)
            whole, cross = _labels(part, centroids), _labels(part, other)
            shared = shared_members(whole, labels, segments=(k, k))
            similarity.append(_most_alike(shared))
            shared = shared_members(labels, cross, segments=(k, k))
            agreement.append(adjusted_rand(shared))
    return Stability(
        np.array(similarity), np.array(agreement).reshape(pairs, 2).mean(axis=1)
    )


def quick_centroids(rows: Floats, k: int, random_state: int = 0) -> Floats:
    """Fit k centroids to rows that are one of many samples: few starts, no checks."""
    model = KMeans(k, n_init=_STARTS, random_state=random_state)
    quick = config_context(skip_parameter_validation=True)
    with one_thread(), quick, warnings.catch_warnings():
        # A part may have fewer distinct rows than k.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(rows).cluster_centers_


def adjusted_rand(table: NDArray[Any]) -> Floats:
    """Agreement of two labellings, 1 at best and 0 for chance.

    Parameters
    ----------
    table : ndarray, shape (k, m) or (k, m, ...)
        Entities of each pair of a label of the one and of the other; whole numbers.
        Further axes are further tables.

    Returns
    -------
    ndarray of float64
        One for each table.

    References
    ----------
    Hubert and Arabie (1985), Comparing partitions, J. Classif. 2.

    Examples
    --------
    >>> float(adjusted_rand(np.array([[2, 0], [0, 2]])))
    1.0
    """

    def pairs(counts):
        return counts * (counts - 1) / 2

    together = pairs(table).sum(axis=(0, 1))
    first = pairs(table.sum(axis=1)).sum(axis=0)
    second = pairs(table.sum(axis=0)).sum(axis=0)
    expected = first * second / pairs(table.sum(axis=(0, 1)))
    highest = (first + second) / 2
    # Both alike in having one cluster, or none of two rows.
    alike = highest == expected
    return np.where(
        alike, 1.0, (together - expected) / np.where(alike, 1.0, highest - expected)
    )


# --------------------------------------------------------------- the computations


def _labels(rows: Floats, centroids: Floats) -> NDArray[np.intp]:
    return cdist(rows, centroids, "sqeuclidean").argmin(axis=1)


def _most_alike(table: NDArray[np.intp]) -> Floats:
    """Jaccard similarity of each row's cluster with the column's most like it."""
    return np.where(table.sum(axis=1) > 0, jaccard(table).max(axis=1), np.nan)
