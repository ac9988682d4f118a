"""Connections to DuckDB that only read what dbt built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from customer_segmentation.errors import SegmentationError
from customer_segmentation.sql import identifier, literal

__all__ = ["connected"]

MEMORY = "1GB"
"""What is more spills into a file."""


@contextmanager
def connected(databases: Mapping[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to DuckDB, and attach those of the databases that exist, by name."""
    with TemporaryDirectory(prefix="segments_validate_") as folder:
        settings = {"memory_limit": MEMORY, "temp_directory": folder}
        with duckdb.connect(config=settings) as connection:
            for name, path in databases.items():
                if not path.exists():
                    continue
                try:
                    connection.execute(
                        f"attach {literal(path)} as {identifier(name)} (read_only)"
                    )
                except duckdb.Error as error:
                    raise SegmentationError(
                        f"{path} cannot be read ({error}). If a build writes to it, "
                        "wait; otherwise run `dbt build` to make it anew."
                    ) from None
            yield connection
