"""Time our silhouettes beside scikit-learn's, on the same customers in one run.

python benchmarks/silhouette.py [--customers 25000]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter

from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_score

from customer_segmentation.kmeans import fit_kmeans
from customer_segmentation.validity import silhouette_euclidean, silhouette_squared

FEATURES, CLUSTERS, ROUNDS = 6, 5, 5


def timed(call: Callable, rounds: int) -> tuple[float, object]:
    """Return the median seconds of some rounds, and the result of the last."""
    seconds = []
    for _ in range(rounds):
        start = perf_counter()
        result = call()
        seconds.append(perf_counter() - start)
    return median(seconds), result


def main() -> None:
    """Print one row per silhouette."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=25_000)
    customers = parser.parse_args().customers
    points, _ = make_blobs(
        customers, FEATURES, centers=CLUSTERS, cluster_std=4.0, random_state=0
    )
    labels = fit_kmeans(points, CLUSTERS).labels

    print(f"{customers} customers, {FEATURES} features, {CLUSTERS} clusters\n")
    print(f"{'silhouette':<24}{'rounds':>7}{'seconds':>10}{'ratio':>8}  value")
    for metric, name, ours in [
        ("sqeuclidean", "squared", lambda: silhouette_squared(points, labels).mean()),
        ("euclidean", "Euclidean", lambda: silhouette_euclidean(points, labels)),
    ]:
        base, exact = timed(
            lambda metric=metric: silhouette_score(points, labels, metric=metric), 1
        )
        seconds, value = timed(ours, ROUNDS)
        if metric == "euclidean":
            shown = "{:.6f} (95 %: {:.6f} to {:.6f})".format(*value)
        else:
            shown = f"{value:.6f}"
        for who, rounds, spent, text in [
            ("scikit-learn", 1, base, f"{exact:.6f}"),
            ("ours", ROUNDS, seconds, shown),
        ]:
            label = f"{name}, {who}"
            ratio = spent / base
            print(f"{label:<24}{rounds:>7}{spent:>10.4f}{ratio:>8.4f}  {text}")


if __name__ == "__main__":
    main()
