"""What dbt-duckdb needs of the library on its connection.

Named under ``plugins`` in profiles.yml. The connection can then read xlsx files,
tables of an attached PostgreSQL, and plan how the user's files are read.
"""

from __future__ import annotations

import os

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from customer_segmentation.answers import answer
from customer_segmentation.dialects import DuckDB
from customer_segmentation.errors import SegmentationError
from customer_segmentation.extensions import load_extension

__all__ = ["Plugin", "POSTGRES", "configure"]

POSTGRES = "SEGMENTATION_POSTGRES"
"""Environment variable with the connection string of a PostgreSQL to read from."""

REASONS = (
    *("Connection refused", "timeout expired", "password authentication failed"),
    *("could not translate host name", "no password supplied", "does not exist"),
)


class Plugin(BasePlugin):
    """Prepare the connection that dbt-duckdb builds with."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Prepare a connection; see `configure`."""
        configure(conn)
        conn.create_function(
            *("plan_reading", lambda request: answer(request, DuckDB())),
            *(["VARCHAR"], "VARCHAR"),
        )


def configure(connection: DuckDBPyConnection) -> None:
    """Load what reads xlsx, and attach PostgreSQL as ``postgres`` where one is named.

    The connection string never stands in a dbt var or log.

    Raises
    ------
    SegmentationError
        If the server cannot be reached.
    """
    load_extension(connection, "excel")
    address = os.environ.get(POSTGRES)
    if not address:
        return
    load_extension(connection, "postgres_scanner")
    try:
        connection.execute(
            f"attach '{address.replace(chr(39), chr(39) * 2)}' as postgres "
            "(type postgres, read_only)"
        )
    except Exception as error:
        # The server's own words may quote any part of the string.
        reason = next(
            (known for known in REASONS if known in str(error)), "it cannot be used"
        )
        raise SegmentationError(
            f"The PostgreSQL that {POSTGRES} names cannot be attached ({reason}). Mend "
            "it, such as 'host=db.example port=5432 dbname=shop user=reader' with the "
            "password in PGPASSWORD, or unset it."
        ) from None
