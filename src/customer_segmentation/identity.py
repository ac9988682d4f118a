"""Segments that stay themselves: ids that survive a retrain, customers that stay.

A retrained model numbers its clusters anew, and a customer near a border crosses
it with every small change. Both look like movement where nothing moved.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from customer_segmentation.errors import SegmentationError

__all__ = ["SAME", "hold", "jaccard", "match_segments", "shared_members"]

SAME = 0.5  # overlap of members from which on a segment is the same one

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def shared_members(
    before: ArrayLike, after: ArrayLike, *, segments: tuple[int, int]
) -> Ints:
    """Count the entities of each pair of an old and a new segment.

    Parameters
    ----------
    before, after : array_like of int, shape (n,)
        Position of the old and of the new segment of each entity, 0-based.
    segments : tuple of int
        Number of old and of new segments.

    Returns
    -------
    ndarray of int64, shape (old, new)

    Examples
    --------
    >>> shared_members([0, 0, 1], [1, 1, 0], segments=(2, 2)).tolist()
    [[0, 2], [1, 0]]
    """
    pairs = np.asarray(before) * segments[1] + np.asarray(after)
    return np.bincount(pairs, minlength=segments[0] * segments[1]).reshape(segments)


def jaccard(shared: Ints) -> Floats:
    """Similarity of each pair of segments: members of both over members of either.

    Parameters
    ----------
    shared : ndarray of int64, shape (old, new)
        From `shared_members`.

    Returns
    -------
    ndarray of float64, shape (old, new)
        From 0 to 1; 0 where neither has members.

    References
    ----------
    Jaccard (1901), Distribution de la flore alpine dans le bassin des Dranses,
    Bull. Soc. Vaudoise Sci. Nat. 37.

    Examples
    --------
    >>> jaccard(np.array([[3, 1], [0, 2]])).tolist()
    [[0.75, 0.16666666666666666], [0.0, 0.6666666666666666]]
    """
    either = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0) - shared
    return shared / np.maximum(either, 1)


def match_segments(shared: ArrayLike, distances: ArrayLike) -> dict[int, int]:
    """Find the old segment that each new one continues.

    Pairs are chosen one to one so that the overlaps of their members sum up to the
    most (Kuhn, 1955); of equal sums the one with the smaller distances. The overlap
    is that of `jaccard`. A pair that overlaps by less than `SAME` does not match.

    Parameters
    ----------
    shared : array_like of int, shape (old, new)
        From `shared_members`.
    distances : array_like, shape (old, new)
        Distance of each old centroid to each new one.

    Returns
    -------
    dict of int to int
        Position of a new segment to that of the old one that it continues. A new
        segment that continues none is left out.

    Examples
    --------
    >>> match_segments([[0, 9], [8, 1], [4, 0]], [[1.0, 0.1], [0.2, 1.0], [0.5, 2.0]])
    {1: 0, 0: 1}
    """
    shared, distances = np.asarray(shared), np.asarray(distances, dtype=float)
    if shared.ndim != 2 or shared.shape != distances.shape:
        raise SegmentationError(
            f"shared members have shape {shared.shape}, distances {distances.shape}. "
            "Give both one row per old and one column per new segment."
        )
    overlap = jaccard(shared)
    # Too small to outweigh an entity, large enough to part equals.
    nearness = 1e-9 * distances / max(distances.max(initial=0.0), 1.0)
    old, new = linear_sum_assignment(
        np.where(overlap >= SAME, overlap - nearness, 0.0), maximize=True
    )
    return {
        int(after): int(before)
        for before, after in zip(old, new, strict=True)
        if overlap[before, after] >= SAME
    }


def hold(
    nearest: ArrayLike,
    distances: ArrayLike,
    *,
    before: ArrayLike,
    nearest_before: ArrayLike,
    margin: float,
) -> Ints:
    """Decide which entities move: only those that clearly belong elsewhere.

    An entity leaves its segment only if another centroid is nearer by the margin,
    or is the nearest in two periods in a row.

    Parameters
    ----------
    nearest : array_like of int, shape (n,)
        Position of the nearest centroid.
    distances : array_like, shape (n, k)
        Euclidean distance of each entity to each centroid.
    before : array_like of int, shape (n,)
        Position of the segment in the period before; -1 for a new entity, or one
        whose segment is gone.
    nearest_before : array_like of int, shape (n,)
        Position of the centroid that was the nearest then; -1 if there was none.
    margin : float
        Share of the distance to the own centroid by which another one must be
        nearer, from 0 (no hysteresis) to below 1.

    Returns
    -------
    ndarray of int64, shape (n,)
        Position of the segment of each entity.

    Examples
    --------
    Nearer by 5 %, by 5 % for the second time, and by half:

    >>> hold([1, 1, 1], [[1.0, 0.95], [1.0, 0.95], [1.0, 0.5]],
    ...      before=[0, 0, 0], nearest_before=[0, 1, 0], margin=0.1).tolist()
    [0, 1, 1]
    """
    nearest, before, nearest_before = map(np.asarray, (nearest, before, nearest_before))
    distances = np.asarray(distances, dtype=float)
    each = np.arange(len(nearest))
    is_clear = distances[each, nearest] <= (1 - margin) * distances[each, before]
    moves = (before < 0) | is_clear | (nearest_before == nearest)
    return np.where(moves, nearest, before)
