"""What dbt built, on DuckDB or on Spark, as a database of DuckDB that is only read."""

from __future__ import annotations

from pathlib import Path

import duckdb

from customer_segmentation.errors import SegmentationError
from customer_segmentation.sql import identifier, literal

__all__ = ["attach_built"]


def attach_built(
    connection: duckdb.DuckDBPyConnection, built: Path, name: str = "built"
) -> None:
    """Attach a database file, or the folder of a warehouse on Spark, under a name.

    Parameters
    ----------
    connection : DuckDBPyConnection
    built : Path
        A DuckDB file; or a folder with ``<schema>.db/<table>/*.parquet``, as Spark
        writes its tables, which become views of the schema.
    name : str
        Of the attached database.

    Raises
    ------
    SegmentationError
        If it cannot be read.
    """
    database = identifier(name)
    try:
        if not built.is_dir():
            connection.execute(f"attach {literal(built)} as {database} (read_only)")
            return
        connection.execute(f"attach ':memory:' as {database}")
        for folder in sorted(built.glob("*.db/*")):
            schema = f"{database}.{identifier(folder.parent.stem)}"
            connection.execute(f"create schema if not exists {schema}")
            # What a run that was killed left beside is no table.
            if next(folder.rglob("*.parquet"), None) and "__dbt_" not in folder.name:
                connection.execute(
                    f"create view {schema}.{identifier(folder.name)} as from "
                    f"read_parquet({literal(folder / '**/*.parquet')})"
                )
    except duckdb.Error as error:
        raise SegmentationError(
            f"{built} cannot be read ({error}). If a build writes to it, wait; "
            "otherwise run `dbt build` to make it anew."
        ) from None
