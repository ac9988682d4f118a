"""Mall customers: one row per customer, which is also the entity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from customer_segmentation.demo._shared import Demo, deal, seeded, spoil, truth

_CUSTOMERS = 240
_GENRES = {"Female": 0.56, "Male": 0.44}


class _Visitor(NamedTuple):
    """What a planted customer group earns and spends."""

    share: float  # of all customers
    income: tuple[float, float]  # mean and standard deviation, in k$
    score: tuple[float, float]
    age: tuple[float, float]


_GROUPS = {
    "Middle Earners": _Visitor(0.38, (53, 8), (50, 6.5), (43, 15)),
    "High Earners High Spenders": _Visitor(0.20, (87, 12), (81, 9), (33, 5)),
    "High Earners Low Spenders": _Visitor(0.18, (89, 14), (18, 9), (41, 10)),
    "Low Earners High Spenders": _Visitor(0.12, (25, 7), (78, 10), (26, 6)),
    "Low Earners Low Spenders": _Visitor(0.12, (26, 7), (21, 10), (46, 13)),
}

# One row each: the column that is spoilt and the text that spoils it.
_TRAPS = [("Age", "abc"), ("Spending Score (1-100)", "130")]


def mall_customers(seed: int = 0) -> Demo:
    """Make the visitors of a mall.

    Parameters
    ----------
    seed : int
        Seed of the PCG64 generator.

    Returns
    -------
    Demo
        240 customers in order of their income, one of them twice; the entity id
        is the ``CustomerID``.
    """
    rng = seeded(seed)
    shares = {name: kind.share for name, kind in _GROUPS.items()}
    groups = np.array(deal(rng, shares, _CUSTOMERS))
    kinds = [_GROUPS[group] for group in groups]

    def draw(moments: list[tuple[float, float]], low: int, high: int) -> np.ndarray:
        mean, deviation = np.transpose(moments)
        values = mean + deviation * rng.standard_normal(_CUSTOMERS)
        return np.clip(np.round(values), low, high).astype(int)

    income = draw([kind.income for kind in kinds], 14, 140)
    score = draw([kind.score for kind in kinds], 1, 100)
    age = draw([kind.age for kind in kinds], 18, 72)
    by_income = np.argsort(income, kind="stable")
    ids = np.array([f"{number:04}" for number in range(1, _CUSTOMERS + 1)])
    table = pd.DataFrame(
        {
            "CustomerID": ids,
            "Genre": deal(rng, _GENRES, _CUSTOMERS),
            "Age": age[by_income].astype(str),
            "Annual Income (k$)": income[by_income].astype(str),
            "Spending Score (1-100)": score[by_income].astype(str),
        },
        dtype=object,
    )
    *spoilt, twice = rng.choice(_CUSTOMERS, len(_TRAPS) + 1, replace=False)
    spoil(table, spoilt, _TRAPS)
    sound = np.setdiff1d(np.arange(_CUSTOMERS), spoilt)
    table = table.loc[np.sort([*table.index, twice])].reset_index(drop=True)
    planted = groups[by_income][sound]
    return Demo({"customers": table}, truth(ids[sound], planted, "CustomerID"))
