"""Publish the marts as one database file that BI tools can keep open."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from customer_segmentation.built import attach_built
from customer_segmentation.changes import add_changes
from customer_segmentation.errors import SegmentationError
from customer_segmentation.sql import describe, identifier, literal

__all__ = ["publish"]

# The tables of Spark are views here; those of DuckDB are on the way to tables.
TABLES = """
select table_name, comment from duckdb_tables()
where database_name = 'built' and schema_name = 'main'
union all
select view_name, comment from duckdb_views()
where database_name = 'built' and schema_name = 'main' and $is_of_spark
order by all
"""


def publish(source: Path, target: Path) -> dict[str, int]:
    """Copy every table of the schema ``main`` into a database of its own.

    What changed since the last time is added as the table ``segment_changes``.

    The new file is written beside the target and then takes its place in one
    step: a reader sees the old tables or the new ones, never something between,
    and never keeps the next build from writing.

    Parameters
    ----------
    source : Path
        The database that dbt built, or the folder of its warehouse on Spark.
    target : Path
        The published database; an existing one is replaced.

    Returns
    -------
    dict of str to int
        Rows of each published table, by name.

    Raises
    ------
    SegmentationError
        If the source does not exist, holds no tables, is being written to or is
        the target.
    """
    if not source.exists():
        raise SegmentationError(f"No database at {source}. Run `dbt build` first.")
    if source.resolve() == target.resolve():
        raise SegmentationError(f"{source} cannot be published in its own place.")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".tmp")
    _remove(unfinished)
    with duckdb.connect() as connection:
        attach_built(connection, source)
        tables = connection.execute(TABLES, {"is_of_spark": source.is_dir()}).fetchall()
        if not tables:
            raise SegmentationError(f"{source} holds no tables. Run `dbt build` first.")
        # The oldest storage version, so that drivers of any age can read it.
        connection.execute(
            f"attach {literal(unfinished)} as published (storage_version 'v1.0.0')"
        )
        rows = {table: _copy(connection, table, comment) for table, comment in tables}
        if "customer_segments" in rows:
            rows["segment_changes"] = add_changes(connection, target)
        connection.execute("detach published")
    # A log that an interrupted reader left would be replayed into the new file.
    Path(f"{target}.wal").unlink(missing_ok=True)
    os.replace(unfinished, target)
    return rows


def _copy(
    connection: duckdb.DuckDBPyConnection, table: str, comment: str | None
) -> int:
    """Copy one table with its comments, which `create table as` does not carry."""
    name = f"published.main.{identifier(table)}"
    rows = connection.execute(
        f"create table {name} as from built.main.{identifier(table)}"
    ).fetchone()[0]
    columns = connection.execute(
        "select column_name, comment from duckdb_columns() where database_name = "
        "'built' and schema_name = 'main' and table_name = ? and comment <> ''",
        [table],
    ).fetchall()
    describe(connection, name, comment, dict(columns))
    return rows


def _remove(database: Path) -> None:
    for path in (database, Path(f"{database}.wal")):
        path.unlink(missing_ok=True)
