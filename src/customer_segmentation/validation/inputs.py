"""The gate before a build: every input, read as the build will read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import yaml

from customer_segmentation.duckdb_plugin import configure
from customer_segmentation.errors import SegmentationError
from customer_segmentation.sources import (
    Reading,
    Table,
    plan,
    read_catalogue,
    read_input,
)
from customer_segmentation.sql import identifier
from customer_segmentation.validation import drift, suites
from customer_segmentation.validation.connection import connected
from customer_segmentation.validation.engine import Check
from customer_segmentation.validation.report import Checker, Report
from customer_segmentation.validation.sample import sample_of

__all__ = ["validate"]


def validate(
    project: Path,
    variables: Mapping[str, Any],
    database: Path,
    docs: Path,
    *,
    accept_drift: bool = False,
    target: str = "duckdb",
) -> Report:
    """Check every input before a build touches a table.

    Parameters
    ----------
    project : Path
        Folder of ``dbt_project.yml``.
    variables : mapping
        What dbt is given as ``--vars``.
    database : Path
        That dbt builds; there need be none. It is only read: for inputs that are
        relations, and for the last load, which new ones are compared with.
    docs : Path
        Folder of the report.
    accept_drift : bool, optional
        Whether what differs from the last load is a warning only.
    target : str, optional
        Of dbt. Tables of Spark cannot be looked at here: they are left to the build.

    Returns
    -------
    Report

    Raises
    ------
    SegmentationError
        If the vars name what does not exist, or the database or an attached PostgreSQL
        cannot be read. All that is wrong with an input is a failed check.
    """
    catalogue = read_catalogue(project)
    given = _input_files(project, variables, catalogue)
    severity = "warning" if accept_drift else "critical"
    checker = Checker()
    with connected({database.stem: database}) as connection:
        configure(connection)
        if database.exists():
            # Names of relations are those that dbt would read.
            connection.execute(f"use {identifier(database.stem)}")
        for dataset, tables in catalogue.items():
            entry = given.get(dataset)
            for name, table in tables.items():
                seed = project / f"seeds/demo/demo_{dataset}__{name}.csv"
                demo = {"path": str(seed)} if seed.exists() else None
                # Demo data are no load to compare with another.
                built = database.stem if entry else None
                try:
                    read = read_input(table, entry)
                    if target == "spark" and read and read.relation:
                        checker.leave(
                            f"{dataset}.{name}",
                            f'the relation "{read.relation}" is read by Spark alone: '
                            "the build checks it.",
                        )
                        continue
                    runs = _runs(connection, table, entry or demo, built, severity)
                except SegmentationError as error:
                    fault = pd.DataFrame({"fault": [str(error)], "rows": 0})
                    runs = [(fault, [suites.can_be_read()])]
                if runs:
                    rows = int(runs[0][0].at[0, "rows"])
                    checker.check(f"{dataset}.{name}", rows, runs)
    return checker.report(docs, "inputs", "Inputs, before the build")


def _input_files(
    project: Path, variables: Mapping[str, Any], catalogue: Mapping[str, Mapping]
) -> Mapping[str, Any]:
    """Return the var ``input_files`` as dbt takes it, and refuse what it refuses."""
    settings = yaml.safe_load((project / "dbt_project.yml").read_text("utf-8"))
    known = settings.get("vars") or {}
    known = known | (known.get(settings.get("name")) or {})
    given = {**known, **variables}.get("input_files") or {}
    if not isinstance(given, Mapping):
        raise SegmentationError(
            f"The var input_files is {json.dumps(given)}; needed is a path for each "
            "dataset, such as {online_retail: sales.csv}."
        )
    for dataset, entry in given.items():
        if dataset not in catalogue:
            raise SegmentationError(
                f'The var input_files names the dataset "{dataset}", which is unknown. '
                f"Known are {', '.join(catalogue)}."
            )
        if isinstance(entry, Mapping) and not {"path", "relation"} & {*entry}:
            for table in entry:
                if table not in catalogue[dataset]:
                    raise SegmentationError(
                        f'The var input_files, dataset "{dataset}", names the table '
                        f'"{table}", which is unknown. Known are '
                        f"{', '.join(catalogue[dataset])}; or give path or relation."
                    )
    return given


def _runs(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    given: Any,
    built: str | None,
    severity: str,
) -> list[tuple[pd.DataFrame, list[Check]]]:
    """Load a table; pair its measures, and its rows, with what must hold of them."""
    read = read_input(table, given)
    if read is None:
        return []
    facts = _facts(connection, _load(connection, table, given))
    checks = suites.expected_of_file()
    last_rows, spreads = 0, {}
    if built:
        last_rows, spreads = drift.last_load(connection, built, table, read)
    if last_rows:
        facts["rows_to_last_load"] = facts["rows"] / last_rows
        checks.append(drift.expected_rows(severity))
    runs = [(pd.DataFrame([facts]), checks)]
    if facts["rows"]:
        sample = sample_of(connection, "temp.loaded", facts["rows"], table, read)
        checks = suites.expected_of_rows(table, read)
        for column, spread in spreads.items():
            # A column without a single value is another fault.
            if sample[spread.name(column)].notna().any():
                checks.append(drift.expected_spread(column, sample, spread, severity))
        runs.append((sample, checks))
    return runs


def _load(connection: duckdb.DuckDBPyConnection, table: Table, given: Any) -> Reading:
    """Read a table as the build will, into a table that ends with the connection."""
    reading = plan(table, given)
    try:
        if reading.columns_sql:
            columns = connection.execute(reading.columns_sql).fetchall()
            reading = plan(table, given, dict(columns))
        connection.execute(f"create or replace temp table loaded as {reading.sql}")
    except duckdb.Error as error:
        raise SegmentationError(
            f'Dataset "{table.dataset}", table {table.name}: it cannot be read '
            f"({str(error).splitlines()[0]})."
        ) from None
    return reading


def _facts(connection: duckdb.DuckDBPyConnection, reading: Reading) -> dict[str, Any]:
    """Count what was read, whole and exact."""
    rows, breaks, different = connection.execute(
        "select count(*), cast(coalesce(sum(line_breaks), 0) as bigint), "
        "count(distinct hash(raw_row)) from temp.loaded"
    ).fetchone()
    lines, faulty = rows + breaks, 0
    if reading.kind == "text":
        lines = sum(file.rows for file in reading.files)
        (faulty,) = connection.execute(
            "select count(distinct (file_path, line)) from reject_errors "
            "inner join reject_scans using (scan_id, file_id) "
            "where list_contains(?, file_path)",
            [[file.path for file in reading.files]],
        ).fetchone()
    return {
        "fault": None,
        "rows": rows,
        "duplicate_share": 1 - different / rows if rows else 0.0,
        "unreadable_share": faulty / lines if lines else 0.0,
        "lost_lines": abs(lines - rows - breaks - faulty),
    }
