"""The user's files as Parquet of texts, for a place that DuckDB does not read from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from customer_segmentation.errors import SegmentationError
from customer_segmentation.extensions import load_extension
from customer_segmentation.skipped_lines import (
    refuse_swallowed_lines,
    skipped_lines_sql,
)
from customer_segmentation.sources import (
    Column,
    Reading,
    Table,
    plan,
    plan_file,
    read_input,
    unreadable,
)
from customer_segmentation.sql import identifier, literal

__all__ = ["convert"]

KEPT = ("date_format", "decimal_sign", "columns")
"""Keys of an input that are those of its copy too."""


def convert(
    catalogue: Mapping[str, Mapping[str, Table]], given: Any, folder: Path
) -> tuple[dict[str, dict], list[str]]:
    """Write every file under ``input_files`` as Parquet.

    All columns stand there under their headers, as the texts that the build would
    read: dates and numbers of a spreadsheet in the formats that the input names.

    Parameters
    ----------
    catalogue : mapping of str to mapping of str to Table
        See `sources.read_catalogue`.
    given : mapping
        The var ``input_files``. Relations stay as they are.
    folder : Path
        Where ``<dataset>__<table>/`` is made; there must be none.

    Returns
    -------
    converted : dict
        The var for the copies.
    notes : list of str
        What a copy lacks: lines that are no rows.

    Raises
    ------
    SegmentationError
        If an input cannot be read, or a copy stands there already.
    """
    if not isinstance(given, Mapping) or not {*given} <= {*catalogue}:
        raise SegmentationError(
            f"The var input_files is {given!r}; needed is a path for each dataset, "
            f"such as {{online_retail: sales.csv}}. Known are {', '.join(catalogue)}."
        )
    converted: dict[str, dict] = {}
    notes: list[str] = []
    for dataset, entry in given.items():
        for name, table in catalogue[dataset].items():
            read = read_input(table, entry)
            if read is None:
                continue
            of_table = read.model_dump(exclude_defaults=True)
            if read.path:
                copies = folder / f"{dataset}__{name}"
                notes += _convert(table, entry, copies)
                kept = {key: of_table[key] for key in KEPT if key in of_table}
                of_table = {"path": str(copies.resolve() / "*.parquet")} | kept
            converted.setdefault(dataset, {})[name] = of_table
    return converted, notes


def _convert(table: Table, entry: Any, folder: Path) -> list[str]:
    if folder.exists():
        raise SegmentationError(
            f"{folder} is there already. Remove it, or name another --folder."
        )
    reading = plan(table, entry)
    read = read_input(table, entry)
    kinds = {
        read.columns.get(column.name, column.header): column.data_type
        for column in table.columns
    }
    whole = Table(
        *(table.dataset, table.name),
        tuple(
            Column(f"field_{place}", header, kinds.get(header, "string"), False)
            for place, header in enumerate(reading.order)
        ),
        date_format=table.date_format,
    )
    of_whole = read.model_dump(exclude={"columns"}, exclude_defaults=True)
    folder.mkdir(parents=True)
    notes = []
    for place, file in enumerate(reading.files):
        copy = folder / f"{place:04}_{Path(file.name).name}.parquet"
        of_file = plan_file(whole, of_whole, file.name, reading.order)
        with duckdb.connect() as connection:
            try:
                skipped = _write(connection, whole, of_file, copy)
            except duckdb.Error as error:
                raise unreadable(table, file.name, error) from None
        if skipped:
            notes.append(
                f"{file.name}: {len(skipped)} lines are no rows and were left out, "
                f"the first is line {skipped[0]}."
            )
    return notes


def _write(
    connection: duckdb.DuckDBPyConnection, table: Table, reading: Reading, copy: Path
) -> list[int]:
    """Write a file anew; return the numbers of the lines that are no rows."""
    if reading.kind == "xlsx":
        load_extension(connection, "excel")
    connection.execute(f"create table loaded as {reading.sql}")
    skipped = []
    if reading.kind == "text":
        (file,) = reading.files
        connection.execute(
            "create view lines_read as "
            "select count(*) + coalesce(sum(line_breaks), 0) as lines from loaded;"
            "create view broken_rows as from loaded where line_breaks > 0"
        )
        refuse_swallowed_lines(connection, table.dataset, file)
        skipped = connection.execute(
            f"select line_number from ({skipped_lines_sql(file)}) "
            "where reasons is not null order by line_number"
        ).fetchall()
    # A column may lack a name in a text file, not in Parquet.
    columns = ", ".join(
        f"{column.name} as {identifier(column.header or column.name)}"
        for column in table.columns
    )
    connection.execute(
        f"copy (select {columns} from loaded order by position) "
        f"to {literal(copy)} (format parquet)"
    )
    return [number for (number,) in skipped]
