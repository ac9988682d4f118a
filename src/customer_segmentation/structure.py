"""Whether segments are there in the data, or are a cut through a continuum."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist
from scipy.stats import binom

from customer_segmentation.kmeans import Floats, check_points, one_thread
from customer_segmentation.stability import quick_centroids
from customer_segmentation.validity import simplified_silhouette

__all__ = ["are_separated", "reference_silhouettes", "spread_ties", "verdict"]

STABLE = 0.75  # Hennig: from here on a cluster is valid, below 0.6 not to be trusted
_ROWS = 20_000  # of more, every second, third, ... row counts for the density
_SHALLOW = 0.5  # a valley is less than half as dense as both of its sides
_LEVEL = 0.05  # of the test that it is a valley at all
_HEAP = 4  # a heap is spread until there is one other row for four of its own
_CROSSINGS = 20  # most places at which a border is looked at, beside its middle


def are_separated(points: ArrayLike, centroids: ArrayLike) -> bool:
    """Tell whether a valley lies along every border between neighbouring clusters.

    Two clusters are neighbours if no third centroid is as near to the point midway
    between theirs. Balls of the same radius, the geometric mean of the two median
    distances to the own centroid, lie around both centroids, around the point
    midway, and around the places where the points cross the border, if any do: the
    feet on it of the 20 points closest to it, out of those that have both centroids
    as their nearest two. There is a valley if the fullest ball on the border holds
    fewer points than either of the others: at most half as many, and too few for
    chance (a one-sided binomial test at 5 %).

    The point midway alone would not do: the halves of a ring have a hole between
    their centroids, and are one around it.

    The border is compared with the LOWER one of both sides, because every point on
    a slope is less dense than the top. Balls, not the projection on the line through
    both centroids: the cells of k-means are narrow where they meet, so that
    projections show a gap even between cells of a uniform cloud.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Scaled features; of discrete ones, with `spread_ties`. Of more than 20,000
        points, an even part is used.
    centroids : array_like, shape (k, d)
        In the same features and units.

    Returns
    -------
    bool
        False if there is only one centroid.

    References
    ----------
    Halkidi and Vazirgiannis (2001), Clustering validity assessment: finding the
    optimal partitioning of a data set, ICDM, measure the density midway between
    clusters in the same way.
    Gabriel and Sokal (1969), A new statistical approach to geographic variation
    analysis, Syst. Zool. 18, for the neighbours.

    Examples
    --------
    >>> line = [[i / 100] for i in range(100)]
    >>> are_separated(line, [[0.25], [0.75]])
    False
    >>> are_separated([*line, *([i / 100 + 3] for i in range(100))], [[0.5], [3.5]])
    True
    """
    points, centroids = check_points(points), check_points(centroids, "centroids")
    points = points[np.lexsort(points.T[::-1])][:: -(-len(points) // _ROWS)]
    to_each = cdist(points, centroids)
    labels, k = to_each.argmin(axis=1), len(centroids)
    spread = np.array(
        [np.median(to_each[labels == i, i]) if i in labels else 0.0 for i in range(k)]
    )
    nearest = np.sort(to_each.argsort(axis=1, kind="stable")[:, :2])
    for first, second in _neighbours(centroids):
        radius = np.sqrt(spread[first] * spread[second])
        beside = (to_each[:, [first, second]] <= radius).sum(axis=0).min()
        both = points[(nearest == [first, second]).all(axis=1)]
        places = _border(both, centroids[first], centroids[second])
        between = (cdist(places, points) <= radius).sum(axis=1).max()
        chance = binom.cdf(between, between + beside, 0.5)
        if between > _SHALLOW * beside or chance >= _LEVEL:
            return False
    return k > 1


def _neighbours(centroids: Floats) -> Iterable[tuple[int, int]]:
    first, second = np.triu_indices(len(centroids), 1)
    apart = cdist((centroids[first] + centroids[second]) / 2, centroids)
    half = apart[np.arange(len(first)), first]
    # Of equals, such as the diagonals of a square, all are neighbours.
    found = (apart >= half[:, None] * (1 - 1e-9)).all(axis=1)
    return zip(first[found], second[found], strict=True)


def _border(points: Floats, first: Floats, second: Floats) -> Floats:
    """Take the middle between two centroids, and where points cross the border."""
    middle, across = (first + second) / 2, second - first
    # Of equal centroids, the points themselves are the border.
    height = ((points - middle) * across).sum(axis=1) / ((across**2).sum() or 1.0)
    feet = points - height[:, None] * across
    return np.vstack([middle, feet[np.abs(height).argsort(kind="stable")[:_CROSSINGS]]])


def spread_ties(points: ArrayLike, random_state: int = 0) -> Floats:
    """Spread equal values at random over the room that their number asks for.

    Between the values of a discrete feature there is no density at all: every
    two of them would seem to be separated. Up to the nearest other value is not
    enough: beside a rare one, a heap would stay a spike.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Features. Of each column, a value that m rows share is moved by at most half
        the distance within which m / 4 other rows lie, at least one, or all others
        where they are fewer. Values as frequent as their neighbours so fill the
        gaps.
    random_state : int
        Seed of the moves.

    Returns
    -------
    ndarray of float64, shape (n, d)
        The rows sorted by value, then moved.

    Examples
    --------
    >>> spread_ties([[0.0]] * 8 + [[0.1], [4.0]]).round(1).ravel().tolist()
    [0.5, -0.9, -1.8, -1.9, 1.3, 1.7, 0.4, 0.9, 0.1, 4.0]
    """
    points = check_points(points)
    rows = points[np.lexsort(points.T[::-1])]
    random = np.random.default_rng(random_state)
    for column in rows.T:
        ordered = np.sort(column)
        _, index, counts = np.unique(column, return_inverse=True, return_counts=True)
        room = np.zeros(len(counts))
        for value, end in enumerate(counts.cumsum()):
            if (m := counts[value]) > 1:
                others = max(m // _HEAP, 1)
                near = ordered[max(end - m - others, 0) : end + others]
                away = np.sort(np.abs(near - ordered[end - 1]))
                room[value] = away[: m + others][-1]
        column += random.uniform(-0.5, 0.5, len(column)) * room[index]
    return rows


def reference_silhouettes(
    points: ArrayLike,
    k_values: Iterable[int],
    *,
    draws: int = 10,
    size: int = 1000,
    random_state: int = 0,
) -> dict[int, float]:
    """Silhouettes that points without any structure would have.

    Parameters
    ----------
    points : array_like, shape (n, d)
        Scaled features.
    k_values : iterable of int
        Numbers of clusters.
    draws, size : int
        Number of reference data sets, and most rows of each. They are uniform over
        the box around the points that is aligned with their principal axes.
    random_state : int
        Seed of the references.

    Returns
    -------
    dict of int to float
        By k, the mean of `simplified_silhouette` over the references; NaN where k
        is 1 or no reference has more than k rows.

    References
    ----------
    Tibshirani, Walther and Hastie (2001), Estimating the number of clusters in a
    data set via the gap statistic, J. R. Stat. Soc. B 63.

    Examples
    --------
    >>> found = reference_silhouettes([[0.0], [0.1], [5.0], [5.1]], [1, 2, 9])
    >>> [round(value, 3) for value in found.values()]
    [nan, 0.854, nan]
    """
    points = check_points(points)
    rows = points[np.lexsort(points.T[::-1])]
    random = np.random.default_rng(random_state)
    low, high = _box(rows - rows.mean(axis=0))
    shape = min(len(rows), size), len(low)
    references = [random.uniform(low, high, shape) for _ in range(draws)]
    return {
        k: float(
            np.mean(
                [
                    simplified_silhouette(part, quick_centroids(part, k)).mean()
                    for part in references
                ]
            )
        )
        if 1 < k < shape[0]
        else np.nan
        for k in k_values
    }


def _box(centred: Floats) -> Floats:
    """Measure the box along the principal axes: lower and upper edges, (2, d).

    BLAS has other kernels for other processors, which differ in the last bits.
    Rounded to a billionth of the largest value the edges are the same for all.
    """
    unit = np.abs(centred).max() or 1.0
    with one_thread():
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        turned = centred @ axes.T
    edges = np.array([turned.min(axis=0), turned.max(axis=0)])
    return np.round(edges / unit, 9) * unit


def verdict(
    separated: bool, min_jaccard: float, silhouette: float, reference: float
) -> str | None:
    """Say what the segments are: natural, reproducible or constructed.

    Parameters
    ----------
    separated : bool
        Whether there is a valley between all neighbours (`are_separated`).
    min_jaccard : float
        Stability of the least stable segment (`split_halves`).
    silhouette, reference : float
        Simplified silhouette of the segments, and of data without structure.

    Returns
    -------
    str or None
        ``natural``: stable, separated and better than the reference.
        ``reproducible``: stable, that is with a Jaccard similarity of 0.75 at
        least, but not separate. ``constructed``: neither. None where it cannot
        be told.

    Examples
    --------
    >>> verdict(True, 0.9, 0.7, 0.5), verdict(False, 0.9, 0.6, 0.5)
    ('natural', 'reproducible')
    """
    if np.isnan([min_jaccard, silhouette, reference]).any():
        return None
    if min_jaccard < STABLE:
        return "constructed"
    return "natural" if separated and silhouette > reference else "reproducible"
