"""Which differences are worth a sentence, and which chance makes anyway."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

__all__ = ["least_gap", "standard_errors"]


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
