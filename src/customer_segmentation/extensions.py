"""Extensions of DuckDB, from their wheels: nothing is downloaded or installed."""

from __future__ import annotations

from importlib.resources import files

from duckdb import DuckDBPyConnection

from customer_segmentation.sql import literal

__all__ = ["load_extension"]


def load_extension(connection: DuckDBPyConnection, name: str) -> None:
    """Load an extension of DuckDB into a connection.

    Parameters
    ----------
    connection : DuckDBPyConnection
    name : str
        Such as ``excel``; the package ``duckdb-extension-<name>`` holds it.
    """
    version = connection.execute("select version()").fetchone()[0]
    file = files(f"duckdb_extension_{name}").joinpath(
        "extensions", version, f"{name}.duckdb_extension"
    )
    connection.execute(f"load {literal(str(file))}")
