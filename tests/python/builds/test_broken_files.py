"""Broken files of every sort: told apart, refused line by line, or stopped in words.

`tests/fixtures/broken_files/expected.yml` says what each file gives. A good row's
product is the number of its line, so that a file tells by itself what is right.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest import mock
from xml.sax.saxutils import escape

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).resolve().parents[3]
BROKEN = PROJECT / "tests/fixtures/broken_files"
EXPECTED = yaml.safe_load((BROKEN / "expected.yml").read_text(encoding="utf-8"))
HEADER = ["Sales Person", "Country", "Product", "Date", "Amount", "Boxes Shipped"]

MARTS = ("rejected_rows", "source_loads")

# What a user must never see alone: the reader's own words, or a traceback. As a
# reason in brackets after ours, as in "cannot be read as xlsx (IO Error: …)", they do.
RAW = re.compile(
    r"(?<![(])(Invalid Input|Binder|Catalog|Conversion|IO|Parser|Internal) Error:"
    r"|state machine|Traceback|Python exception|site-packages"
    r"|object is not iterable|expected string or bytes"
)


# ------------------------------------------------------------------------ harness


@dataclass(frozen=True)
class Load:
    """What a run gave: the error that stopped it, or none."""

    error: str | None = None
    is_before_any_table: bool = False

    def assert_stopped(self, *words: str) -> None:
        """Assert that an error of ours, and none of a reader's, stopped the run."""
        assert self.error is not None, "the run was not stopped"
        missing = [word for word in words if word not in self.error]
        assert not missing, f"{missing} not in: {self.error}"
        assert not RAW.search(self.error), self.error


@dataclass(frozen=True)
class Rows:
    """Rows of a table, each with its line, its text and its file."""

    accepted: list[tuple]
    refused: list[tuple]

    @property
    def accepted_lines(self) -> list[int]:
        return [line for line, *_ in self.accepted]

    @property
    def reasons(self) -> dict[int, str]:
        return {line: reasons for line, *_, reasons in self.refused}


class Loader:
    """dbt in this process: parsed once, so that a load takes a third of a second.

    Every run has a connection of its own, as it has on the command line.
    """

    def __init__(self, folder: Path):
        self.database = folder / "loads.duckdb"
        self._arguments = (
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(folder / "target")),
            *("--log-path", str(folder / "logs"), "--log-level", "none"),
            *("--log-level-file", "none", "--no-write-json", "--no-use-colors"),
        )
        self._manifest = None
        self._manifest = self._invoke("parse").result

    def _invoke(self, *arguments: str, messages: list[str] | None = None):
        def listen(event):
            if messages is not None and event.info.level == "error":
                messages.append(event.info.msg)

        runner = dbtRunner(manifest=self._manifest, callbacks=[listen])
        with mock.patch.dict(os.environ, SEGMENTATION_DATABASE=str(self.database)):
            result = runner.invoke([*arguments, *self._arguments])
        if arguments[0] != "parse":
            # A traceback that is kept would keep the database open.
            DuckDBConnectionManager.env().close()
            DuckDBConnectionManager.close_all_connections()
        return result

    def build_demo(self) -> None:
        """Build every table that the tests look at."""
        tables = ("rejected_rows", "source_loads", "transactions", "customers")
        assert self._invoke(
            *("build", "--select", *(f"+{table}" for table in tables)),
            *("--exclude-resource-types", "test", "unit_test"),
        ).success

    def load(self, input_files: Mapping[str, Any], *marts: str) -> Load:
        """Load the datasets that have files, and build the marts."""
        prefixes = tuple(f"{p}_{d}__" for p in ("raw", "stg") for d in input_files)
        of_datasets = [
            node.name
            for node in self._manifest.nodes.values()
            if node.resource_type == "model" and node.name.startswith(prefixes)
        ]
        messages: list[str] = []
        result = self._invoke(
            *("run", "--select", *of_datasets, *marts),
            *("--vars", json.dumps({"input_files": input_files})),
            messages=messages,
        )
        if result.success:
            return Load()
        if result.exception:
            messages.append(str(result.exception))
        return Load("\n".join(messages), is_before_any_table=not result.result)

    def rows(self, dataset: str, table: str) -> Rows:
        """Give what was loaded of a table, after a load with its marts."""
        where = f"where dataset = '{dataset}' and source_table = '{table}'"
        accepted = self.query(
            "select line_number, raw_row, source_file "
            f"from staging.int_source_rows__unioned {where} "
            "and rejection_reasons is null order by all"
        )
        refused = self.query(
            "select line_number, raw_row, source_file, reasons "
            f"from rejected_rows {where} order by all"
        )
        (counts,) = self.query(
            f"select rows_read, rows_accepted, rows_refused from source_loads {where}"
        )
        assert counts == (len(accepted) + len(refused), len(accepted), len(refused))
        for line, row, _, *reasons in accepted + refused:
            named = re.search("Line ([0-9]+)", row)
            if named and reasons != ["exact duplicate of an earlier line"]:
                assert int(named[1]) == line, row
        return Rows(accepted, refused)

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def tables(self) -> dict[str, tuple]:
        """Give a fingerprint of every table."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            names = connection.execute(
                "select table_schema || '.' || table_name "
                "from information_schema.tables where table_type = 'BASE TABLE'"
            ).fetchall()
            return {
                name: connection.execute(
                    f"select count(*), bit_xor(hash(t)) from {name} as t"
                ).fetchone()
                for (name,) in names
            }


# --------------------------------------------------------------------------- files


def good(line: int) -> str:
    return f"Seller 01,UK,Line {line},04-Jan-22,100,1"


def text(*rows: str, end: str = "\n") -> bytes:
    """Write rows below the header."""
    return "".join(f"{row}{end}" for row in (",".join(HEADER), *rows)).encode()


def altered(data: bytes, *places: int) -> bytes:
    return bytes(byte ^ 0xFF if n in places else byte for n, byte in enumerate(data))


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Give a folder with every file, those that are awkward to keep made anew."""
    folder = tmp_path_factory.mktemp("files") / "broken_files"
    shutil.copytree(BROKEN, folder)
    rows = text(good(2), good(3), "Seller 01,UK,Line 4", good(5))
    gz = packed(rows)
    cell = f"Seller 01,UK,Line 3 {'x' * 3_000_000},04-Jan-22,100,1"
    made = {
        "cell_of_3_mb.csv": text(good(2), cell, good(4)),
        "packed.csv.gz": gz,
        "packed_and_cut.csv.gz": gz[:-12],
        "packed_and_altered.csv.gz": altered(gz, len(gz) - 6),
        "packed_and_damaged.csv.gz": altered(gz, 30, 40),
        "not_packed.csv.gz": rows,
        "packed_by_stealth.csv": gz,
        "sales.json": b"{}",
        "glob_of_kinds/a.csv": text(good(2)),
        "glob_with_json/a.csv": text(good(2)),
        "glob_with_json/c.json": b"{}",
    }
    # CR LF and LF, so that each is copied, and rejects are looked for in the copy.
    for n in range(260):
        row = f"Seller {n:03},UK,Line 2,04-Jan-22,100,1"
        made[f"glob_of_many/{n:03}.csv"] = text(row, "x").replace(b"\n", b"\r\n", 1)
    for name, data in made.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    write_parquet(folder / "glob_of_kinds/b.parquet")
    return folder


def write_parquet(path: Path, rows: int = 1, **columns: str) -> Path:
    """Write rows of the columns, each given as SQL."""
    row = {
        "Sales Person": "'Seller 01'",
        "Country": "'UK'",
        "Product": "'Line ' || (i + 1)",
        "Date": "date '2022-01-04'",
        "Amount": "100.0",
        "Boxes Shipped": "1",
    } | {name.replace("_", " "): sql for name, sql in columns.items()}
    selected = ", ".join(f'{sql} as "{name}"' for name, sql in row.items())
    duckdb.execute(
        f"copy (select {selected} from range(1, {rows + 1}) as t (i)) to '{path}'"
    )
    return path


CELL = str | float | None


def write_xlsx(
    path: Path,
    sheets: Mapping[str, list[list[CELL]]],
    *,
    first_row: int = 1,
    is_1904: bool = False,
) -> Path:
    """Write the least that is a workbook; a number is a cell without a style."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    numbered = list(enumerate(sheets.items(), 1))
    entries = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" '
            f'ContentType="{kind}.worksheet+xml"/>'
            for n, _ in numbered
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{packages}/relationships"><Relationship '
        f'Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">'
        + ('<workbookPr date1904="1"/>' if is_1904 else "")
        + "<sheets>"
        + "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
            for n, (name, _) in numbered
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{packages}/relationships">'
        )
        + "".join(
            f'<Relationship Id="rId{n}" Type="{office}/worksheet" '
            f'Target="worksheets/sheet{n}.xml"/>'
            for n, _ in numbered
        )
        + "</Relationships>",
    } | {
        f"xl/worksheets/sheet{n}.xml": f'<worksheet xmlns="{main}"><sheetData>'
        + "".join(
            f'<row r="{place}">'
            + "".join(
                _cell(f"{'ABCDEFGHIJ'[column]}{place}", value)
                for column, value in enumerate(row)
            )
            + "</row>"
            for place, row in enumerate(rows, first_row)
        )
        + "</sheetData></worksheet>"
        for n, (_, rows) in numbered
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as workbook:
        for name, content in entries.items():
            workbook.writestr(name, head + content)
    return path


def _cell(place: str, value: CELL) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def cells(line: int, date: CELL = 44565, amount: CELL = 100, boxes: CELL = 1) -> list:
    """Give a row of a sheet; 44565 is 4 January 2022."""
    return ["Seller 01", "UK", f"Line {line}", date, amount, boxes]


def input_of(expected: dict, files: Path) -> tuple[str, str, dict]:
    """Give dataset, table and entry under input_files of a case of expected.yml."""
    dataset, table = expected.get("table", "chocolate_sales.sales").split(".")
    path = str(files / expected["file"])
    return dataset, table, {table: {"path": path} | expected.get("given", {})}


class TestEveryFileGivesWhatItShould:
    """Rows with their lines and reasons; or a stop in words, and no table touched."""

    @pytest.mark.parametrize("case", EXPECTED)
    def test_a_file(self, loader, files, case):
        expected = EXPECTED[case]
        dataset, table, given = input_of(expected, files)
        if "error" in expected:
            before = loader.tables()
            load = loader.load({dataset: given}, *MARTS)
            load.assert_stopped(dataset, *expected["error"])
            assert load.is_before_any_table or "stops" in expected, load.error
            assert loader.tables() == before
            return
        load = loader.load({dataset: given}, *MARTS)
        assert load.error is None
        rows = loader.rows(dataset, table)
        times = expected.get("times", 1)
        assert rows.accepted_lines == expected.get("accepted", []) * times
        assert rows.reasons == expected.get("refused", {})
        taken = "\n".join(row for _, row, _ in rows.accepted)
        assert [t for t in expected.get("holds", ()) if t not in taken] == []

    def test_every_stored_file_is_used(self):
        stored = {str(path.relative_to(BROKEN)) for path in BROKEN.rglob("*.[ct]sv")}
        used = {expected["file"] for expected in EXPECTED.values()}
        assert {
            s for s in stored if s not in used and not s.startswith("glob_")
        } == set()
        assert {s.split("/")[0] for s in stored if s.startswith("glob_")} <= {
            u.split("/")[0] for u in used
        }


class TestNamesOfFiles:
    """Whatever a file system allows."""

    NAMES = (
        "it's.csv",
        'quo"te.csv',
        "br{ac}e.csv",
        "{{ jinja }}.csv",
        "brack[e]t.csv",
        "st*r.csv",
        "wh?t.csv",
        "bl  ank.csv",
        "naïve \N{SNOWMAN}.csv",
        "per%cent.csv",
        "semi;--colon.csv",
        "back\\slash.csv",
        "UPPER.CSV",
    )

    def test_each_is_read_and_its_rejects_found(self, loader, files):
        """All at once: rejects are found again by the name of their file."""
        folder = files / "names [of] all s*rts"
        folder.mkdir()
        for n, name in enumerate(self.NAMES):
            row = f"Seller {n:02},UK,Line 2,04-Jan-22,100,1"
            (folder / name).write_bytes(text(row, "x"))
        path = str(files / "names*" / "*")
        assert loader.load({"chocolate_sales": path}, *MARTS).error is None
        rows = loader.rows("chocolate_sales", "sales")
        for part in (rows.accepted, rows.refused):
            assert sorted(row[2] for row in part) == sorted(
                str(folder / name) for name in self.NAMES
            )

    @pytest.mark.parametrize("name", ["[abc].csv", "*.csv", "?.csv"])
    def test_a_name_is_no_glob_where_there_is_such_a_file(self, loader, files, name):
        folder = Path(mkdtemp(dir=files))
        (folder / name).write_bytes(text(good(2), "x"))
        (folder / "b.csv").write_bytes(b"not read, though all are globs of it")
        path = str(folder / name)
        assert loader.load({"chocolate_sales": path}, *MARTS).error is None
        rows = loader.rows("chocolate_sales", "sales")
        assert (rows.accepted_lines, list(rows.reasons)) == ([2], [3])

    @pytest.mark.parametrize("path", ["sales.csv", "./sales.csv", "../x//sales.CSV"])
    def test_a_relative_path(self, loader, tmp_path, monkeypatch, path):
        folder = tmp_path / "x"
        folder.mkdir()
        monkeypatch.chdir(folder)
        Path(path).write_bytes(text(good(2), "x"))
        assert loader.load({"chocolate_sales": path}, *MARTS).error is None
        rows = loader.rows("chocolate_sales", "sales")
        assert (rows.accepted_lines, list(rows.reasons)) == ([2], [3])


class TestSpreadsheets:
    """Cells keep their meaning: dates are days, numbers are no floats' digits."""

    @staticmethod
    def load(loader, path: Path, **given) -> Rows:
        given = {"path": str(path)} | given
        load = loader.load({"chocolate_sales": given}, *MARTS, "transactions")
        assert load.error is None
        return loader.rows("chocolate_sales", "sales")

    def test_cells_of_every_kind(self, loader, tmp_path):
        path = write_xlsx(
            tmp_path / "cells.xlsx",
            {
                "Sales": [
                    HEADER,
                    cells(2),
                    cells(3, date="04-Jan-22"),
                    cells(4, date=44565.75),
                    cells(5, date="2022-01-04"),
                    cells(6, amount=2224085.1800000002),
                    cells(7, amount=0.1 + 0.2, boxes=3.0),
                    cells(8, amount="$1,234.50 ", boxes="1,200"),
                    cells(9, boxes=12.9),
                    cells(10, amount="nan"),
                    cells(11, amount="1_000"),
                    cells(12, date=None),
                    cells(13, amount=1e15),
                    cells(14, amount="1.2.3e5"),
                    cells(15, amount=".e5"),
                    cells(16)[:3],
                    [*cells(17), "beyond the header"],
                ]
            },
        )
        rows = self.load(loader, path)
        assert rows.accepted_lines == [2, 3, 4, 6, 7, 8, 17]
        assert rows.reasons == {
            5: "date is no day of the form 04-Jan-22",
            9: "boxes shipped is no whole number",
            10: "amount is no number",
            11: "amount is no number",
            12: "date is no day of the form 04-Jan-22",
            13: "amount is no number",
            14: "amount is no number",
            15: "amount is no number",
            16: "date is no day of the form 04-Jan-22; amount is no number; "
            "boxes shipped is no whole number",
        }
        sold = loader.query(
            "select line_number, sold_at::date::text, gross_amount::text, quantity "
            "from transactions where dataset = 'chocolate_sales' and line_number > 5 "
            "or dataset = 'chocolate_sales' and line_number < 5 order by all"
        )
        assert {date for _, date, *_ in sold} == {"2022-01-04"}
        amounts = {line: (amount, boxes) for line, _, amount, boxes in sold}
        assert amounts[6] == ("2224085.18", 1)
        assert amounts[7] == ("0.30", 3)
        assert amounts[8] == ("1234.50", 1200)

    def test_blank_rows_keep_the_numbers_of_those_below(self, loader, tmp_path):
        rows = [HEADER, cells(2), [], [None] * 6, cells(5), []]
        loaded = self.load(loader, write_xlsx(tmp_path / "blank.xlsx", {"S": rows}))
        assert loaded.accepted_lines == [2, 5]

    def test_a_table_that_begins_further_down(self, loader, tmp_path):
        rows = [HEADER, cells(2), cells(3, boxes=12.9)]
        path = write_xlsx(tmp_path / "down.xlsx", {"S": rows}, first_row=4)
        loaded = self.load(loader, path)
        # Counted from the header.
        assert (loaded.accepted_lines, list(loaded.reasons)) == ([2], [3])

    def test_the_first_sheet_or_the_one_that_is_named(self, loader, tmp_path):
        sheets = {"One": [HEADER, cells(2)], "It's two": [HEADER, cells(2), cells(3)]}
        path = write_xlsx(tmp_path / "sheets.xlsx", sheets)
        assert self.load(loader, path).accepted_lines == [2]
        assert self.load(loader, path, sheet="It's two").accepted_lines == [2, 3]
        given = {"path": str(path), "sheet": "Three"}
        load = loader.load({"chocolate_sales": given})
        load.assert_stopped("sheets.xlsx", "Three", "not found")

    def test_days_since_1904_are_not_shifted(self, loader, tmp_path):
        """Either they are told, or they are right: four years off would be neither."""
        rows = [HEADER, cells(2, date=44565 - 1462)]
        path = write_xlsx(tmp_path / "1904.xlsx", {"S": rows}, is_1904=True)
        load = loader.load({"chocolate_sales": str(path)}, "transactions")
        if load.error is not None:
            load.assert_stopped("1904")
            return
        (sold,) = loader.query(
            "select sold_at::date::text from transactions "
            "where dataset = 'chocolate_sales'"
        )
        assert sold == ("2022-01-04",)

    HEADERS = (
        ([], "empty.xlsx"),
        ([HEADER], "there is no row below the header"),
        ([["Sales of 2022"], HEADER, cells(3)], 'the column "Sales Person" is missing'),
        ([[*HEADER, "Amount"], [*cells(2), 1]], "stands there twice"),
    )

    @pytest.mark.parametrize(("rows", "words"), HEADERS)
    def test_a_wrong_header(self, loader, tmp_path, rows, words):
        path = write_xlsx(tmp_path / "empty.xlsx", {"S": rows})
        load = loader.load({"chocolate_sales": str(path)})
        load.assert_stopped("empty.xlsx", words, "as they were")
        assert load.is_before_any_table

    def test_another_column_twice(self, loader, tmp_path):
        rows = [[*HEADER, "Note", "Note"], [*cells(2), "a", "b"]]
        path = write_xlsx(tmp_path / "notes.xlsx", {"S": rows})
        assert self.load(loader, path).accepted_lines == [2]

    @pytest.mark.parametrize("damage", ["cut", "altered", "no zip", "empty", "no end"])
    def test_a_damaged_workbook(self, tmp_path, damage):
        """In a process of its own: the reader was seen to go round for ever."""
        path = write_xlsx(tmp_path / "damaged.xlsx", {"S": [HEADER, cells(2)]})
        data = path.read_bytes()
        path.write_bytes(
            {
                "cut": data[: len(data) // 2],
                "altered": altered(data, *range(len(data) // 2, len(data) // 2 + 90)),
                "no zip": text(good(2)),
                "empty": b"",
                "no end": b"PK\x03\x04 and no more",
            }[damage]
        )
        result = subprocess.run(
            [sys.executable, "-c", PLAN, str(PROJECT), str(path)],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert result.returncode == 0, result.stderr
        assert "damaged.xlsx" in result.stdout
        assert "as they were" in result.stdout


PLAN = """
import sys
from pathlib import Path
from customer_segmentation.errors import SegmentationError
from customer_segmentation.sources import plan, read_catalogue

project, path = sys.argv[1:]
try:
    plan(read_catalogue(Path(project))["chocolate_sales"]["sales"], path)
except SegmentationError as error:
    print(error)
"""


class TestParquet:
    """Typed columns mean what they are; text is read as text of a file would be."""

    DATES = {
        "date '2022-01-04'": "2022-01-04",
        "timestamp '2022-01-04 15:30:00'": "2022-01-04",
        "timestamp_ns '2022-01-04 15:30:00'": "2022-01-04",
        "timestamptz '2022-01-03 23:30:00-05'": "2022-01-04",
        "'04-Jan-22'": "2022-01-04",
        "'2022-01-04'": None,
        "44565": None,
        "null::date": None,
        "'infinity'::date": None,
        "time '10:00'": None,
    }
    NUMBERS = {
        ("5.50::decimal(10, 2)", "5::double"): ("5.50", 5),
        ("5.5000::decimal(10, 4)", "5.00::decimal(10, 2)"): ("5.50", 5),
        ("2224085.1800000002::double", "5::hugeint"): ("2224085.18", 5),
        ("0.1::float", "5::float"): ("0.10", 5),
        ("'$1,234.50'", "'1,200'"): ("1234.50", 1200),
        ("7", "5::utinyint"): ("7.00", 5),
        ("5.123::decimal(10, 3)", "1"): None,
        ("'nan'::double", "1"): None,
        ("'infinity'::double", "1"): None,
        ("1e20::double", "1"): None,
        ("true", "1"): None,
        ("null::double", "1"): None,
        ("1", "5.5::double"): None,
        ("1", "'nan'::double"): None,
        ("1", "10000000000"): None,
    }

    @pytest.fixture(scope="class")
    @classmethod
    def sold(cls, loader, tmp_path_factory) -> dict[str, tuple]:
        """Load each type from a file of its own, all at once."""
        folder = tmp_path_factory.mktemp("parquet")
        for n, date in enumerate(cls.DATES):
            write_parquet(folder / f"date_{n}.parquet", Country=f"'D{n}'", Date=date)
        for n, (amount, boxes) in enumerate(cls.NUMBERS):
            columns = {"Country": f"'N{n}'", "Amount": amount, "Boxes_Shipped": boxes}
            write_parquet(folder / f"number_{n}.parquet", **columns)
        path = f"{folder}/*.parquet"
        marts = (*MARTS, "transactions")
        assert loader.load({"chocolate_sales": path}, *marts).error is None
        rows = loader.rows("chocolate_sales", "sales")
        assert len(rows.accepted + rows.refused) == len(cls.DATES) + len(cls.NUMBERS)
        return {
            country: tuple(values)
            for country, *values in loader.query(
                "select country, sold_at::date::text, gross_amount::text, quantity "
                "from transactions where dataset = 'chocolate_sales'"
            )
        }

    @pytest.mark.parametrize("date", DATES)
    def test_dates(self, sold, date):
        found = sold.get(f"D{list(self.DATES).index(date)}")
        assert (found and found[0]) == self.DATES[date]

    @pytest.mark.parametrize("number", NUMBERS)
    def test_numbers(self, sold, number):
        found = sold.get(f"N{list(self.NUMBERS).index(number)}")
        assert (found and found[1:]) == self.NUMBERS[number]

    def test_lines_are_rows(self, loader, tmp_path):
        path = write_parquet(
            tmp_path / "rows.parquet",
            5_000,
            Sales_Person="'Seller ' || i",
            Boxes_Shipped="if(i = 4000, 0, 1)",
        )
        assert loader.load({"chocolate_sales": str(path)}, *MARTS).error is None
        rows = loader.rows("chocolate_sales", "sales")
        assert rows.reasons == {4001: "boxes shipped is below one"}

    def test_faults_of_the_file(self, loader, tmp_path):
        path = tmp_path / "faulty.parquet"

        def assert_stopped(*words):
            load = loader.load({"chocolate_sales": str(path)})
            load.assert_stopped("faulty.parquet", "as they were", *words)
            assert load.is_before_any_table

        path.write_bytes(b"")
        assert_stopped("cannot be read as parquet")
        path.write_bytes(b"PAR1 and no more PAR1")
        assert_stopped("cannot be read as parquet")
        write_parquet(path, rows=0)
        assert_stopped("there is no row")


class TestABrokenInputLeavesTheTablesAlone:
    """Of an earlier good build everything stands, whatever else was loaded with it."""

    @pytest.fixture(scope="class")
    @classmethod
    def good_build(cls, loader, files) -> dict[str, tuple]:
        path = str(files / "crlf.csv")
        both = {"chocolate_sales": path, "mall_customers": cls.customers(files)}
        assert loader.load(both, *MARTS, "transactions", "customers").error is None
        return loader.tables()

    @staticmethod
    def customers(files: Path, *rows: str) -> str:
        columns = "CustomerID,Genre,Age,Annual Income (k$),Spending Score (1-100)"
        path = files / f"customers_{len(rows)}.csv"
        path.write_text("\n".join([columns, "0001,Male,19,15,39", *rows, ""]))
        return str(path)

    FAULTS = ("latin_1.csv", "column_missing.csv", "empty.csv", "cr_only.csv", "none")

    @pytest.mark.parametrize("fault", FAULTS)
    def test_the_second_of_two_is_broken(self, loader, files, good_build, fault):
        customers = self.customers(files, "0002,Male,21,15,81")
        both = {"mall_customers": customers, "chocolate_sales": str(files / fault)}
        load = loader.load(both, *MARTS, "transactions", "customers")
        load.assert_stopped("chocolate_sales")
        assert load.is_before_any_table
        assert loader.tables() == good_build

    def test_a_line_is_swallowed_in_the_second(self, loader, files, good_build):
        """Told while loading: the other dataset may be loaded, no mart is."""
        both = {
            "mall_customers": self.customers(files, "0002,Male,21,15,81"),
            "chocolate_sales": str(files / "quote_unclosed_to_the_end.csv"),
        }
        load = loader.load(both, *MARTS, "transactions", "customers")
        load.assert_stopped("chocolate_sales", "a quote that is not closed")
        tables = loader.tables()
        changed = {name for name in tables if tables[name] != good_build[name]}
        assert changed <= {
            "staging.raw_mall_customers__customers",
            "staging.stg_mall_customers__customers",
            "staging.skipped_lines",
        }
