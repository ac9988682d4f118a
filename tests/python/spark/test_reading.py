"""What Spark reads of a file is what DuckDB reads of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from test_broken_files import EXPECTED, cells, files, write_parquet, write_xlsx

from customer_segmentation.answers import answer
from customer_segmentation.dialects import DuckDB
from customer_segmentation.duckdb_plugin import configure as configure_duckdb
from customer_segmentation.sources import Table, read_catalogue
from customer_segmentation.spark_plugin import configure

__all__ = ["files"]

PROJECT = Path(__file__).resolve().parents[3]
CATALOGUE = read_catalogue(PROJECT)
ROWS = "source_file, header_lines, position, line_breaks, raw_row"
SKIPPED = "source_file, line_number, record_number, reasons, raw_row, line_breaks"


@dataclass(frozen=True)
class Load:
    """What an engine made of an input."""

    fault: str | None = None
    rows: list[tuple] = ()
    skipped: list[tuple] = ()


def request(table: Table, given: Any, **more: Any) -> dict[str, Any]:
    """Ask as the macro plan_reading does."""
    return {
        "dataset": table.dataset,
        "table": table.name,
        "meta": {"date_format": table.date_format, "one_of": table.one_of},
        "columns": {
            column.name: {
                "meta": {"header": column.header, "needed": column.is_needed},
                "data_type": column.data_type,
            }
            for column in table.columns
        },
        "given": given,
    } | more


def on_duckdb(table: Table, given: Any) -> Load:
    """Read as the macros do on DuckDB."""
    columns = ", ".join(column.name for column in table.columns)
    with duckdb.connect() as connection:
        configure_duckdb(connection)
        told = json.loads(answer(json.dumps(request(table, given)), DuckDB()))
        if "fault" in told:
            return Load(told["fault"])
        connection.execute(f"create table loaded as {told['sql']}")
        skipped = []
        for file in told["files"] if told["kind"] == "text" else ():
            of_file = "from loaded where source_file = $name"
            name = {"name": file["name"]}
            lines = (
                f"select count(*) + coalesce(sum(line_breaks), 0) as lines {of_file}"
            )
            (fault,) = connection.execute(
                f"with lines_read as ({lines}) {file['fault_sql']}", name
            ).fetchone()
            if fault:
                return Load(fault)
            skipped += connection.execute(
                f"with broken_rows as (select * {of_file}) {file['skipped_lines_sql']}",
                name,
            ).fetchall()
        rows = connection.execute(f"select {ROWS}, {columns} from loaded").fetchall()
    return Load(None, sorted(rows, key=repr), sorted(skipped, key=repr))


def on_spark(spark: SparkSession, table: Table, given: Any) -> Load:
    """Read as the macros do on Spark."""
    columns = ", ".join(column.name for column in table.columns)
    told = asked(spark, request(table, given))
    if "fault" in told:
        return Load(told["fault"])
    for sql in told["view_sql"]:
        spark.sql(sql)
    try:
        rows = spark.sql(f"select {ROWS}, {columns} from ({told['sql']})").collect()
        skipped = spark.sql(
            f"select {SKIPPED} from ({told['skipped_lines_sql']})"
        ).collect()
    except PySparkException as error:
        *_, raised = (line for line in str(error).splitlines() if "Error: " in line)
        return Load(raised.split("Error: ", 1)[1])
    return Load(
        None, sorted(map(tuple, rows), key=repr), sorted(map(tuple, skipped), key=repr)
    )


def asked(spark: SparkSession, asking: Mapping[str, Any]) -> dict[str, Any]:
    quoted = json.dumps(asking).replace("\\", "\\\\").replace("'", "\\'")
    (found,) = spark.sql(f"select plan_reading('{quoted}')").first()
    return json.loads(found)


@pytest.fixture(scope="module")
def session(spark) -> SparkSession:
    configure(spark)
    return spark


class TestEveryFileIsReadAsOnDuckDB:
    """The same rows, lines and texts to the letter; or the same words."""

    @pytest.mark.parametrize("case", EXPECTED)
    def test_a_file(self, session, files, case):
        expected = EXPECTED[case]
        dataset, name = expected.get("table", "chocolate_sales.sales").split(".")
        path = str(files / expected["file"])
        given = {name: {"path": path} | expected.get("given", {})}
        table = CATALOGUE[dataset][name]
        load = on_spark(session, table, given)
        assert load == on_duckdb(table, given)
        assert (load.fault is not None) == ("error" in expected)

    def test_parquet(self, session, tmp_path):
        path = write_parquet(
            tmp_path / "a.parquet", 20_000, Amount="i / 7", Country="'U\"K'"
        )
        self._assert_equal(session, {"path": str(path)})

    def test_xlsx(self, session, tmp_path):
        rows = [["Sales Person", "Country", "Product", "Date", "Amount"]]
        rows[0].append("Boxes Shipped")
        rows += [cells(2), cells(3, 44565.5, 0.1 + 0.2), cells(4, "soon", None)]
        path = write_xlsx(tmp_path / "a.xlsx", {"other": [["x"]], "sales": rows})
        self._assert_equal(session, {"path": str(path), "sheet": "sales"})

    @staticmethod
    def _assert_equal(session: SparkSession, given: Any) -> None:
        table = CATALOGUE["chocolate_sales"]["sales"]
        load = on_spark(session, table, given)
        assert load == on_duckdb(table, given)
        assert load.rows
