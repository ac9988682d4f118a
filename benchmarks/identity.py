"""How many customers change their segment, when nothing but noise changed them.

python benchmarks/identity.py [--segments 4] [--noise 0.15] [--months 12]

A retail mixture of four overlapping groups; every month each feature of each
customer is multiplied by log-normal noise. Five ways to go on from month to month,
each with the library's own functions:

- cold: k-means anew every month, clusters as they are numbered;
- cold, matched: the same, ids carried over by the overlap of members;
- warm, matched: k-means anew, started from the centroids in use;
- frozen: the first model scores every month;
- frozen, held by a margin: the same, and a customer moves only if another centroid is
  nearer by this share, or for the second time in a row.

Changed is the mean share of customers per month whose segment is another one than
the month before. Then a tenth of the customers turn, in one month and for good, into
customers of another group. Followed is the share of those who belong elsewhere from
then on, by a model that sees no noise, that is in the new segment in the same month,
and in the one after. More segments than groups (--segments) cut through the groups,
so that more customers are near a border.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import numpy as np
from sklearn.cluster import KMeans

from customer_segmentation.definitions import read_definitions
from customer_segmentation.identity import hold, match_segments, shared_members
from customer_segmentation.kmeans import fit_kmeans, squared_distances_to_each
from customer_segmentation.transforms import learn, prepare

SHARES = [0.4, 0.3, 0.2, 0.1]
# Means of the logarithms: orders, spend, days since the last order.
MEANS = np.log([[2, 40, 200], [5, 150, 60], [14, 600, 25], [40, 4000, 7]])
SPREAD = 0.6  # of a feature's logarithm in a group: the groups overlap
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


def population(customers: int, random: np.random.Generator):
    """Group (n,) and typical features (n, 3) of each customer."""
    group = random.choice(len(SHARES), customers, p=SHARES)
    return group, np.exp(random.normal(MEANS[group], SPREAD))


def observed(typical, noise: float, random: np.random.Generator):
    """One month: the features with its noise."""
    return typical * np.exp(random.normal(0, noise, typical.shape))


def scaled(values, parameters=None):
    """Scale with given parameters, or with those learnt here."""
    columns = dict(zip(DEFINITION.features, values.T, strict=True))
    parameters = parameters or learn(columns, DEFINITION.features)
    return prepare(columns, parameters).points, parameters


def cold(months, k: int) -> Iterator[np.ndarray]:
    """Fit anew every month."""
    for month, values in enumerate(months):
        points, _ = scaled(values)
        yield KMeans(k, n_init=10, random_state=month).fit_predict(points)


def cold_matched(months, k: int) -> Iterator[np.ndarray]:
    """Carry the ids of new fits over."""
    yield from _carried(cold(months, k), k)


def warm_matched(months, k: int) -> Iterator[np.ndarray]:
    """Carry the ids of fits over that start from the last ones."""
    yield from _carried(_warm(months, k), k)


def frozen(months, k: int) -> Iterator[np.ndarray]:
    """Score with the first model."""
    for squared in _frozen_distances(months, k):
        yield squared.argmin(axis=1)


def frozen_held(months, k: int, margin: float) -> Iterator[np.ndarray]:
    """Score with the first model, and hold who is near a border."""
    before = nearest_before = None
    for squared in _frozen_distances(months, k):
        nearest = squared.argmin(axis=1)
        if before is None:
            before = nearest_before = nearest
        before = hold(
            nearest,
            np.sqrt(squared),
            before=before,
            nearest_before=nearest_before,
            margin=margin,
        )
        nearest_before = nearest
        yield before


def _warm(months, k: int) -> Iterator[np.ndarray]:
    start = None
    for values in months:
        points, _ = scaled(values)
        fit = fit_kmeans(points, k, start=start)
        start = fit.centroids
        yield fit.labels


def _carried(labellings: Iterator[np.ndarray], k: int) -> Iterator[np.ndarray]:
    """Carry ids over from month to month; a segment that continues none is new."""
    before, used = None, k
    for labels in labellings:
        if before is not None:
            segments = before.max() + 1, k
            shared = shared_members(before, labels, segments=segments)
            kept = match_segments(shared, np.zeros(segments))
            new = [segment for segment in range(k) if segment not in kept]
            kept |= {segment: used + place for place, segment in enumerate(new)}
            used += len(new)
            labels = np.array([kept[segment] for segment in range(k)])[labels]
        before = labels
        yield labels


def _frozen_distances(months, k: int) -> Iterator[np.ndarray]:
    parameters = centroids = None
    for values in months:
        points, parameters = scaled(values, parameters)
        if centroids is None:
            centroids = fit_kmeans(points, k).centroids
        yield squared_distances_to_each(points, centroids)


WAYS: dict[str, Callable] = {
    "cold": cold,
    "cold, matched": cold_matched,
    "warm, matched": warm_matched,
    "frozen": frozen,
    **{
        f"frozen, held by {margin:.0%}": partial(frozen_held, margin=margin)
        for margin in (0.1, 0.2, 0.3)
    },
}


def main() -> None:
    """Print both shares for every way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--segments", type=int, default=4)
    parser.add_argument("--noise", type=float, default=0.15)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--customers", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    k, random = options.segments, np.random.default_rng(options.seed)
    group, typical = population(options.customers, random)
    quiet = [observed(typical, options.noise, random) for _ in range(options.months)]

    moves = random.random(options.customers) < 0.1
    other = (group + random.integers(1, len(SHARES), options.customers)) % len(SHARES)
    elsewhere = np.exp(random.normal(MEANS[other], SPREAD))
    shifted = np.where(moves[:, None], elsewhere, typical)
    moving = [
        *(observed(typical, options.noise, random) for _ in range(6)),
        *(observed(shifted, options.noise, random) for _ in range(2)),
    ]
    home, away = frozen([typical, shifted], k)
    belongs_elsewhere = home != away
    print(f"{'':<24}{'changed':>10}{'followed at once':>20}{'in two months':>16}")
    for name, way in WAYS.items():
        labellings = list(way(quiet, k))
        changed = np.mean([(a != b).mean() for a, b in pairwise(labellings)])
        *_, last, first_after, second_after = way(moving, k)
        # What the way calls a segment of the model without noise.
        called = np.array([np.bincount(last[home == s]).argmax() for s in range(k)])
        followed = [
            (labels == called[away])[belongs_elsewhere].mean()
            for labels in (first_after, second_after)
        ]
        print(f"{name:<24}{changed:>10.1%}{followed[0]:>20.1%}{followed[1]:>16.1%}")


if __name__ == "__main__":
    main()
