"""Names for segments, taken from what the data say of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from customer_segmentation.errors import SegmentationError

__all__ = ["FARTHEST", "LEVEL", "NOTABLE", "name_segments", "read_level"]

# All in standard deviations of the population.
FARTHEST = 0.5  # that a segment may lack in any feature of its archetype
LEVEL = 1.0  # a feature is fully `high` or `low` from here on
NOTABLE = 0.5  # a feature is worth a word in a descriptive name from here on

Floats = NDArray[np.float64]
Level = float | Literal["high", "low"]


def name_segments(
    profile: Floats,
    features: Sequence[str],
    archetypes: Mapping[str, Mapping[str, Level]],
    kept: Mapping[int, str] = {},
) -> list[str]:
    """Name every segment, no two alike.

    Segments are assigned to archetypes one to one so that the squares of what they
    lack sum up to the least (Kuhn, 1955). A segment that lacks more than `FARTHEST`
    in any feature of every free archetype gets a descriptive name: a mean over the
    features would let one that fits hide one that does not. The order of the
    segments and that of the archetypes do not matter, unless sums are equal.

    Parameters
    ----------
    profile : ndarray, shape (k, d)
        Mean of each segment and feature, in standard deviations from the mean
        of all entities, after the feature's transform.
    features : sequence of str, length d
        Names of the features.
    archetypes : mapping of str to mapping of str to {"high", "low"} or float
        Signature of each archetype: feature to a level, or to a value in
        standard deviations. Features that it leaves out may have any value.

    Returns
    -------
    list of str, length k

    Examples
    --------
    >>> name_segments(np.array([[1.2, 0.1], [-0.9, 0.7]]), ["spend", "orders"],
    ...               {"Big spenders": {"spend": "high"}})
    ['Big spenders', 'Low spend, high orders']
    """
    names: dict[int, str] = dict(kept)
    archetypes = {k: v for k, v in archetypes.items() if k not in kept.values()}
    if archetypes and len(kept) < len(profile):
        costs, farthest = _costs(profile, features, archetypes)
        farthest[list(kept)] = np.inf
        # What is too far must not push a near pair apart: all of it costs the same.
        costs = np.where(farthest <= FARTHEST, costs, 1e6)
        for segment, archetype in zip(*linear_sum_assignment(costs), strict=True):
            if farthest[segment, archetype] <= FARTHEST:
                names[int(segment)] = list(archetypes)[archetype]
    # Of two that are described alike, the more extreme one has the shorter name.
    for segment in sorted(
        set(range(len(profile))) - set(names),
        key=lambda segment: (-abs(profile[segment]).max(), *profile[segment]),
    ):
        descriptions = _descriptions(profile[segment], features)
        names[segment] = _unlike(names.values(), *descriptions)
    return [names[segment] for segment in range(len(profile))]


def read_level(text: str) -> Level:
    """Read a level of a signature: ``high``, ``low`` or a number."""
    if text in ("high", "low"):
        return text
    try:
        level = float(text)
    except (TypeError, ValueError):
        level = math.nan
    if not math.isfinite(level):
        raise SegmentationError(
            f"the level {text!r} of an archetype is not allowed; needed is high, low "
            "or a number of standard deviations"
        )
    return level


def _costs(profile, features, archetypes) -> tuple[Floats, Floats]:
    """Mean square, and most, of what each segment lacks to each signature."""
    z_scores = dict(zip(features, profile.T, strict=True))
    costs, farthest = np.zeros((2, len(profile), len(archetypes)))
    for column, (archetype, signature) in enumerate(archetypes.items()):
        unknown = [feature for feature in signature if feature not in z_scores]
        if unknown:
            raise SegmentationError(
                f'archetype "{archetype}" mentions {", ".join(map(repr, unknown))}, '
                f"but the features are {', '.join(map(repr, features))}"
            )
        lacks = [_lack(z_scores[name], level) for name, level in signature.items()]
        costs[:, column] = np.square(lacks).mean(axis=0)
        farthest[:, column] = np.abs(lacks).max(axis=0)
        # Of two segments that are fully high, the higher one takes the name.
        for name, level in signature.items():
            sign = {"high": 1, "low": -1}.get(level, 0)
            costs[:, column] -= 1e-6 * sign * z_scores[name]
    return costs, farthest


def _lack(z_scores: Floats, level: Level) -> Floats:
    if level == "high":
        return np.maximum(LEVEL - z_scores, 0)
    if level == "low":
        return np.maximum(z_scores + LEVEL, 0)
    return z_scores - level


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
