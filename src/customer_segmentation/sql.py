"""Names and texts as SQL, whatever stands in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

__all__ = ["describe", "identifier", "literal", "portable_literal"]


def identifier(name: str) -> str:
    """Quote a name for SQL.

    Examples
    --------
    >>> len(identifier('net "amount"')) - len('net "amount"')
    4
    """
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | Path) -> str:
    """Quote a text for SQL, as the macro text_literal does.

    Examples
    --------
    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + str(value).replace("'", "''") + "'"


def portable_literal(text: str) -> str:
    """Quote a text for any warehouse: some take a backslash for an escape.

    Examples
    --------
    >>> print(portable_literal("a" + chr(92) + "b"))
    'a' || chr(92) || 'b'
    """
    return literal(text).replace("\\", "' || chr(92) || '")


def describe(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    comment: str | None,
    columns: Mapping[str, str],
) -> None:
    """Put a comment on a table of DuckDB, and on its columns by their names."""
    if comment:
        connection.execute(f"comment on table {table} is {literal(comment)}")
    for column, text in columns.items():
        connection.execute(
            f"comment on column {table}.{identifier(column)} is {literal(text)}"
        )
