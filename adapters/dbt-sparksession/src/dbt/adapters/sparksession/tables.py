"""From what a Python model returns to a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

__all__ = ["spark_frame", "typed_texts", "write"]


def write(
    session: SparkSession,
    made: Any,
    table: str,
    file_format: str = "parquet",
    partition_by: Sequence[str] | str | None = None,
    comment: str | None = None,
) -> None:
    """Write what a Python model returned as a new table.

    Parameters
    ----------
    session : SparkSession
    made : DataFrame of Spark, pandas or PyArrow table
    table : str
        Name, with the schema.
    file_format : str
        Any that Spark can write.
    partition_by : str or sequence of str, optional
    comment : str, optional
        Kept with the table.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    columns = [partition_by] if isinstance(partition_by, str) else partition_by or []
    writer = spark_frame(session, made).write.format(file_format).mode("overwrite")
    if columns:
        writer = writer.partitionBy(*columns)
    if file_format == "delta":  # keeps the columns of the old table otherwise
        writer = writer.option("overwriteSchema", "true")
    writer.saveAsTable(table)
    if comment:
        text = comment.replace("\\", "\\\\").replace("'", "\\'")
        session.sql(f"comment on table {table} is '{text}'")


def spark_frame(session: SparkSession, made: Any) -> DataFrame:
    """Make a DataFrame of Spark.

    By way of Arrow, so that nullable columns of pandas keep their types, and NaN of
    pandas, which means that there is no value, is NULL. A column without a type,
    because all of it is None, is one of texts.
    """
    if isinstance(made, DataFrame):
        return made
    if isinstance(made, pd.DataFrame):
        made = pa.Table.from_pandas(made, preserve_index=False)
    if not isinstance(made, pa.Table):
        raise TypeError(
            f"the model returned a {type(made).__name__}; needed is a DataFrame of "
            "Spark or pandas, or a PyArrow table"
        )
    schema = pa.schema(
        field.with_type(_known(field.type)) for field in made.schema.remove_metadata()
    )
    if made.num_rows == 0:
        # Spark Connect infers no types where there are no rows.
        missing = pa.table([pa.nulls(1, field.type) for field in schema], schema=schema)
        return session.createDataFrame(missing).filter("false")
    return session.createDataFrame(made.cast(schema))


def _known(arrow_type: pa.DataType) -> pa.DataType:
    if pa.types.is_null(arrow_type):
        return pa.string()
    if pa.types.is_dictionary(arrow_type):
        return arrow_type.value_type
    if pa.types.is_timestamp(arrow_type):
        return pa.timestamp("us", arrow_type.tz)
    return arrow_type


def typed_texts(
    session: SparkSession, rows: Iterable[Sequence[Any]], types: Mapping[str, str]
) -> DataFrame:
    """Make a DataFrame of rows by casting each value, as text, to its type."""
    texts = [[None if value is None else str(value) for value in row] for row in rows]
    schema = StructType([StructField(name, StringType()) for name in types])
    frame = session.createDataFrame(texts, schema)
    return frame.select(
        *(F.col(f"`{name}`").cast(kind).alias(name) for name, kind in types.items())
    )
