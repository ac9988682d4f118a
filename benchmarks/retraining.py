"""How often, and at which lag, the back-test crosses its thresholds.

python benchmarks/retraining.py [--quiet-runs 40] [--runs 10] [--customers 500]
    [--fits-as-they-are]

Four overlapping groups of customers are seen at 13 month ends. Every month each
feature of each customer is multiplied by log-normal noise (15 %), and 5 % of the
customers leave for new ones of the same groups. Nothing else happens in the quiet
populations; each of the others has one drift. Each run draws a population and makes
the back-test of the model `retraining_backtest`, with the thresholds of the project.

A cell holds the share of runs in which a measure crosses its threshold at any lag,
and the median of the first lags. With --fits-as-they-are, what chance makes of two
fits is not taken off `excess_inertia` and `disagreement`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from customer_segmentation import backtest
from customer_segmentation.backtest import MEASURES, History, Month, curves
from customer_segmentation.definitions import read_definitions

PROJECT = Path(__file__).resolve().parents[1]
THRESHOLDS = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"][
    "retraining_thresholds"
]
MONTHS = 13
NOISE = 0.15
SHARES = np.array([0.4, 0.3, 0.2, 0.1])
# Means of the logarithms: orders, spend, days since the last order.
MEANS = np.log([[2, 40, 200], [5, 150, 60], [14, 600, 25], [40, 4000, 7]])
(DEFINITION,) = read_definitions(
    {
        "shoppers": {
            "dataset": "own",
            "features": {
                name: {"transform": "log1p"}
                for name in ("orders", "spend", "recency_days")
            },
        }
    }
)


@dataclass(frozen=True)
class Population:
    """Customers, and how they change from month to month.

    Attributes
    ----------
    k
        Number of segments.
    spread
        Of a feature's logarithm in a group.
    leavers
        Share of customers that new ones take the place of.
    growth
        What is added to the mean logarithms each month, by group and feature.
    mix
        What is added each month to the shares of the groups among new customers.
    turning
        Share of the first group that turns into the last one in the seventh month.
    """

    k: int = 4
    means: np.ndarray = field(default_factory=lambda: MEANS)
    spread: float = 0.6
    leavers: float = 0.05
    growth: np.ndarray | float = 0.0
    mix: np.ndarray | float = 0.0
    turning: float = 0.0

    def history(self, customers: int, random: np.random.Generator) -> History:
        """Draw the customers, and each month of them."""
        ids, used = np.arange(customers), customers
        group = random.choice(len(SHARES), customers, p=SHARES)
        typical = random.normal(0, self.spread, (customers, 3))
        months = {}
        for month in range(MONTHS):
            if month:
                gone = np.flatnonzero(random.random(customers) < self.leavers)
                ids[gone] = used + np.arange(len(gone))
                used += len(gone)
                shares = SHARES + month * np.asarray(self.mix)
                group[gone] = random.choice(len(SHARES), len(gone), p=shares)
                typical[gone] = random.normal(0, self.spread, (len(gone), 3))
            if month == 6:
                turns = (group == 0) & (random.random(customers) < self.turning)
                group[turns] = len(SHARES) - 1
            means = (self.means + month * np.asarray(self.growth))[group]
            noise = random.normal(0, NOISE, (customers, 3))
            values = np.exp(means + typical + noise)
            columns = dict(zip(DEFINITION.features, values.T, strict=True))
            months[month] = Month(ids.copy(), columns, np.arange(customers))
        return History(range(used), months)


GROUPS = Population()
CLOUD = replace(GROUPS, means=np.tile(MEANS.mean(axis=0), (4, 1)), spread=1.2)
QUIET = {
    "groups": GROUPS,
    "groups, all customers new each month": replace(GROUPS, leavers=1.0),
    "groups, cut into eight": replace(GROUPS, k=8),
    "one cloud": CLOUD,
    "one cloud, cut into eight": replace(CLOUD, k=8),
}
SPEND, RECENCY = np.eye(3)[1], np.eye(3)[2]
FIRST, LAST = np.eye(4)[0], np.eye(4)[3]
DRIFTS = {
    "spend + 1 % a month": replace(GROUPS, growth=0.01 * SPEND),
    "spend + 5 % a month": replace(GROUPS, growth=0.05 * SPEND),
    "days since the last order + 10 % a month": replace(GROUPS, growth=0.1 * RECENCY),
    "spend of the first group + 10 % a month": replace(
        GROUPS, growth=0.1 * np.outer(FIRST, SPEND)
    ),
    "spend of the first group + 20 % a month": replace(
        GROUPS, growth=0.2 * np.outer(FIRST, SPEND)
    ),
    "new customers ever more of the last group": replace(
        GROUPS, mix=0.03 * (LAST - FIRST), leavers=0.3
    ),
    "a third of the first group turns in month 7": replace(GROUPS, turning=1 / 3),
    "two thirds of the first group turn in month 7": replace(GROUPS, turning=2 / 3),
}


def first_lags(
    population: Population, runs: int, customers: int
) -> Iterator[dict[str, float]]:
    """First lag at which each measure crosses, of each run; NaN for none."""
    for run in range(runs):
        history = population.history(customers, np.random.default_rng(run))
        rows = curves(history, DEFINITION, population.k)
        crossed = rows[rows.low > rows.measure.map(THRESHOLDS)]
        yield crossed.groupby("measure").lag_months.min().reindex(MEASURES).to_dict()


def main() -> None:
    """Print one line per population."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quiet-runs", type=int, default=40)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--fits-as-they-are", action="store_true")
    options = parser.parse_args()
    if options.fits_as_they_are:
        backtest._chance = lambda *_: np.zeros((1, 2))
    for title, populations, runs in (
        ("without drift", QUIET, options.quiet_runs),
        ("with drift", DRIFTS, options.runs),
    ):
        print(f"\n| {title} | " + " | ".join([*MEASURES, "any"]) + " |")
        print("|---|" + "--:|" * (len(MEASURES) + 1))
        for name, population in populations.items():
            lags = pd.DataFrame(first_lags(population, runs, options.customers))
            lags["any"] = lags.min(axis=1)
            cells = [
                f"{column.notna().mean():.0%}"
                + (f", {column.median():g}" if column.notna().any() else "")
                for _, column in lags.items()
            ]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
