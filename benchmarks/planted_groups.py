"""Find the planted groups of the demo data back, and say how well.

python benchmarks/planted_groups.py [--customers 25000]

Builds the demo, and e-commerce orders once more at full size, where the published
filter stands beside the same recipe with the returns counted. Agreement is the
adjusted Rand index: 1 for the planted groups themselves, 0 for chance.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from customer_segmentation.demo import DEMOS, write_demo

PROJECT = Path(__file__).resolve().parents[1]
FOUND = """
select entity_id, segment_name from customer_segments where segmentation = ?
"""
SEGMENTATIONS = """
select segmentation, dataset
from segmentations
where dataset in (select unnest(?)) and grain = 'customer'
order by dataset, segmentation
"""


def build(folder: Path, inputs: dict[str, str]) -> Path:
    """Run dbt without tests into a database of its own, and return its path."""
    database = folder / "built.duckdb"
    subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "--quiet", "build"),
            *("--exclude-resource-types", "test", "unit_test"),
            *("--project-dir", PROJECT, "--profiles-dir", PROJECT),
            *("--target-path", folder / "target", "--log-path", folder),
            *("--vars", json.dumps({"input_files": inputs})),
        ],
        env=os.environ | {"SEGMENTATION_DATABASE": str(database)},
        check=True,
    )
    return database


def agreements(database: Path, planted: dict[str, pd.Series]) -> None:
    """Print each segmentation of these datasets with its agreement."""
    with duckdb.connect(str(database), read_only=True) as connection:
        for name, dataset in connection.execute(
            SEGMENTATIONS, [list(planted)]
        ).fetchall():
            found = connection.execute(FOUND, [name]).df().set_index("entity_id")
            groups = planted[dataset].reindex(found.index).dropna()
            labels = found.segment_name[groups.index]
            agreement = adjusted_rand_score(groups, labels)
            print(f"{name:<46}{len(groups):>10,}{labels.nunique():>4}{agreement:>8.3f}")


def main() -> None:
    """Print entities, segments and agreement of each segmentation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=25_000)
    options = parser.parse_args()
    print(f"{'segmentation':<46}{'entities':>10}{'k':>4}{'ARI':>8}")
    with tempfile.TemporaryDirectory() as folder:
        planted = {dataset: generate(0).groups for dataset, generate in DEMOS.items()}
        agreements(build(Path(folder), {}), planted)
    print(f"\nThe same with {options.customers:,} customers of the web shop")
    with tempfile.TemporaryDirectory() as folder:
        lines, groups = write_demo(
            Path(folder), "ecommerce_orders", customers=options.customers
        )
        truth = pd.read_csv(groups, dtype=str).set_index("customer_id").group
        database = build(Path(folder), {"ecommerce_orders": str(lines)})
        agreements(database, {"ecommerce_orders": truth})


if __name__ == "__main__":
    main()
