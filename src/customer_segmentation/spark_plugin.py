"""What a SparkSession needs of the library.

Named under ``plugins`` in profiles.yml. The session can then plan how the user's
files are read, and read them: DuckDB does it on the workers, one file in each task,
so that lines, refusals and errors are the same as on DuckDB. Every worker that reads
files needs this library, and the files at the same paths.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import SparkSession
from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition
from pyspark.sql.types import StringType

from customer_segmentation.answers import answer, table_of
from customer_segmentation.dialects import Spark
from customer_segmentation.errors import SegmentationError
from customer_segmentation.extensions import load_extension
from customer_segmentation.skipped_lines import (
    refuse_swallowed_lines,
    skipped_lines_sql,
)
from customer_segmentation.sources import (
    Reading,
    Table,
    plan_file,
    read_input,
    unreadable,
)
from customer_segmentation.text_files import remove_copies

__all__ = ["InputSource", "configure", "plan_table"]

SKIPPED_LINES = (
    "source_file string, line_number bigint, record_number bigint, reasons string, "
    "raw_row string, line_breaks bigint"
)
ROWS = (
    "source_file string, header_lines bigint, position bigint, line_breaks bigint, "
    "raw_row string"
)
BROKEN_ROWS = pa.schema([("position", pa.int64()), ("line_breaks", pa.int64())])
ROWS_AT_ONCE = 8_192
# Of many small files each task reads several.
MOST_TASKS = 64


def configure(session: SparkSession) -> None:
    """Register the function ``plan_reading`` and the source ``segments_input``.

    Parameters
    ----------
    session : SparkSession
        Of this process, or of a Spark Connect server.
    """
    session.udf.register("plan_reading", _plan, StringType())
    session.dataSource.register(InputSource)


def plan_table(request: str) -> str | None:
    """Answer a macro about a table of the catalog, or about none at all.

    Parameters
    ----------
    request : str
        As for `answers.answer`.

    Returns
    -------
    str or None
        None where files are to be looked at, which is done where they are read.
    """
    asked = json.loads(request)
    try:
        given = read_input(table_of(asked), asked["given"])
    except SegmentationError as error:
        return json.dumps({"fault": str(error)})
    if given is not None and given.path:
        return None
    return answer(request, Spark(asked.get("date_pattern", "")))


def _plan(request: str) -> str:
    """Answer a macro; rows and skipped lines of files are views, to be made first."""
    asked = json.loads(request)
    try:
        told = json.loads(answer(request, Spark(asked.get("date_pattern", ""))))
    finally:
        remove_copies()
    if not told.get("files"):
        return json.dumps(told)
    asked["files"] = [file["name"] for file in told["files"]]
    asked["order"] = told["order"]
    # In Base64 nothing can be taken for a quote or an escape.
    packed = base64.b64encode(json.dumps(asked).encode()).decode()
    told["view_sql"] = []
    for part in ("rows", "skipped_lines"):
        view = f"segments_{part}_of_{asked['dataset']}__{asked['table']}"
        told[f"{part}_sql"] = f"select * from {view}"
        told["view_sql"].append(
            f"create or replace temporary view {view} using {InputSource.name()} "
            f"options (part '{part}', request '{packed}')"
        )
    told["sql"] = told.pop("rows_sql")
    return json.dumps(told)


class InputSource(DataSource):
    """The rows, or the lines that are no rows, of a table's files.

    The options are ``request``, which `_plan` packs, and ``part``: ``rows`` or
    ``skipped_lines``.
    """

    @classmethod
    def name(cls) -> str:
        """Give the name after ``using``."""
        return "segments_input"

    def schema(self) -> str:
        """Give the columns of the part."""
        if self.options["part"] == "skipped_lines":
            return SKIPPED_LINES
        columns = _unpacked(self.options["request"])["columns"]
        return ROWS + "".join(f", {name} string" for name in columns)

    def reader(self, schema: Any) -> DataSourceReader:
        """Give what reads the files."""
        return InputReader(self.options["part"], self.options["request"])


class InputReader(DataSourceReader):
    """Reads files, each as a whole in one task."""

    def __init__(self, part: str, request: str):
        self._part, self._request = part, request

    def partitions(self) -> list[InputPartition]:
        """Share out the files by name."""
        names = _unpacked(self._request)["files"]
        tasks = min(len(names), MOST_TASKS)
        return [InputPartition(names[task::tasks]) for task in range(tasks)]

    def read(self, partition: InputPartition) -> Iterator[pa.RecordBatch]:
        """Read the files of a partition, on a worker.

        Raises
        ------
        SegmentationError
            If a file cannot be read, or a quote that is not closed swallowed lines.
        """
        asked = _unpacked(self._request)
        table = table_of(asked)
        try:
            with duckdb.connect(config={"threads": 1}) as connection:
                for name in partition.value:
                    reading = plan_file(table, asked["given"], name, asked["order"])
                    try:
                        yield from _read(connection, table, reading, self._part)
                    except duckdb.Error as error:
                        raise unreadable(table, name, error) from None
        finally:
            remove_copies()


def _read(
    connection: duckdb.DuckDBPyConnection, table: Table, reading: Reading, part: str
) -> Iterator[pa.RecordBatch]:
    """Read one file in batches; only after the last does DuckDB know what it skipped.

    For the skipped lines alone the rows are read too, as they count in their numbers.
    """
    if reading.kind == "xlsx":
        load_extension(connection, "excel")
    lines, broken_rows = 0, []
    for batch in _batches(connection, reading.sql):
        breaks = batch["line_breaks"]
        lines += len(batch) + (pc.sum(breaks).as_py() or 0)
        broken = batch.select(BROKEN_ROWS.names).filter(pc.greater(breaks, 0))
        broken_rows.append(broken)
        if part == "rows":
            yield batch
    if reading.kind != "text":
        return
    (file,) = reading.files
    connection.register("lines_read", pa.table({"lines": [lines]}))
    connection.register("broken_rows", pa.Table.from_batches(broken_rows, BROKEN_ROWS))
    refuse_swallowed_lines(connection, table.dataset, file)
    if part == "skipped_lines":
        yield from _batches(connection, skipped_lines_sql(file))


def _batches(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> Iterator[pa.RecordBatch]:
    yield from connection.execute(sql).to_arrow_reader(ROWS_AT_ONCE)


def _unpacked(request: str) -> dict[str, Any]:
    return json.loads(base64.b64decode(request))
