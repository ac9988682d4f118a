"""Which differences are worth a sentence, and which chance makes anyway."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist

import numpy as np
from scipy.stats import linregress

__all__ = ["least_gap", "standard_errors", "trend"]


def standard_errors(comparisons: int) -> float:
    """Give how many standard errors chance exceeds in one of 20 sets of comparisons.

    Bonferroni's bound: of six countries one looks odd by luck.

    >>> round(standard_errors(1), 2), round(standard_errors(6), 2)
    (1.96, 2.64)
    """
    return NormalDist().inv_cdf(1 - 0.025 / comparisons)


def least_gap(share: float, entities: int, comparisons: int) -> float:
    """Give the difference from a share that chance rarely makes.

    Parameters
    ----------
    share : float
        Of all, from 0 to 1.
    entities : int
        In the group that is compared with all.
    comparisons : int
        Made at a time.

    Returns
    -------
    float
        As a share, the same way.

    Examples
    --------
    >>> round(least_gap(0.5, 100, 1), 3)
    0.098
    """
    return standard_errors(comparisons) * sqrt(share * (1 - share) / entities)


def trend(values: Sequence[float]) -> tuple[float, float] | None:
    """Fit a straight line to values at equal steps.

    Parameters
    ----------
    values : sequence of float, shape (n,)
        NaN where a step has none.

    Returns
    -------
    tuple of float or None
        Slope per step by the mean of the values, and the probability of one as steep
        without a trend (two-sided t test); None for fewer than four values, or a mean
        that is not above 0.

    Examples
    --------
    >>> slope, chance = trend([10, 11, 12, 13.1, 13.9])
    >>> print(round(slope, 4), chance < 0.001)
    0.0825 True
    """
    y = np.asarray(values, dtype=float)
    steps = np.flatnonzero(np.isfinite(y))
    y = y[steps]
    if len(y) < 4 or y.mean() <= 0:
        return None
    line = linregress(steps, y)
    chance = 1.0 if np.isnan(line.pvalue) else float(line.pvalue)
    return float(line.slope / y.mean()), chance
