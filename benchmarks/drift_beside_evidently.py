"""Our verdict on drift beside that of Evidently's default preset, on the same windows.

python benchmarks/drift_beside_evidently.py [FOLDER] [--runs 50] [--seed 0]

Needs requirements/evidently.txt. The windows are those of benchmarks/drift.py, of
customers. "any column" is how often one column at least is found to drift, "preset"
how often Evidently calls the whole data set drifted: half of its columns or more.
"""

from __future__ import annotations

import os
import warnings
from time import perf_counter

os.environ["DO_NOT_TRACK"] = "1"  # before Evidently is imported

import pandas as pd
from drift import SIZES, Simulation, fired, simulate
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

warnings.simplefilter("ignore")

SHOWN = ("", "0.3", "20")  # sizes of the drift that is planted


def share_of_drifted_columns(rows: pd.DataFrame, windows: pd.DataFrame) -> float:
    """Ask Evidently about the features that we compared, of one run."""
    rows = rows[rows.bins > 1]
    definition = DataDefinition(
        numerical_columns=list(rows.feature[rows.kind == "number"]),
        categorical_columns=list(rows.feature[rows.kind == "category"]),
    )
    reference, current = (
        Dataset.from_pandas(frame[list(rows.feature)], data_definition=definition)
        for _, frame in windows.groupby("as_of_date")
    )
    report = Report([DataDriftPreset()]).run(current, reference)
    return report.dict()["metrics"][0]["value"]["share"]


def beside(simulation: Simulation, dataset: str, mixed: str) -> None:
    """Print a table for the dataset."""
    heads = ("ours", "any column", "preset", "s ours", "s theirs")
    print(f"\n{dataset:<56}{'':>8}{'n':>6}" + "".join(f"{head:>12}" for head in heads))
    cases = {("no drift", ""): {}} | simulation.customer_cases(mixed)
    for (name, size), planted in cases.items():
        for n in SIZES if size in SHOWN else ():
            start = perf_counter()
            rows = simulation.drift("customer", n, planted)
            middle = perf_counter()
            windows = simulation.query("from customer_features_history")
            theirs = pd.Series(
                share_of_drifted_columns(rows[rows.dataset == run], frame)
                for run, frame in windows.groupby("dataset")
            )
            seconds = middle - start, perf_counter() - middle
            shares = (
                fired(rows, rows.alert != "none"),
                (theirs > 0).mean(),
                (theirs >= 0.5).mean(),
            )
            print(
                f"{name:<56}{size:>8}{n:>6}"
                + "".join(f"{share:>12.0%}" for share in shares)
                + "".join(f"{spent / len(theirs):>12.2f}" for spent in seconds),
                flush=True,
            )


if __name__ == "__main__":
    simulate(__doc__, 50, beside)
