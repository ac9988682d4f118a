"""Between the relations of a warehouse and pandas: rows in, rows out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pandas as pd

from customer_segmentation.errors import SegmentationError

__all__ = ["collect", "sampled", "stored", "typed"]


def typed(rows: Iterable[Mapping[str, Any]], **types: str) -> pd.DataFrame:
    """Make a frame with exactly these columns and types, even without rows.

    A warehouse takes the type of a column from the frame: a column without a
    single value would otherwise have none. NaN is written as NULL.

    Parameters
    ----------
    rows : iterable of mappings
        One per row, or a DataFrame.
    **types : str
        pandas type of each column, in the order of the result.

    Examples
    --------
    >>> typed([], k="Int64").dtypes.to_dict()
    {'k': Int64Dtype()}
    """
    frame = pd.DataFrame(rows, columns=list(types))
    return frame.astype(types)


def collect(relation: Any, columns: Sequence[str], where: str, key: str):
    """Fetch columns of the rows that meet a condition, sorted by key.

    Parameters
    ----------
    relation : DuckDBPyRelation or pyspark DataFrame
        What ``dbt.ref`` gives to a Python model.
    columns : sequence of str
        Columns to fetch.
    where : str
        SQL condition.
    key : str
        Column that identifies a row.

    Returns
    -------
    DataFrame
        One row per row of the relation that meets the condition.

    Raises
    ------
    SegmentationError
        If the relation lacks a column, or the condition cannot be used.
    """
    missing = [column for column in columns if column not in relation.columns]
    if missing:
        raise SegmentationError(
            f"there is no column {', '.join(map(repr, missing))}; the columns are "
            f"{', '.join(relation.columns)}"
        )
    with _readable(where):
        rows = relation.filter(where).select(*dict.fromkeys([key, *columns]))
        frame = rows.toPandas() if _is_of_spark(rows) else rows.df()
    return frame.sort_values(key, kind="stable", ignore_index=True)


def sampled(
    relation: Any, where: str, key: str, at_most: int, *, counted: str = "true"
) -> str:
    """Narrow a condition to a sample, always the same one, where it holds for many.

    Parameters
    ----------
    relation : DuckDBPyRelation or pyspark DataFrame
    where : str
        SQL condition, without an ``or`` outside of brackets.
    key : str
        Column that the sample hangs on: its rows are those with the smallest hashes,
        for any order of the rows, in any relation and on any machine.
    at_most : int
        Number of rows up to which all are taken; of more it is about as many.
    counted : str
        SQL condition on the rows whose number decides; by default all. Of a history
        those of one date, so that `at_most` is a number of entities.

    Returns
    -------
    str
        The SQL condition.
    """
    with _readable(where):
        rows = relation.filter(f"{where} and {counted}")
        found = rows.count() if _is_of_spark(rows) else rows.shape[0]
    if found <= at_most:
        return where
    return f"{where} and md5({key}) < '{int(16**8 * at_most / found):08x}'"


def stored(session: Any, this: Any, model: str | None = None) -> Any:
    """Find what a model wrote the last time.

    Parameters
    ----------
    session : DuckDBPyConnection or SparkSession
        What dbt gives to a Python model.
    this
        ``dbt.this``.
    model : str, optional
        Name of another model beside it, which may come after it.

    Returns
    -------
    relation or None
        None before the first build.
    """
    before, name, after = str(this).rpartition(this.identifier)
    table = f"{before}{model or name}{after}"
    if hasattr(session, "catalog"):  # of Spark, whose tables are read late
        return session.table(table) if session.catalog.tableExists(table) else None
    try:
        return session.table(table)
    except duckdb.CatalogException:
        return None


def _is_of_spark(relation: Any) -> bool:
    # The other way round does not do: of Spark Connect every name is a column.
    return hasattr(relation, "toPandas")


@contextmanager
def _readable(where: str) -> Iterator[None]:
    """Say of a condition that cannot be used what is wrong with it."""
    try:
        yield
    except Exception as error:  # every warehouse has its own
        raise SegmentationError(
            f"the rows where {where} cannot be read: {error}"
        ) from None
