"""Connections to DuckDB that only read what dbt built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from customer_segmentation.built import attach_built

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
                attach_built(connection, path, name)
            yield connection
