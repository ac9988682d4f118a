"""How often each rule finds the true k, and what data without groups are called.

python benchmarks/choosing_k.py [--seeds 20] [--first-seed 2000]

Every kind draws its number of groups, features and points by itself. The rule and
the verdict were chosen on the seeds below 200, the documented tables are of others.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from customer_segmentation.definitions import Segmentation
from customer_segmentation.kmeans import one_thread
from customer_segmentation.selection import select_k
from customer_segmentation.stability import quick_centroids

Points = NDArray[np.float64]
Noise = Callable[[int, tuple[int, int]], Points]  # of a group's number and shape

RULES = {
    "ours": lambda rows: rows.k[rows.is_chosen],
    "silhouette": lambda rows: rows.k[rows.silhouette_euclidean.idxmax()],
    "squared": lambda rows: rows.k[rows.silhouette.idxmax()],
    "gap": lambda rows: gap(rows),
    "DB": lambda rows: rows.k[rows.davies_bouldin.idxmin()],
    "CH": lambda rows: rows.k[rows.calinski_harabasz.idxmax()],
    "elbow": lambda rows: rows.k[rows.is_elbow],
}
VERDICTS = ["natural", "reproducible", "constructed"]


# --------------------------------------------------------------- data with groups


def centres(random: Generator, k: int, d: int, apart: float) -> Points:
    """Place k points so that each is 1 to 1.5 times `apart` from another one."""
    found = np.zeros((1, d))
    while len(found) < k:
        direction = random.normal(size=d)
        step = apart * random.uniform(1, 1.5) / np.linalg.norm(direction)
        new = found[random.integers(len(found))] + step * direction
        if np.linalg.norm(found - new, axis=1).min() >= apart:
            found = np.vstack([found, new])
    return found


def shape(random: Generator, most: int = 8) -> tuple[int, int, int]:
    """Draw the number of groups, features and points."""
    return (
        int(random.integers(2, most + 1)),
        int(random.choice([2, 3, 5, 8])),
        int(random.choice([200, 500, 1500])),
    )


def groups(
    random: Generator,
    apart: float,
    noise: Noise,
    *,
    of: tuple[int, int, int] | None = None,
    shares: Points | None = None,
) -> tuple[Points, int]:
    """Scatter points around centres; the unit is about the spread of a group."""
    k, d, n = of or shape(random)
    shares = np.full(k, 1 / k) if shares is None else shares
    return np.vstack(
        [
            centre + noise(group, (max(5, round(n * share)), d))
            for group, (centre, share) in enumerate(
                zip(centres(random, k, d, apart), shares, strict=True)
            )
        ]
    ), k


def normal(random: Generator) -> Noise:
    """Noise of round groups."""
    return lambda _, size: random.normal(size=size)


def imbalance(random: Generator) -> tuple[Points, int]:
    """Draw groups of which the largest is eight times the smallest."""
    k, d, n = shape(random, most=6)
    shares = np.geomspace(1, 8, k)
    return groups(random, 6, normal(random), of=(k, d, n), shares=shares / shares.sum())


def unequal_spread(random: Generator) -> tuple[Points, int]:
    """Draw tight and wide groups."""
    spread = random.uniform(0.4, 1.6, 8)
    return groups(
        random, 6, lambda group, size: spread[group] * random.normal(size=size)
    )


def elongated(random: Generator) -> tuple[Points, int]:
    """Draw groups that are up to four times as long as wide, in any direction."""

    def noise(_, size):
        turn, _ = np.linalg.qr(random.normal(size=(size[1], size[1])))
        return random.normal(size=size) * np.geomspace(1.3, 0.43, size[1]) @ turn.T

    return groups(random, 6, noise)


def bent(random: Generator) -> tuple[Points, int]:
    """Draw half circles."""

    def noise(_, size):
        angle = random.uniform(0, np.pi, size[0]) + random.uniform(0, 2 * np.pi)
        return 1.5 * np.c_[np.cos(angle), np.sin(angle)] + 0.3 * random.normal(
            size=size
        )

    k, _, n = shape(random, most=5)
    return groups(random, 6, noise, of=(k, 2, n))


def background(random: Generator) -> tuple[Points, int]:
    """Draw groups, and one point in eleven that belongs to no group."""
    points, k = groups(random, 7, normal(random))
    size = len(points) // 10, points.shape[1]
    return np.vstack([points, random.uniform(points.min(0), points.max(0), size)]), k


def idle_features(random: Generator) -> tuple[Points, int]:
    """Draw groups with which a third of the features have nothing to do."""
    points, k = groups(random, 7, normal(random))
    idle = random.normal(size=(len(points), max(1, points.shape[1] // 2)))
    return np.hstack([points, idle * points.std() / 2]), k


def grid(random: Generator) -> tuple[Points, int]:
    """Draw groups in rows and columns, which permuted columns have as well."""
    rows, columns = random.integers(2, 4, 2)
    middle = 5.5 * np.argwhere(np.ones((rows, columns)))
    size = int(random.choice([200, 500, 1500])) // len(middle)
    return (
        np.vstack([centre + random.normal(size=(size, 2)) for centre in middle]),
        len(middle),
    )


def one_feature(random: Generator) -> tuple[Points, int]:
    """Draw groups on a line."""
    k, _, n = shape(random, most=6)
    middle = np.cumsum(random.uniform(5, 8, k))
    return np.vstack([m + random.normal(size=(n // k, 1)) for m in middle]), k


def many(random: Generator) -> tuple[Points, int]:
    """Draw from 10 to 20 groups."""
    k, n = int(random.integers(10, 21)), int(random.choice([1000, 2000]))
    return groups(random, 6, normal(random), of=(k, shape(random)[1], n))


WITH_GROUPS: dict[str, Callable[[Generator], tuple[Points, int]]] = {
    "round": lambda random: groups(random, 6, normal(random)),
    "overlap": lambda random: groups(random, 4, normal(random)),
    "touching": lambda random: groups(random, 3, normal(random)),
    "imbalance": imbalance,
    "unequal spread": unequal_spread,
    "elongated": elongated,
    "heavy tails": lambda random: groups(
        random, 7, lambda _, size: random.standard_t(4, size)
    ),
    "skewed": lambda random: groups(
        random, 6, lambda _, size: random.exponential(size=size)
    ),
    "boxes": lambda random: groups(
        random, 5.5, lambda _, size: random.uniform(-1.7, 1.7, size)
    ),
    "bent": bent,
    "background": background,
    "idle features": idle_features,
    "grid": grid,
    "one feature": one_feature,
    "10 to 20 groups": many,
}


# ------------------------------------------------------------ data without groups


def size(random: Generator) -> tuple[int, int]:
    """Draw the number of points and features."""
    return (
        int(random.choice([60, 200, 500, 1500, 5000])),
        int(random.choice([1, 2, 3, 5, 10])),
    )


def correlated(random: Generator) -> Points:
    """Draw one long normal cloud."""
    n, d = size(random)
    long = random.normal(size=(n, 1)) * random.uniform(1, 3)
    return long + 0.5 * random.normal(size=(n, d))


def counts(random: Generator) -> Points:
    """Draw log1p of counts, of frequent and seldom buyers: ln 1, ln 2, ..."""
    n, d = size(random)
    mean = np.exp(random.normal(random.uniform(-0.5, 1.5), 1, (n, 1)))
    return np.log1p(random.poisson(mean, (n, d)))


def zeros(random: Generator) -> Points:
    """Draw many zeros beside a decreasing tail, in every feature."""
    shape = size(random)
    idle = random.uniform(size=shape) < random.uniform(0.3, 0.8)
    return np.where(idle, 0, random.exponential(size=shape))


def zeros_beside_others(random: Generator) -> Points:
    """Draw the same in one feature, such as a return rate, among normal ones."""
    points = random.normal(size=size(random))
    idle = random.uniform(size=len(points)) < 0.6
    points[:, 0] = np.where(idle, 0, random.exponential(size=len(points)))
    return points


def zeros_beside_spend(random: Generator) -> Points:
    """Draw log1p of what is zero for some and log-normal for the others."""
    shape = size(random)
    idle = random.uniform(size=shape) < random.uniform(0.2, 0.7)
    spend = random.lognormal(random.uniform(0, 3), 1, shape)
    return np.log1p(np.where(idle, 0, spend))


def return_rates(random: Generator) -> Points:
    """Draw the returned share of a few units, of customers that are all alike."""
    shape = size(random)
    units = 1 + random.poisson(random.uniform(0.8, 4), shape)
    return random.binomial(units, random.uniform(0.1, 0.4)) / units


def ring(random: Generator) -> Points:
    """Draw a circle, of which opposite sides have nothing between them."""
    n = max(size(random)[0], 200)
    angle = random.uniform(0, 2 * np.pi, n)
    circle = np.c_[np.cos(angle), np.sin(angle)]
    return circle * (1 + 0.1 * random.normal(size=(n, 1)))


def frame(random: Generator) -> Points:
    """Draw a square with a square hole."""
    n, hole = max(size(random)[0], 200), random.uniform(0.3, 0.7)
    points = random.uniform(-1, 1, (6 * n, 2))
    return points[np.abs(points).max(axis=1) > hole][:n]


def triangle(random: Generator) -> Points:
    """Draw uniformly from a simplex, which has corners."""
    n, d = size(random)
    return random.dirichlet(np.ones(d + 1), n)[:, :-1]


WITHOUT_GROUPS: dict[str, Callable[[Generator], Points]] = {
    "uniform": lambda random: random.uniform(size=size(random)),
    "normal": lambda random: random.normal(size=size(random)),
    "correlated": correlated,
    "log-normal": lambda random: random.lognormal(size=size(random)),
    "exponential": lambda random: random.exponential(size=size(random)),
    "Student t": lambda random: random.standard_t(3, size(random)),
    "counts": counts,
    "visits": lambda random: np.log1p(
        random.geometric(random.uniform(0.2, 0.6), size(random))
    ),
    "zeros": zeros,
    "zeros beside others": zeros_beside_others,
    "zeros beside spend": zeros_beside_spend,
    "return rates": return_rates,
    "ring": ring,
    "frame": frame,
    "triangle": triangle,
}


# -------------------------------------------------------------------- the rules


def measured(points: Points, last: int) -> pd.DataFrame:
    """Measure k = 1 to `last` of the standardised points, without constant ones."""
    points = points[:, points.std(axis=0) > 0]
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    definition = Segmentation.model_validate(
        {"name": "drawn", "dataset": "own", "features": {"drawn": {}}}
        | {"k_range": [1, last]}
    )
    rows = select_k(points, definition)
    rows.attrs["points"] = points
    return rows


def gap(rows: pd.DataFrame, draws: int = 5) -> int:
    """Smallest k whose gap is within one standard error of the next one's.

    Tibshirani, Walther and Hastie (2001), with references in the box of the
    principal axes.
    """
    points = rows.attrs["points"]
    random = np.random.default_rng(0)
    _, _, axes = np.linalg.svd(points, full_matrices=False)
    low, high = (points @ axes.T).min(axis=0), (points @ axes.T).max(axis=0)
    logs = np.empty((draws, len(rows)))
    for draw in range(draws):
        part = random.uniform(low, high, (min(len(points), 1000), len(low)))
        for column, k in enumerate(rows.k):
            nearest_squared = cdist(part, quick_centroids(part, k)).min(axis=1) ** 2
            logs[draw, column] = np.log(nearest_squared.mean())
    gaps = logs.mean(axis=0) - np.log(rows.inertia / len(points)).to_numpy()
    errors = logs.std(axis=0) * np.sqrt(1 + 1 / draws)
    enough = np.append(gaps[:-1] >= gaps[1:] - errors[1:], True)
    return int(rows.k.iloc[enough.argmax()])


# ------------------------------------------------------------------- the tables


def generator(kind: str, seed: int) -> Generator:
    """Give each kind its own numbers, whichever other kinds there are."""
    return np.random.default_rng([seed, *kind.encode()])


def with_groups(kind: str, seed: int) -> dict[str, float | str]:
    """Which rules find the true k, and what the true groups are called."""
    points, k = WITH_GROUPS[kind](generator(kind, seed))
    rows = measured(points, 24 if k >= 10 else 12)
    found = {name: 100 * np.any(rule(rows) == k) for name, rule in RULES.items()}
    return found | {"structure": rows.structure[rows.k == k].item()}


def without_groups(kind: str, seed: int) -> dict[str, str]:
    """Return the best that any k is called."""
    rows = measured(WITHOUT_GROUPS[kind](generator(kind, seed)), 10)
    return {"structure": min(rows.structure.dropna(), key=VERDICTS.index)}


def show(title: str, rows: pd.DataFrame, columns: list[str]) -> None:
    """Print a table of percentages for Markdown, with the mean of all kinds."""
    rows = rows[columns]
    print(f"\n| {title} | {' | '.join(columns)} |\n|---|{'--:|' * len(columns)}")
    for name, row in [*rows.iterrows(), ("**all**", rows.mean())]:
        print(f"| {name} | {' | '.join(f'{value:.0f}' for value in row)} |")


def main() -> None:
    """Print how often each rule finds k, and how often each verdict is given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=2000)
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    found, called = {}, {}
    with one_thread():
        for kind in WITH_GROUPS:
            rows = pd.DataFrame(with_groups(kind, seed) for seed in seeds)
            found[kind] = rows[list(RULES)].mean()
            called[kind] = rows.structure
        for kind in WITHOUT_GROUPS:
            called[kind] = pd.Series(
                without_groups(kind, seed)["structure"] for seed in seeds
            )
    print(f"Percent of {options.seeds} data sets of each kind")
    show("true k is found", pd.DataFrame(found).T, list(RULES))
    shares = (
        pd.DataFrame(
            {
                kind: 100 * names.value_counts(normalize=True)
                for kind, names in called.items()
            }
        )
        .T.reindex(columns=VERDICTS, fill_value=0)
        .fillna(0)
    )
    show("the true groups are", shares.loc[list(WITH_GROUPS)], VERDICTS)
    show("without groups, at best", shares.loc[list(WITHOUT_GROUPS)], VERDICTS)


if __name__ == "__main__":
    main()
