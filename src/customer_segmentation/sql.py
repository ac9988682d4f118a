"""Names and texts as SQL, whatever stands in them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["identifier", "literal"]


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
