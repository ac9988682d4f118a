"""Names for segments, taken from what the data say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

__all__ = ["FARTHEST", "NOTABLE", "name_segments"]

FARTHEST = 0.75  # standard deviations between a segment and an archetype's signature
NOTABLE = 0.5  # standard deviations from the mean that make a feature high or low


def name_segments(
    profile: NDArray[np.float64],
    features: Sequence[str],
    archetypes: Mapping[str, Mapping[str, float]],
) -> list[str]:
    """Name every segment, no two alike.

    Segments are assigned to archetypes one to one so that the distances sum up
    to the least (Kuhn, 1955). A segment that is farther than `FARTHEST` from
    every free archetype gets a descriptive name.

    Parameters
    ----------
    profile : ndarray, shape (k, d)
        Mean of each segment and feature, in standard deviations from the mean
        of all entities, after the feature's transform.
    features : sequence of str, length d
        Names of the features.
    archetypes : mapping of str to mapping of str to float
        Signature of each archetype: feature to standard deviations. Features
        that it does not mention may have any value.

    Returns
    -------
    list of str, length k

    Examples
    --------
    >>> name_segments(np.array([[1.2, 0.1], [-0.9, 0.7]]), ["spend", "orders"],
    ...               {"Big spenders": {"spend": 1.0}})
    ['Big spenders', 'Low spend, high orders']
    """
    names: dict[int, str] = {}
    if archetypes:
        distances = _distances(profile, features, archetypes)
        # What is too far must not push a near pair apart: all of it costs the same.
        costs = np.where(distances <= FARTHEST, distances, 1e6)
        for segment, archetype in zip(*linear_sum_assignment(costs), strict=True):
            if distances[segment, archetype] <= FARTHEST:
                names[int(segment)] = list(archetypes)[archetype]
    for segment, row in enumerate(profile):
        if segment not in names:
            names[segment] = _unlike(names.values(), *_descriptions(row, features))
    return [names[segment] for segment in range(len(profile))]


def _distances(profile, features, archetypes) -> NDArray[np.float64]:
    """Root mean square difference over the features that an archetype mentions."""
    place = {feature: column for column, feature in enumerate(features)}
    distances = np.full((len(profile), len(archetypes)), np.inf)
    for column, signature in enumerate(archetypes.values()):
        known = [feature for feature in signature if feature in place]
        if known:
            wanted = np.array([signature[feature] for feature in known])
            found = profile[:, [place[feature] for feature in known]]
            distances[:, column] = np.sqrt(((found - wanted) ** 2).mean(axis=1))
    return distances


def _descriptions(row, features) -> list[str]:
    """Descriptions from the shortest to the longest, most notable feature first."""
    order = sorted(range(len(features)), key=lambda column: -abs(row[column]))
    parts = [
        f"{'high' if row[column] > 0 else 'low'} {features[column].replace('_', ' ')}"
        for column in order
    ]
    notable = sum(abs(row) >= NOTABLE)
    whole = [", ".join(parts[:n]).capitalize() for n in range(1, len(parts) + 1)]
    return whole[min(notable, 2) - 1 :] if notable else ["Near the average", *whole]


def _unlike(taken, *candidates: str) -> str:
    """First candidate that is not taken, numbered where all are."""
    numbered = (f"{candidates[0]} ({n})" for n in range(2, len(taken) + 3))
    return next(name for name in (*candidates, *numbered) if name not in taken)
