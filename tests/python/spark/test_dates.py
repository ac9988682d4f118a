"""A date is read from text by Spark as by DuckDB, whatever the format."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest

MACROS = Path(__file__).resolve().parents[3] / "macros"

FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%y", "%d-%b-%y"),
    *("%-m/%-d/%Y %-H:%M", "%Y%m%d", "%B %-d, %Y", "%d %b %Y %I:%M %p"),
    *("%Y-%m-%dT%H:%M:%S.%f", "%Y-%j", "%-d.%-m.%y %-I:%-M:%-S %p", "%m/%Y"),
    *("%Y-%m-%d %H:%M:%S.%g", "day %d of %m, '%y'", "%d%%%m%%%Y", "[%Y] {%m} #%d"),
    *("%y%m%d", "%-j/%Y", "%d.%m.%Y um %H Uhr"),
)
MOMENTS = (
    *("2022-01-04 00:00:00", "2022-01-04 15:30:07", "2024-02-29 12:00:00"),
    *("1969-12-31 23:59:59", "2068-06-01 01:02:03", "1999-09-09 09:09:09"),
    *("2022-05-04 00:00:00.000123", "2022-10-11 11:59:59.5", "0099-03-01 00:00:00"),
    *("1972-02-29 00:00:00", "2000-02-29 12:34:56", "9999-12-31 23:00:00"),
)
TEXTS = (
    *("", " ", "x", "31.02.2022", "2022-02-30", "29/02/23", "2022-13-01", "4.1.2022"),
    *("04-JAN-22", "04-jan-22", " 04-Jan-22 ", "04-Jan-22 x", "4-Jan-22", "2022-1-4"),
    *("2022-01-04 24:00:00", "2022-01-04 23:59:60", "1/4/2022 5:00", "20220104"),
    *("2022-01-04T10:00:00.1", "12022-01-04", "2022-366", "2024-366", "2023-000"),
    *("-001-01-01", "04 Jan 2022 13:00 PM", "04 Jan 2022 00:00 AM"),
    *("04 Jan 2022 12:00 am", "September 31, 2022", "Sept 1, 2022", "٠٤.٠١.٢٠٢٢"),
    *("\u00a004-Jan-22\u3000", "2022-01-04\u202f", "\u200b2022-01-04"),
    *("2022-01-04 10:00:00\n", "\t2022-01-04", "2022-01-04Z", "+2022-01-04"),
)


class Returned(Exception):
    """What the function return() of dbt ends a macro with."""


def macro(name: str, *arguments: Any) -> str:
    """Call a macro as dbt does."""

    def end(value: Any) -> None:
        raise Returned(value)

    def refuse(message: str) -> None:
        raise ValueError(message)

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals = {
        "date_pattern": lambda format: macro("spark__date_pattern", format),
        "exceptions": SimpleNamespace(raise_compiler_error=refuse),
        "modules": SimpleNamespace(re=re),
        "return": end,
        "trimmed": lambda column: macro(
            f"{'spark' if 'spark' in name else 'default'}__trimmed", column
        ),
        # No backslash stands in the formats: both engines quote alike but quotes.
        "text_literal": lambda text: (
            "'" + text.replace("'", "\\'" if "spark" in name else "''") + "'"
        ),
    }
    text = (MACROS / f"{name.split('__')[1]}.sql").read_text("utf-8")
    try:
        return getattr(environment.from_string(text).module, name)(*arguments)
    except Returned as returned:
        return returned.args[0]


class TestDatesAreReadAsOnDuckDB:
    """The same moments, and the same refusals."""

    def test_every_format_and_text(self, spark):
        texts = [*TEXTS, *MOMENTS]
        with duckdb.connect() as connection:
            for format in FORMATS:
                texts += [
                    row[0]
                    for row in connection.execute(
                        "select strftime(unnest($moments)::timestamp, $format)",
                        {"moments": MOMENTS, "format": format},
                    ).fetchall()
                ]
            texts = sorted({*texts})
            expected = connection.execute(
                f"select text, {self._columns('duckdb')} "
                "from (select unnest($texts) as text)",
                {"texts": texts},
            ).fetchall()
        spark.createDataFrame(
            [(text,) for text in texts], "text string"
        ).createTempView("texts")
        found = spark.sql(f"select text, {self._columns('spark')} from texts").collect()
        read = {row[0]: row[1:] for row in map(tuple, found)}
        unlike = {
            (format, text): (of_duckdb, of_spark)
            for text, *row in expected
            for format, of_duckdb, of_spark in zip(
                FORMATS, row, read[text], strict=True
            )
            if of_duckdb != of_spark
        }
        assert unlike == {}
        for n, format in enumerate(FORMATS, 1):
            assert sum(row[n] is not None for row in expected) >= 5, format

    def test_the_moment_has_no_zone(self, spark):
        moment = macro("spark__to_timestamp", "'2022-01-04'", "%Y-%m-%d")
        assert spark.sql(f"select {moment} as moment").dtypes == [
            ("moment", "timestamp_ntz")
        ]

    @staticmethod
    def _columns(engine: str) -> str:
        moments = (macro(f"{engine}__to_timestamp", "text", f) for f in FORMATS)
        # As text: Python's own moments end with the year 9999, and Spark's do not.
        return ", ".join(f"cast({moment} as string)" for moment in moments)

    @pytest.mark.parametrize(
        "format", ["%a %d.%m.%Y", "%d.%m.%Y %Z", "%-y", "%Y-%m-%d %I:%M"]
    )
    def test_what_spark_cannot_read_is_said(self, format):
        with pytest.raises(ValueError, match="which Spark cannot read. Allowed are"):
            macro("spark__date_pattern", format)
