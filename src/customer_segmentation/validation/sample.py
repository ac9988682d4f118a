"""Rows of an input: their texts, and the numbers and dates that these stand for."""

from __future__ import annotations

import pandas as pd
from duckdb import DuckDBPyConnection

from customer_segmentation.sources import CANONICAL_DATE, Column, Input, Table
from customer_segmentation.sql import identifier, literal

__all__ = [
    *("DATES", "NUMBERS", "as_date", "as_number", "date_format", "sample_of"),
    *("unreadable", "value_sql"),
]

MOST_ROWS = 50_000
"""That Great Expectations is given of a table: one of every n, always the same."""

NUMBERS, DATES = ("decimal", "bigint"), ("date", "timestamp")

# Columns of a sample beside the texts. What is unreadable is the text that is no such
# number or date: "" where there is one, and empty where there is no text.
as_number = "{} as number".format
as_date = "{} as date".format
unreadable = "{} unreadable".format


def sample_of(
    connection: DuckDBPyConnection, loaded: str, rows: int, table: Table, read: Input
) -> pd.DataFrame:
    """Take one row of every n of a loaded table of texts.

    Beside the texts it has what `as_number`, `as_date` and `unreadable` name; and of
    columns of which one is needed, the first text.
    """
    selected = []
    for column in table.columns:
        text = f"nullif(trim({column.name}), '')"
        selected.append(f"{text} as {column.name}")
        if value := value_sql(table, column, read):
            name = (as_number if column.data_type in NUMBERS else as_date)(column.name)
            selected += [
                f"case when {value} is null then {text} else '' end "
                f"as {identifier(unreadable(column.name))}",
                f"{value} as {identifier(name)}",
            ]
    if table.one_of:
        texts = ", ".join(f"nullif(trim({name}), '')" for name in table.one_of)
        selected.append(f"coalesce({texts}) as {identifier(' or '.join(table.one_of))}")
    step = -(-rows // MOST_ROWS)
    # Not always the first of the n: what alternates from row to row would not show.
    return connection.execute(
        f"select {', '.join(selected)} from {loaded} "
        f"where rowid % {step} = hash(rowid // {step}) % {step} order by rowid"
    ).df()


def date_format(table: Table, read: Input) -> str:
    """Return the format of a table's dates, in strptime's letters."""
    return read.date_format or table.date_format or CANONICAL_DATE


def value_sql(table: Table, column: Column, read: Input) -> str | None:
    """Write SQL for the number or date that a text stands for, NULL for others.

    It reads as macros/to_decimal.sql, to_whole_number.sql and to_timestamp.sql do;
    None where the column holds texts.
    """
    text = f"trim({column.name})"
    if column.data_type in DATES:
        written = literal(date_format(table, read))
        parsed = f"try_strptime({text}, {written})"
        return f"case when strftime({parsed}, {written}) = {text} then {parsed} end"
    if column.data_type not in NUMBERS:
        return None
    sign, thousands = ".," if read.decimal_sign == "." else ",."
    if column.data_type == "bigint":
        pattern = (
            f"-?([0-9]{{1,3}}([{thousands}][0-9]{{3}}){{1,2}}|[0-9]{{1,9}})"
            f"([{sign}]0+)?"
        )
    else:
        is_price = column.name in ("unit_price", "unit_cost")
        scale = 6 if table.dataset == "own" else 4 if is_price else 2
        pattern = (
            f"-?[$€£]? ?([0-9]{{1,3}}([{thousands}][0-9]{{3}}){{1,3}}|[0-9]{{1,12}})"
            f"([{sign}][0-9]{{1,{scale}}}0*)? ?[$€£]?"
        )
    digits = f"replace(translate({text}, '$€£ {thousands}', ''), '{sign}', '.')"
    return (
        f"case when regexp_full_match({text}, '{pattern}') "
        f"then try_cast({digits} as double) end"
    )
