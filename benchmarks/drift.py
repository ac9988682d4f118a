"""How often drift is called where there is none, and found where it was planted.

python benchmarks/drift.py [FOLDER] [--runs 200] [--seed 0]

Builds the demo, or the real files of FOLDER, and draws windows of n customers, or of
whole customers until there are n sale lines, with replacement from the busiest window
of a dataset. Every run is a dataset of its own, so that the compiled models judge all
runs at once. Printed is the share of runs with an alert, of any feature; planted drift
has half as many runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from customer_segmentation.inputs import input_files
from customer_segmentation.sources import read_catalogue

PROJECT = Path(__file__).resolve().parents[1]
MODELS = "target/compiled/customer_segmentation/models"
SIZES = (200, 1000, 5000)
SPEND = "spend_before_returns_90_days"
# Of each dataset the category whose mix is changed.
MIXED = {"online_retail": "country", "complete_journey": "income_band"}

POPULATIONS = """
create table customers as
with busiest as (
    select as_of_date
    from source.main.customer_features_history
    where dataset = '{dataset}' and orders_90_days > 0
    group by as_of_date order by count(*) desc, as_of_date limit 1
)
select row_number() over (order by customer_id) - 1 as place, history.*
from source.main.customer_features_history as history
join busiest using (as_of_date)
where dataset = '{dataset}' and orders_90_days > 0;

create table lines as
select
    dense_rank() over (
        order by coalesce(
            'customer ' || sales.customer_id, 'order ' || order_id
        )
    ) - 1 as place,
    transaction_line_id, product, category, country, channel, sales.quantity,
    sales.net_amount, sales.unit_price, sales.unit_cost, margin_rate, ship_days
from source.main.sale_features as sales
join source.main.transactions using (dataset, transaction_line_id)
where
    dataset = '{dataset}'
    and (select max(as_of_date) from customers) - sale_date between 0 and 89;
"""

DRAW = {
    "customer": """
        create or replace table customer_features_history as
        select customers.* exclude (place) replace (
            run as dataset, window_end as as_of_date, draw as customer_id {planted}
        )
        from drawn join customers using (place)
    """,
    "sale": """
        create or replace table staging.int_drift_sales as
        select
            run as dataset, window_end,
            lines.* exclude (place) replace (
                draw || transaction_line_id as transaction_line_id {planted}
            ),
            count(*) over (partition by draw) as lines_of_buyer
        from drawn join lines using (place)
    """,
}


def build(folder: Path, inputs: dict) -> Path:
    """Run dbt as far as feature_drift, and return the path of the database."""
    database = folder / "built.duckdb"
    subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "--quiet", "build"),
            *("--select", "+feature_drift"),
            *("--exclude-resource-types", "test", "unit_test"),
            *("--project-dir", PROJECT, "--profiles-dir", PROJECT),
            *("--target-path", folder / "target", "--log-path", folder),
            *("--vars", json.dumps({"input_files": inputs})),
        ],
        env=os.environ | {"SEGMENTATION_DATABASE": str(database)},
        check=True,
    )
    return database


class Simulation:
    """Pairs of windows drawn from one dataset, and what feature_drift says of them."""

    def __init__(self, database: Path, dataset: str, runs: int, seed: int):
        self.runs, self.seed = runs, seed
        models = database.parent / MODELS
        self.values = (models / "intermediate/int_drift_values.sql").read_text()
        self.feature_drift = (models / "marts/monitoring/feature_drift.sql").read_text()
        self.connection = connection = duckdb.connect()
        connection.execute(
            f"attach '{database}' as source (read_only);"
            f"attach ':memory:' as {database.stem};"
            f"use {database.stem}; create schema staging;"
        )
        for table in ("int_drift_sales", "chi_square_limits"):
            connection.execute(
                f"create table staging.{table} as from source.staging.{table}"
            )
        connection.execute(POPULATIONS.format(dataset=dataset))
        connection.execute(
            "create table customer_features_history as select * exclude (place)"
            "from customers limit 0; truncate staging.int_drift_sales"
        )
        # Lines of every customer; a customer is one entity.
        self.weights = {
            "customer": np.ones(self.query("from customers").shape[0], dtype=int),
            "sale": self.query(
                "select count(*) as lines from lines group by place order by place"
            ).lines.to_numpy(),
        }

    def query(self, sql: str) -> pd.DataFrame:
        """Query what was drawn."""
        return self.connection.execute(sql).df()

    def _drawn(self, unit: str, n: int, runs: int) -> pd.DataFrame:
        # The same draws for every case.
        random = np.random.default_rng((self.seed, n))
        weights, parts = self.weights[unit], []
        for run in range(runs):
            for window_end in ("2020-03-31", "2020-09-30"):
                places = random.integers(len(weights), size=n)
                # Whole customers, until there are n lines.
                before = np.cumsum(weights[places]) - weights[places]
                places = places[before < n]
                parts.append(
                    pd.DataFrame(
                        {"place": places, "run": run, "window_end": window_end}
                    )
                )
        drawn = pd.concat(parts, ignore_index=True)
        drawn["draw"] = drawn.index.astype(str) + " "
        drawn["chance"] = random.uniform(size=len(drawn))
        return drawn

    def drift(self, unit: str, n: int, planted: dict[str, str]) -> pd.DataFrame:
        """Draw the windows, change columns of the current ones, and compare."""
        # Half of the runs tell a power; a share of 5 % needs them all.
        runs = self.runs // 2 if planted else self.runs
        self.connection.register("frame", self._drawn(unit, n, runs))
        self.connection.execute(
            "create or replace table drawn as select place, draw, chance,"
            "cast(run as varchar) as run, cast(window_end as date) as window_end,"
            "window_end > '2020-06' as is_current from frame;"
            "create or replace table staging.int_drift_pairs as select distinct"
            f" run as dataset, '{unit}' as unit, 'since_reference' as comparison,"
            "date '2020-03-31' as reference_date, date '2020-09-30' as as_of_date"
            " from drawn"
        )
        for table in ("customer_features_history", "staging.int_drift_sales"):
            self.connection.execute(f"truncate {table}")
        changes = "".join(
            f", case when is_current then {changed} else {column} end as {column}"
            for column, changed in planted.items()
        )
        self.connection.execute(DRAW[unit].format(planted=changes))
        self.connection.execute(
            f"create or replace table staging.int_drift_values as {self.values}"
        )
        return self.query(self.feature_drift)

    def customer_cases(self, mixed: str) -> dict[tuple[str, str], dict[str, str]]:
        """Name what is planted, with the columns of the customers that it changes."""
        mean, deviation = self.connection.execute(
            f"select avg(ln(1 + {SPEND})), stddev(ln(1 + {SPEND})) from customers"
        ).fetchone()
        common, other = self.query(
            f"select {mixed} as name, count(*) / sum(count(*)) over () as share"
            f" from customers group by {mixed} having {mixed} is not null"
            " order by share desc, name limit 2"
        ).itertuples(index=False)

        def spend(log: str) -> dict[str, str]:
            return {SPEND: f"exp({log}) - 1"}

        return {
            **{
                (
                    "log of spend rises, in standard deviations",
                    f"{shift}",
                ): spend(f"ln(1 + {SPEND}) + {shift * deviation}")
                for shift in (0.1, 0.3, 0.5, 1)
            },
            **{
                ("spread of the logarithm of spend", f"x {times}"): spend(
                    f"{mean} + {times} * (ln(1 + {SPEND}) - {mean})"
                )
                for times in (1.2, 1.5, 2)
            },
            **{
                (f"points of {mixed} moved", f"{points}"): {
                    mixed: f"case when {mixed} = '{common.name}'"
                    f" and chance < {points / 100 / common.share}"
                    f" then '{other.name}' else {mixed} end"
                }
                for points in (10, 20, 30)
            },
            **{
                (f"new {mixed}", f"{share} %"): {
                    mixed: f"case when chance < {share / 100} then 'New'"
                    f" else {mixed} end"
                }
                for share in (1, 5, 20)
            },
        }


SALE_CASES = {
    ("every price rises", f"{percent} %"): {
        "unit_price": f"unit_price * {1 + percent / 100}",
        "net_amount": f"net_amount * {1 + percent / 100}",
    }
    for percent in (2.5, 7.5, 15)
}


def fired(rows: pd.DataFrame, alert: pd.Series) -> float:
    """Share of the runs in which the alert is there for any feature."""
    return alert.groupby(rows.dataset).any().mean()


def simulate(text: str, runs: int, table: Callable[..., None]) -> None:
    """Read the command line that the text describes, and print a table per dataset."""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    inputs = (
        input_files(options.folder, read_catalogue(PROJECT)) if options.folder else {}
    )
    with tempfile.TemporaryDirectory() as folder:
        database = build(Path(folder), inputs)
        for dataset, mixed in MIXED.items():
            simulation = Simulation(database, dataset, options.runs, options.seed)
            table(simulation, dataset, mixed)


def report(simulation: Simulation, dataset: str, mixed: str) -> None:
    """Print a table for the dataset."""
    heads = "".join(f"{f'n = {n}':>12}" for n in SIZES)
    print(f"\n{dataset:<64}{heads}")
    quiet = {("no drift", ""): {}}
    for unit, cases in {
        "customer": quiet | simulation.customer_cases(mixed),
        "sale": quiet | SALE_CASES,
    }.items():
        for (name, size), planted in cases.items():
            found = [simulation.drift(unit, n, planted) for n in SIZES]
            shares = [fired(rows, rows.alert != "none") for rows in found]
            print_row(f"{unit}: {name}", size, shares)
            if not planted:
                alone = [fired(rows, rows.psi > 0.1) for rows in found]
                print_row(f"{unit}: no drift, PSI > 0.1 alone", size, alone)


def print_row(name: str, size: str, shares: list[float]) -> None:
    """Print the shares of one case."""
    print(f"{name:<56}{size:>8}" + "".join(f"{share:>12.1%}" for share in shares))


if __name__ == "__main__":
    simulate(__doc__, 200, report)
