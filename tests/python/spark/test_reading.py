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
from test_broken_files import (
    EXPECTED,
    cells,
    files,
    input_of,
    write_parquet,
    write_xlsx,
)

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
        dataset, name, given = input_of(expected, files)
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


class TestTablesOfSpark:
    """Columns keep their meaning; rows have numbers, although they have no order."""

    TYPES = {
        "Sales Person": "'Seller ' || id % 3",
        "Country": "case when id % 7 = 0 then 'U\"K' end",
        "Product": "case when id % 100 = 3 then 'same' else 'Line ' || id end",
        "Date": "timestamp_ntz'2022-01-04 10:00:00' + make_interval(0, 0, 0, id)",
        "Amount": "cast(id / 8 as decimal(18, 9))",
        "Boxes Shipped": "cast(id as double) / 4",
    }

    @pytest.fixture(scope="class")
    @classmethod
    def loads(cls, session) -> list[list[tuple]]:
        """Read the same rows from views that give them in another order."""
        table = CATALOGUE["chocolate_sales"]["sales"]
        columns = ", ".join(f"{sql} as `{name}`" for name, sql in cls.TYPES.items())
        loads = []
        for parts, is_ascending in ((1, True), (7, False)):
            # The last ten are the same.
            ids = session.range(1, 1_001).selectExpr("int(least(id, 991)) as id")
            ids = ids.orderBy("id", ascending=is_ascending).repartition(parts)
            ids.createOrReplaceTempView("ids")
            made = session.sql(f"select {columns} from ids")
            made.createOrReplaceTempView("sales_of_spark")
            told = asked(
                session,
                request(
                    *(table, {"relation": "sales_of_spark"}),
                    relation_columns=dict(made.dtypes),
                    date_pattern="dd-MMM-yy",
                ),
            )
            loads.append(sorted(session.sql(told["sql"]).collect(), key=lambda r: r[2]))
        return loads

    def test_any_order_gives_the_same_numbers(self, loads):
        assert loads[0] == loads[1]
        assert [row.position for row in loads[0]] == list(range(1, 1_001))

    def test_values_are_what_a_file_would_hold(self, loads):
        rows = {row["product"]: row for row in loads[0]}
        assert len(rows) == 991 - 10 + 1
        assert rows["Line 6"][5:] == (
            *("Seller 0", None, "Line 6", "10-Jan-22", "0.750000000", "1.5"),
        )
        assert rows["Line 28"].raw_row.startswith('Seller 1,"U""K",Line 28,2022-02-01')
