"""Time the whole build beside the notebook that it replaces, in one run.

python benchmarks/build.py FOLDER [--rounds 3]

FOLDER holds the real files. The notebook reads Online Retail with pandas, cleans
it, computes three features and scans k = 2..10 with scikit-learn. The build does
that and all the rest: every dataset, every segmentation, every test.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

from customer_segmentation.inputs import input_files
from customer_segmentation.sources import read_catalogue

PROJECT = Path(__file__).resolve().parents[1]


def notebook(files: dict[str, str]) -> None:
    """Segment the customers of Online Retail the usual way."""
    lines = pd.read_csv(files["online_retail"])
    lines = lines.dropna(subset=["CustomerID"]).drop_duplicates()
    lines = lines[(lines.Quantity > 0) & (lines.UnitPrice > 0)]
    customers = lines.groupby("CustomerID").agg(
        {"Quantity": "sum", "UnitPrice": "mean", "InvoiceNo": "nunique"}
    )
    points = StandardScaler().fit_transform(customers)
    for k in range(2, 11):
        labels = KMeans(k, n_init=10, random_state=0).fit_predict(points)
        silhouette_score(points, labels)


def build(files: dict[str, str], *arguments: str) -> None:
    """Run dbt into a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                *(Path(sys.executable).with_name("dbt"), "--quiet", *arguments),
                *("--project-dir", PROJECT, "--profiles-dir", PROJECT),
                *("--target-path", f"{folder}/target", "--log-path", folder),
                *("--vars", json.dumps({"input_files": files})),
            ],
            env=os.environ | {"SEGMENTATION_DATABASE": f"{folder}/built.duckdb"},
            check=True,
        )


def main() -> None:
    """Print the median seconds of each, and the ratio to the notebook."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    files = input_files(options.folder, read_catalogue(PROJECT))
    no_tests = ("--exclude-resource-types", "test", "unit_test")
    runs = {
        "notebook, Online Retail alone": lambda: notebook(files),
        "dbt build without tests, real files": lambda: build(files, "build", *no_tests),
        "dbt build with every test, real files": lambda: build(files, "build"),
        "dbt build with every test, demo data": lambda: build({}, "build"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            start = perf_counter()
            run()
            seconds[name].append(perf_counter() - start)
    first = median(next(iter(seconds.values())))
    print(f"{'median of ' + str(options.rounds):<40}{'seconds':>8}{'ratio':>8}")
    for name, values in seconds.items():
        print(f"{name:<40}{median(values):>8.1f}{median(values) / first:>8.2f}")


if __name__ == "__main__":
    main()
