"""Builds of the project on Spark, and what they must share with those on DuckDB."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from conftest import Build

from customer_segmentation.built import attach_built

TIMES = {"trained_at", "scored_at"}
"""Columns that say when, not what."""


@dataclass(frozen=True)
class SparkBuild(Build):
    """A folder with a warehouse of its own."""

    settings: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.folder / "warehouse"

    @property
    def environment(self) -> dict[str, str]:
        return (
            super().environment
            | {
                "SEGMENTATION_SPARK_WAREHOUSE": str(self.database),
                "SPARK_LOCAL_IP": "127.0.0.1",
            }
            | self.settings
        )

    def dbt(self, *arguments: str, **variables):
        return super().dbt(*arguments, "--target", "spark", **variables)


def tables(build: Build) -> dict[str, pd.DataFrame]:
    """Read every public table: exact columns as texts, doubles as doubles, sorted."""
    with duckdb.connect() as connection:
        attach_built(connection, build.database)
        names = connection.execute(
            "select table_name from information_schema.tables where table_catalog ="
            " 'built' and table_schema = 'main' order by table_name"
        ).fetchall()
        return {name: _rows(connection, name) for (name,) in names}


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> pd.DataFrame:
    types = {
        name: kind
        for name, kind, *_ in connection.execute(
            f"describe built.main.{table}"
        ).fetchall()
        if name not in TIMES
    }
    doubles = [name for name, kind in types.items() if kind == "DOUBLE"]
    exact = [name for name in types if name not in doubles]
    columns = [f'cast("{name}" as varchar) as "{name}"' for name in exact]
    # Rows that differ in doubles alone stand in the same order on both.
    order = [f'"{name}"' for name in exact] + [f'round("{n}", 6)' for n in doubles]
    found = connection.execute(
        f"select {', '.join(columns + doubles)} from built.main.{table}"
        f" order by {', '.join(order)}"
    ).df()
    found.attrs["types"] = types
    return found


def differences(left: pd.DataFrame, right: pd.DataFrame) -> list[str]:
    """Say what is not equal: types, rows, exact columns, doubles beyond 1e-9."""
    if left.attrs["types"] != right.attrs["types"]:
        unlike = {*left.attrs["types"].items()} ^ {*right.attrs["types"].items()}
        return [f"types: {sorted(unlike)}"]
    if len(left) != len(right):
        return [f"rows: {len(left)} and {len(right)}"]
    found = []
    for name in left:
        one, other = left[name], right[name]
        if left.attrs["types"][name] == "DOUBLE":
            # Differences of nearly equal numbers are rounding errors of 1e-16.
            is_equal = np.isclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True)
        else:
            is_equal = (one == other) | (one.isna() & other.isna())
        if not np.all(is_equal):
            row = int(np.argmin(is_equal))
            found.append(
                f"{name}: {int(np.sum(~np.asarray(is_equal)))} rows, such as "
                f"{one[row]!r} and {other[row]!r}"
            )
    return found
