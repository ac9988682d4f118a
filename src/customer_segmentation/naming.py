"""Names for segments, taken from what the data say of them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from customer_segmentation.errors import SegmentationError
from customer_segmentation.transforms import Parameters

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
    kept: Mapping[int, str] = MappingProxyType({}),
    *,
    parameters: Mapping[str, Parameters] = MappingProxyType({}),
) -> list[str]:
    """Name every segment, no two alike.

    Segments are assigned to archetypes one to one so that the squares of what they
    lack sum up to the least (Kuhn, 1955). A segment that lacks more than `FARTHEST`
    in any feature of every free archetype gets a descriptive name: a mean over the
    features would let one that fits hide one that does not. The order of the
    segments and that of the archetypes do not matter, nor does an archetype that no
    segment is near.

    Parameters
    ----------
    profile : ndarray, shape (k, d)
        Mean of each segment and feature, in standard deviations from the mean
        of all entities, after the feature's transform.
    features : sequence of str, length d
        Names of the features. One of a trailing window, such as ``orders_90_days``,
        stands for what it measures, ``orders``, where no other one does.
    archetypes : mapping of str to mapping of str to {"high", "low"} or float
        Signature of each archetype: feature to a level, or to a value in
        standard deviations. Features that it leaves out may have any value; it
        takes no part where one that it mentions is not among the features.
    kept : mapping of int to str, optional
        Position of a segment to the name that it has already. Nobody else gets
        that name, nor the archetype of that name.
    parameters : mapping of str to Parameters, optional
        Of the features that are dimensions of others, such as a category: a
        description has one word for the column that they are taken from.

    Returns
    -------
    list of str, length k

    Raises
    ------
    SegmentationError
        If there are archetypes, but none takes part, or two kept names are alike.

    References
    ----------
    Kuhn (1955), The Hungarian method for the assignment problem, Naval Research
    Logistics Quarterly 2.

    Examples
    --------
    >>> name_segments(np.array([[1.2, 0.1], [-0.9, 0.7]]), ["spend", "orders"],
    ...               {"Big spenders": {"spend": "high"}})
    ['Big spenders', 'Low spend, high orders']
    """
    if len(set(kept.values())) < len(kept):
        raise SegmentationError(
            f"the names to keep are {', '.join(map(repr, kept.values()))}, but no two "
            "segments may share one. Mend the stored model."
        )
    names = dict(kept)
    # In one order, so that equal sums are told apart in one way.
    free = [row for row in np.lexsort(profile.T[::-1]).tolist() if row not in kept]
    meanings = _without_windows(features)
    signatures = {
        name: archetypes[name]
        for name in sorted(_usable(archetypes, meanings))
        if name not in kept.values()
    }
    for segment, name in _nearest(profile[free], meanings, signatures):
        names[free[segment]] = name
    # Of two that are described alike, the more extreme one has the shorter name.
    for segment in sorted(
        set(free) - set(names),
        key=lambda segment: (-abs(profile[segment]).max(), *profile[segment]),
    ):
        descriptions = _descriptions(profile[segment], features, parameters)
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


def _without_windows(features) -> list[str]:
    """Name what each feature measures, whatever the days, where that is one alone."""
    measured = [re.sub(r"_\d+_days$", "", name) for name in features]
    times = Counter(measured)
    return [
        meaning if times[meaning] == 1 else name
        for name, meaning in zip(features, measured, strict=True)
    ]


def _usable(archetypes, features) -> list[str]:
    """Archetypes whose features are all there."""
    lacking = {
        archetype: [repr(name) for name in signature if name not in features]
        for archetype, signature in archetypes.items()
    }
    usable = [archetype for archetype in archetypes if not lacking[archetype]]
    if archetypes and not usable:
        raise SegmentationError(
            "no archetype of the set can be used with the features "
            f"{', '.join(map(repr, features))}: "
            + "; ".join(
                f'"{archetype}" mentions {", ".join(names)}'
                for archetype, names in lacking.items()
            )
            + ". Choose another set, or mend archetypes.csv."
        )
    return usable


def _nearest(profile, features, signatures) -> list[tuple[int, str]]:
    """Pairs of segments and archetypes, as many as are near, at the least cost."""
    costs, farthest = _costs(profile, features, signatures)
    is_near = farthest <= FARTHEST
    # What is near nobody plays no part, and what is too far must not push a near
    # pair apart: all of it costs the same.
    segments, columns = np.flatnonzero(is_near.any(1)), np.flatnonzero(is_near.any(0))
    near = np.ix_(segments, columns)
    pairs = linear_sum_assignment(np.where(is_near, costs, 1e6)[near])
    return [
        (segments[row], list(signatures)[columns[column]])
        for row, column in zip(*pairs, strict=True)
        if is_near[near][row, column]
    ]


def _costs(profile, features, signatures) -> tuple[Floats, Floats]:
    """Mean square, and most, of what each segment lacks to each signature."""
    z_scores = dict(zip(features, profile.T, strict=True))
    costs, farthest = np.zeros((2, len(profile), len(signatures)))
    for column, signature in enumerate(signatures.values()):
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


def _descriptions(row, features, parameters) -> list[str]:
    """Descriptions from the shortest to the longest, most notable feature first."""
    # Rounded, because F and M are as far away as each other: the one that it is.
    order = sorted(
        range(len(features)),
        key=lambda column: (-round(abs(row[column]), 9), row[column] < 0),
    )
    # Dimensions of one column say the same in other words.
    parts: dict[str, str] = {}
    notable = 0
    for column in order:
        name = features[column]
        learnt = parameters.get(name)
        source = learnt.source_column if learnt else name
        if source not in parts:
            parts[source] = _words(name, row[column] > 0, learnt)
            notable += abs(row[column]) >= NOTABLE
    words = list(parts.values())
    whole = [", ".join(words[:n]) for n in range(1, len(words) + 1)]
    whole = [text[0].upper() + text[1:] for text in whole]
    return whole[min(notable, 2) - 1 :] if notable else ["Near the average", *whole]


def _words(feature: str, is_high: bool, learnt: Parameters | None) -> str:
    if learnt and learnt.encoding in ("one_hot", "is_missing"):
        what = learnt.category if learnt.encoding == "one_hot" else "missing"
        column = learnt.source_column.replace("_", " ")
        return f"{column} is {'' if is_high else 'not '}{what}"
    return f"{'high' if is_high else 'low'} {feature.replace('_', ' ')}"


def _unlike(taken, *candidates: str) -> str:
    """First candidate that is not taken, numbered where all are."""
    numbered = (f"{candidates[0]} ({n})" for n in range(2, len(taken) + 3))
    return next(name for name in (*candidates, *numbered) if name not in taken)
