"""How much longer a model serves whose features are of a fixed window.

python benchmarks/fixed_windows.py FOLDER

FOLDER holds the real files. The recommended segmentations of Online Retail and of
Complete Journey measure orders and spend over all the time before; here they stand
beside the same ones of the last short_window_days, in the back-test of both.
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
import yaml

from customer_segmentation.inputs import input_files
from customer_segmentation.sources import read_catalogue

PROJECT = Path(__file__).resolve().parents[1]
OF_A_WINDOW = (
    *("orders", "spend_before_returns", "average_order_value", "return_rate"),
    *("distinct_categories", "discount_share"),
)
CURVES = """
pivot (
    select
        segmentation, lag_months as lag, cut_offs, measure,
        printf('%.2f', value) || case when is_crossed then ' *' else '' end as value
    from retraining_backtest
    where segmentation in (select segmentation from segmentations)
) on measure using first(value)
order by segmentation, lag
"""


def recent(definition: dict, days: int) -> dict:
    """Give the same segmentation of customers with an order in the window."""
    return definition | {
        "where": f"orders_{days}_days > 0",
        "features": {
            f"{name}_{days}_days" if name in OF_A_WINDOW else name: keys
            for name, keys in definition["features"].items()
            if not name.startswith("campaign")
        },
    }


def main() -> None:
    """Print the curves of each; a star is a crossed threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    files = input_files(parser.parse_args().folder, read_catalogue(PROJECT))
    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    definitions = {
        name: variables["segmentations"][name]
        for name in ("online_retail_customers", "complete_journey_households")
    }
    days = variables["short_window_days"]
    definitions |= {
        f"{name}_{days}_days": recent(definition, days)
        for name, definition in definitions.items()
    }
    given = {"input_files": files, "segmentations": definitions}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                *(Path(sys.executable).with_name("dbt"), "--quiet", "build"),
                *("--select", "+retraining_backtest"),
                *("--exclude-resource-types", "test", "unit_test"),
                *("--project-dir", PROJECT, "--profiles-dir", PROJECT),
                *("--target-path", f"{folder}/target", "--log-path", folder),
                *("--vars", json.dumps(given)),
            ],
            env=os.environ | {"SEGMENTATION_DATABASE": f"{folder}/built.duckdb"},
            check=True,
        )
        with duckdb.connect(f"{folder}/built.duckdb") as connection:
            curves = connection.execute(CURVES)
            print(f"| {' | '.join(column[0] for column in curves.description)} |")
            print("|---" * len(curves.description) + "|")
            for row in curves.fetchall():
                print(f"| {' | '.join(map(str, row))} |")


if __name__ == "__main__":
    main()
