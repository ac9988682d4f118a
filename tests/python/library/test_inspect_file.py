"""What `segments inspect` proposes for a user's own file, and what it asks."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import os
import re
import subprocess
import sys
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer_segmentation import sources
from customer_segmentation.cli import main
from customer_segmentation.errors import SegmentationError
from customer_segmentation.extensions import load_extension
from customer_segmentation.inspection import (
    Choice,
    Proposal,
    Question,
    ask_at_terminal,
    inspect_file,
)
from customer_segmentation.inspection.columns import AMOUNTS, TABLES
from customer_segmentation.inspection.dates import FORMATS
from customer_segmentation.inspection.files import KINDS
from customer_segmentation.inspection.talk import scalar, shown

PROJECT = Path(__file__).parents[3]

# Nothing in it is open: the day is above 12, and the amount has two decimals.
SALES = (
    "Order ID,Customer ID,Date,Quantity,Amount\n"
    "A1,C1,2022-01-31,2,12.50\n"
    "A2,C2,2022-02-01,1,1250.00\n"
)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder whose name is hard to quote, in YAML and for a glob."""
    folder = tmp_path / 'Kunden "Süd", {x}: [1] it\'s 😀 #1'
    folder.mkdir()
    return folder


@pytest.fixture
def write(folder):
    """Return a function that writes a file and gives its path."""

    def write(content, name: str = "sales.csv", encoding: str = "utf-8") -> str:
        path = folder / name
        content = content if isinstance(content, bytes) else content.encode(encoding)
        path.write_bytes(content)
        return str(path)

    return write


def read(proposal: Proposal) -> tuple[str, dict]:
    """Give the table and the keys of a block, as dbt would read them."""
    own = yaml.safe_load(proposal.block)["vars"]["input_files"]["own"]
    ((table, keys),) = own.items()
    return table, keys


def keys_of(path: str, **answers) -> dict:
    return read(inspect_file(path, **answers))[1]


def column(header: str, *values: str) -> str:
    """Give a file of sales with one column of these values instead of the usual."""
    usual = {"Customer ID": "C1", "Date": "2022-01-31", "Amount": "12.50"}
    usual.pop(header, None)
    lines = [";".join([header, *usual])]
    lines += [";".join([value, *usual.values()]) for value in values]
    return "\n".join(lines) + "\n"


def load(proposal: Proposal) -> list[dict[str, str]]:
    """Read the files as a build does, all as text."""
    table, keys = read(proposal)
    reading = sources.plan(sources.read_catalogue(PROJECT)["own"][table], keys)
    with duckdb.connect() as connection:
        load_extension(connection, "excel")
        loaded = connection.execute(reading.sql)
        names = [column[0] for column in loaded.description]
        rows = [dict(zip(names, row, strict=True)) for row in loaded.fetchall()]
    return [{name: row[name] for name in keys["columns"]} for row in rows]


# ------------------------------------------------------------------- spreadsheets

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def cell(value, place: str) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)
        moment = value if isinstance(value, datetime) else moment
        days = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
        return f'<c r="{place}" s="1"><v>{days!r}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def workbook(sheets: dict[str, list], hidden: tuple = (), setting: str = "") -> bytes:
    """Write a spreadsheet as other programs do; DuckDB itself writes no two sheets."""
    names = {f"rId{place}": name for place, name in enumerate(sheets, 1)}
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship '
        f'Id="r" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{setting}'
        "<sheets>"
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{place}" r:id="{key}"'
            + (' state="hidden"/>' if name in hidden else "/>")
            for place, (key, name) in enumerate(names.items(), 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": "<Relationships "
        f'xmlns="{PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="{key}" Type="{OFFICE}/worksheet" '
            f'Target="worksheets/{key}.xml"/>'
            for key in names
        )
        + f'<Relationship Id="s" Type="{OFFICE}/styles" Target="styles.xml"/>'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>',
    }
    for key, name in names.items():
        rows = "".join(
            f'<row r="{line}">'
            + "".join(cell(v, f"{chr(65 + k)}{line}") for k, v in enumerate(row))
            + "</row>"
            for line, row in enumerate(sheets[name], 1)
        )
        parts[f"xl/worksheets/{key}.xml"] = (
            f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return written.getvalue()


SHEET = [
    ["Order ID", "Customer ID", "Date", "Amount"],
    ["A1", "C1", date(2022, 1, 31), 12.5],
    ["A2", "C2", datetime(2022, 2, 1, 15, 30), 1234],
]


class TestTheBlockCanBePasted:
    """It is YAML, and says nothing but what the file says."""

    def test_with_every_key_of_a_text_file(self, write):
        path = write(
            "Bestellnummer;Kundennr;Datum;Menge;Betrag;Filiale\n"
            "1;K1;04.01.2022;2;1.234,50 €;Süd\n2;K2;13.02.2022;1;12,5;Nord\n"
        )
        proposal = inspect_file(path)
        assert yaml.safe_load(proposal.block) == {
            "vars": {
                "input_files": {
                    "own": {
                        "sale_lines": {
                            "path": path,
                            "delimiter": ";",
                            "quote": '"',
                            "encoding": "utf-8",
                            "date_format": "%d.%m.%Y",
                            "decimal_sign": ",",
                            "columns": {
                                "order_id": "Bestellnummer",
                                "customer_id": "Kundennr",
                                "sold_at": "Datum",
                                "quantity": "Menge",
                                "net_amount": "Betrag",
                            },
                        }
                    }
                }
            }
        }
        assert '# unused: "Filiale"\n' in proposal.block
        assert proposal.notes == proposal.open == ()

    def test_and_loads_the_file(self, write):
        rows = load(inspect_file(write("\ufeff" + SALES.replace(",", ";"))))
        assert rows[0] == {
            "order_id": "A1",
            "customer_id": "C1",
            "sold_at": "2022-01-31",
            "quantity": "2",
            "net_amount": "12.50",
        }

    @pytest.mark.parametrize("name", ["a [1]*?.csv", "{{ x }}.csv", "- a: #b.csv", "é"])
    def test_whatever_the_file_is_called(self, write, name):
        path = write(SALES, name + ".csv")
        proposal = inspect_file(path)
        assert read(proposal)[1]["path"] == path
        assert len(load(proposal)) == 2

    def test_with_an_absolute_path(self, write, folder, monkeypatch):
        path = write(SALES)
        monkeypatch.chdir(folder)
        assert keys_of("sales.csv")["path"] == path
        keys = keys_of("*.csv")
        assert keys["path"].endswith("/*.csv")
        # The signs of a glob in the name of the folder are no glob.
        monkeypatch.chdir("/")
        assert load(inspect_file(keys["path"])) == load(inspect_file(path))

    @given(st.text())
    def test_whatever_a_header_holds(self, text):
        written = scalar(text)
        assert "\n" not in written
        assert yaml.safe_load(f"a: {written}\nb: 1") == {"a": text, "b": 1}
        assert yaml.safe_load(f"a: 1 # {shown(text)}\nb: 1") == {"a": 1, "b": 1}

    @pytest.mark.parametrize(
        "header", ["Order Date\n(UTC)", "null", "1", "ä: #", "☃\x07"]
    )
    def test_with_headers_that_are_hard_to_write(self, write, header):
        path = write(f'"{header}",' + SALES.replace("\nA", "\nx,A"))
        proposal = inspect_file(path)
        assert read(proposal)[1]["columns"] == keys_of(write(SALES, "b.csv"))["columns"]
        assert f"# unused: {shown(header)}\n" in proposal.block

    def test_as_its_words_are_those_of_the_project(self):
        own = sources.read_catalogue(PROJECT)["own"]
        for name, columns in TABLES.items():
            assert [c.name for c in columns] == [c.name for c in own[name].columns]
            for mine, theirs in zip(columns, own[name].columns, strict=True):
                is_number = theirs.data_type in ("bigint", "decimal")
                assert (mine.decimals is not None) == is_number
        assert own["sale_lines"].one_of == AMOUNTS
        assert KINDS == sources.KINDS


class TestTheDialectFitsEveryLine:
    """A delimiter is one that splits the lines as it splits the header."""

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("quote", ['"', "'"])
    def test_with_delimiters_within_quotes(self, write, delimiter, quote):
        product = f"{quote}a{delimiter}b {quote * 2}c{quote * 2}\nd{quote}"
        path = write(
            "".join(
                delimiter.join(fields) + "\n"
                for fields in (
                    ("Customer ID", "Date", "Product", "Price"),
                    ("C1", "2022-01-31", product, "1.50"),
                    ("C2", "2022-01-31", "b", "2.50"),
                )
            )
        )
        proposal = inspect_file(path)
        keys = read(proposal)[1]
        assert (keys["delimiter"], keys["quote"]) == (delimiter, quote)
        assert load(proposal)[0]["product"] == f"a{delimiter}b {quote}c{quote}\nd"

    def test_with_quotes_around_everything(self, write):
        quoted = re.sub("[^,\n]+", lambda field: f"'{field[0]}'", SALES)
        assert keys_of(write(quoted))["quote"] == "'"
        assert keys_of(write(quoted.replace("'", '"')))["quote"] == '"'

    def test_with_quotes_that_are_none(self, write):
        path = write(column("Product", '"5 inch', "tube", "'t Hof", '7"', "x"))
        proposal = inspect_file(path)
        assert read(proposal)[1]["quote"] == ""
        assert "Quotes are proposed as part of the values" in proposal.notes[0]
        assert load(proposal)[0]["product"] == '"5 inch'

    @pytest.mark.parametrize("ends", ["\r\n", "\n"])
    def test_whatever_its_lines_end_in(self, write, ends):
        path = write(("\n" + SALES + "\n\n").replace("\n", ends))
        assert keys_of(path)["delimiter"] == ","
        assert inspect_file(path).notes == ()

    def test_and_decimal_commas_make_no_delimiter(self, write):
        path = write(column("Amount", *["12,50"] * 20).replace("Date", "Date, local"))
        proposal = inspect_file(path, date_format="%Y-%m-%d")
        assert read(proposal)[1]["delimiter"] == "choose"
        assert proposal.open[0] == 'choose delimiter (--delimiter ";" or ",")'
        assert '# ";": the columns are "Amount", "Customer ID", "Date, local"\n' in (
            proposal.block
        )
        assert keys_of(path, delimiter=",")["delimiter"] == ","
        keys = keys_of(path, delimiter=";")
        assert (keys["delimiter"], keys["decimal_sign"]) == (";", ",")

    @pytest.mark.parametrize(("given", "is_meant"), [("tab", "\t"), ("\\t", "\t")])
    def test_or_is_the_one_that_is_given(self, write, given, is_meant):
        path = write(SALES.replace(",", "\t"))
        assert keys_of(path, delimiter=given)["delimiter"] == is_meant
        assert keys_of(write(SALES.replace(",", "~")), delimiter="~")["quote"] == '"'

    @pytest.mark.parametrize("given", ["", ";;", '"', "\n"])
    def test_which_is_one_character(self, write, given):
        if not given:
            assert keys_of(write(SALES), delimiter=given)["delimiter"] == ","
            return
        with pytest.raises(SegmentationError, match="needed is one character"):
            inspect_file(write(SALES), delimiter=given)

    def test_but_for_a_few_lines(self, write):
        lines = [f"A{n},C{n},2022-01-31,2,12.50" for n in range(100)]
        lines[40] += ",more"
        lines[60] = "total"
        path = write("\n".join([SALES.splitlines()[0], *lines]))
        (note,) = inspect_file(path).notes
        assert "Of 100 rows, 2 would not be loaded" in note
        assert "first at line 42 of" in note

    def test_or_for_many_where_the_header_is_known(self, write):
        path = write(SALES + "total\n")
        (note,) = inspect_file(path).notes
        assert "Of 3 rows, 1 would not be loaded" in note

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (
                "Sales of 2022\n" + SALES,
                "has no comma, semicolon, tab or | in its first",
            ),
            ("Sales, of 2022\n" + SALES, "2 columns in its first line with"),
            (SALES + "x\n" * 9, "18% of the other lines have as many (line 4 has not)"),
            ("a,b\n" + '"1,2",3\n' * 9 + '"4,5\n' * 2, "close every quote"),
            ("id\n1\n2\n", "name the delimiter with --delimiter"),
            ("sep=;\n" + SALES, "is for Excel alone. Take it out"),
            (SALES.replace("\n", "\r"), "ends its lines in CR alone. Save it with LF"),
        ],
    )
    def test_or_it_is_said_which_do_not_fit(self, write, text, words):
        with pytest.raises(SegmentationError, match=re.escape(words)):
            inspect_file(write(text))


class TestTheEncodingIsTheOneOfTheWholeFile:
    """One sign at the end of a file may decide."""

    FAR = SALES + "A3,C3,2022-02-02,1,1.50\n" * 20_000

    @pytest.mark.parametrize(
        ("encoding", "proposed"),
        [
            ("ascii", "utf-8"),
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8"),
            ("utf-16", "utf-16"),
            ("utf-16-le", "utf-16-le"),
            ("utf-16-be", "utf-16-be"),
            ("latin-1", "latin-1"),
            ("cp1252", "cp1252"),
        ],
    )
    @pytest.mark.parametrize("ending", ["", ".gz"])
    def test_told_by_its_signs(self, write, encoding, proposed, ending):
        name = {"ascii": "C9", "cp1252": "Müller €"}.get(encoding, "Müller")
        data = (self.FAR + f"A4,{name},2022-02-02,1,1.50\n").encode(encoding)
        path = write(gzip.compress(data) if ending else data, "sales.csv" + ending)
        proposal = inspect_file(path)
        assert read(proposal)[1]["encoding"] == proposed
        if not encoding.startswith("utf-16-"):  # of which look_at counts no lines
            assert load(proposal)[-1]["customer_id"] == name

    def test_with_a_mark_of_either_order(self, write):
        path = write(codecs.BOM_UTF16_BE + SALES.encode("utf-16-be"))
        assert keys_of(path)["encoding"] == "utf-16"

    def test_of_signs_beyond_the_basic_plane(self, write):
        assert (
            keys_of(write(SALES + "A4,😀漢,2022-02-02,1,1.50\n"))["encoding"] == "utf-8"
        )

    def test_and_one_that_is_not_utf_8_is_shown(self, write):
        (note,) = inspect_file(
            write(SALES + "A4,Müller,,1,1.5\n", "a.csv", "latin-1")
        ).notes
        assert 'is not in UTF-8 (line 4). In latin-1 that line holds "Müller"' in note
        assert "save the file as UTF-8" in note
        path = write(SALES + "A4,5€,2022-02-02,1,1.50\n", encoding="cp1252")
        (note,) = inspect_file(path).notes
        assert "bytes from 0x80 to 0x9f" in note
        assert "point to Windows-1252 (cp1252)" in note

    def test_of_all_files(self, write, folder):
        write(SALES, "a.csv")
        write(SALES + "A4,Müller,2022-02-02,1,1.50\n", "b.csv", "latin-1")
        pattern = str(folder / "*.csv").replace("[", "[[]")
        assert keys_of(pattern)["encoding"] == "latin-1"
        write(SALES + "A4,5€,2022-02-02,1,1.50\n", "c.csv", "cp1252")
        assert keys_of(pattern)["encoding"] == "cp1252"
        write(SALES + "A4,5€,2022-02-02,1,1.50\n", "d.csv")
        with pytest.raises(SegmentationError, match=r"a.csv.*several|several.*d\.csv"):
            inspect_file(pattern)

    def test_of_which_files_of_a_glob_are_noted_once(self, write, folder):
        for name in ("a.csv", "b.csv"):
            write(SALES + "A4,Müller,2022-02-02,1,1.50\n", name, "latin-1")
        (note,) = inspect_file(str(folder / "*.csv").replace("[", "[[]")).notes
        assert "a.csv" in note

    @pytest.mark.parametrize("given", ["UTF8", "utf-8", "U8"])
    def test_under_its_plain_name(self, write, given):
        path = write(codecs.BOM_UTF8 + SALES.encode())
        keys = keys_of(path, encoding=given)
        assert keys["encoding"] == "utf-8"
        assert keys["columns"]["order_id"] == "Order ID"
        assert keys_of(path, encoding="iso-8859-1")["encoding"] == "latin-1"

    def test_or_the_one_that_is_given(self, write):
        path = write(SALES + "A4,Müller,2022-02-02,1,1.50\n", encoding="cp850")
        proposal = inspect_file(path, encoding="cp850")
        assert read(proposal)[1]["encoding"] == "cp850"
        assert load(proposal)[-1]["customer_id"] == "Müller"

    @pytest.mark.parametrize(
        ("text", "encoding", "given", "words"),
        [
            ("Müller", "latin-1", "utf-8", "is not in the encoding utf-8"),
            ("Müller", "utf-8", "ascii", "is not in the encoding ascii"),
            ("Müller", "utf-8", "utf-16", "is not in the encoding utf-16"),
            ("Müller", "utf-8", "klingon", "is unknown. Give --encoding utf-8"),
            ("Müller", "utf-8", "base64", "is unknown. Give --encoding utf-8"),
            ("5 €", "cp1252", "latin-1", "Give --encoding cp1252"),
        ],
    )
    def test_if_the_file_is_in_it(self, write, text, encoding, given, words):
        path = write(SALES + f"A4,{text},2022-02-02,1,1.5\n", encoding=encoding)
        with pytest.raises(SegmentationError, match=words):
            inspect_file(path, encoding=given)

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (SALES.encode("utf-32"), "is in UTF-32. Save it as UTF-8"),
            ("é\n".encode() * 9 + b"\xe9", "is in UTF-8 but for line 10"),
            (b"a,b\n\x81\x8d,\x90\n", "is in none of UTF-8, UTF-16, latin-1"),
            (SALES.encode() + b"\0", "holds no text"),
            (bytes(range(1, 32)) * 9, "holds no text"),
        ],
    )
    def test_or_there_is_none(self, write, data, words):
        with pytest.raises(SegmentationError, match=words):
            inspect_file(write(data))


class TestTheDateFormatReadsEveryDay:
    """A text must be what its format writes, or the row is refused."""

    @pytest.mark.parametrize(
        ("texts", "date_format"),
        [
            ("2022-01-31", "%Y-%m-%d"),
            ("2022/01/31", "%Y/%m/%d"),
            ("20220131", "%Y%m%d"),
            ("31/01/2022", "%d/%m/%Y"),
            ("01/31/2022", "%m/%d/%Y"),
            ("31.01.2022", "%d.%m.%Y"),
            ("31-01-2022", "%d-%m-%Y"),
            ("31/01/22", "%d/%m/%y"),
            ("01/31/22", "%m/%d/%y"),
            ("31-Jan-2022", "%d-%b-%Y"),
            ("31-Jan-22", "%d-%b-%y"),
            ("31 January 2022", "%d %B %Y"),
            ("Jan 31, 2022", "%b %d, %Y"),
            ("1/31/2022", "%-m/%-d/%Y"),
            ("31/1/2022", "%-d/%-m/%Y"),
            ("1.2.2022|31.1.2022", "%-d.%-m.%Y"),
            ("2022-01-31 08:05", "%Y-%m-%d %H:%M"),
            ("2022-01-31 08:05:09", "%Y-%m-%d %H:%M:%S"),
            ("2022-01-31T08:05:09", "%Y-%m-%dT%H:%M:%S"),
            ("2022-01-31T08:05:09Z", "%Y-%m-%dT%H:%M:%SZ"),
            ("2022-01-31T08:05:09+00:00", "%Y-%m-%dT%H:%M:%S+00:00"),
            ("2022-01-31 08:05:09.123", "%Y-%m-%d %H:%M:%S.%g"),
            ("2022-01-31 08:05:09.123456", "%Y-%m-%d %H:%M:%S.%f"),
            ("31.01.2022 08:05", "%d.%m.%Y %H:%M"),
            ("31.01.2022 8:05|31.01.2022 18:05", "%d.%m.%Y %-H:%M"),
            ("1/31/2022 8:05|12/1/2022 18:05", "%-m/%-d/%Y %-H:%M"),
            ("01/31/2022 08:05 PM", "%m/%d/%Y %I:%M %p"),
            ("1/31/2022 8:05:09 PM", "%-m/%-d/%Y %-I:%M:%S %p"),
            # 95 % are enough, and one day above 12 decides.
            ("|".join(["01/02/2022"] * 30 + ["13/02/2022", "soon"]), "%d/%m/%Y"),
        ],
    )
    def test_told_by_its_texts(self, write, texts, date_format):
        assert keys_of(write(column("Date", *texts.split("|"))))["date_format"] == (
            date_format
        )

    @pytest.mark.parametrize(
        ("text", "choices"),
        [
            ("01/02/2022", ["%d/%m/%Y", "%m/%d/%Y"]),
            ("1/2/2022", ["%-d/%-m/%Y", "%-m/%-d/%Y"]),
            ("01-02-22", ["%d-%m-%y", "%m-%d-%y"]),
            ("01/02/2022 10:15", ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]),
        ],
    )
    def test_or_is_open_where_a_day_may_be_a_month(self, write, text, choices):
        path = write(column("Date", text))
        proposal = inspect_file(path)
        assert read(proposal)[1]["date_format"] == "choose"
        days = [f'"{text}" is 1 February 2022', f'"{text}" is 2 January 2022']
        for date_format, day in zip(choices, days, strict=True):
            assert f'# "{date_format}": {day}\n' in proposal.block
            assert f'"{date_format}"' in proposal.open[0]
            answered = inspect_file(path, date_format=date_format)
            assert read(answered)[1]["date_format"] == date_format
            assert answered.open == ()
        assert "choose date_format (--date-format " in proposal.open[0]

    def test_shown_by_a_value_that_tells_them_apart(self, write):
        path = write(column("Date", "03/03/2022", "01/02/2022", "04/04/2022"))
        assert '"01/02/2022" is 2 January 2022' in inspect_file(path).block

    def test_or_by_one_that_only_one_of_them_reads(self, write):
        texts = ["02/02/2022"] * 38 + ["01/13/2022", "13/01/2022"]
        block = inspect_file(write(column("Date", *texts))).block
        assert '# "%d/%m/%Y": "01/13/2022" is no date\n' in block
        assert '# "%m/%d/%Y": "01/13/2022" is 13 January 2022\n' in block

    def test_but_days_that_are_the_same_either_way_decide_nothing(self, write):
        path = write(column("Date", "02/02/2022"))
        assert keys_of(path)["date_format"] == "choose"

    def test_by_all_rows_where_the_first_leave_it_open(self, write, monkeypatch):
        monkeypatch.setattr("customer_segmentation.inspection.files.ROWS", 10)
        days = ["01/02/2022"] * 25
        assert keys_of(write(column("Date", *days)))["date_format"] == "choose"
        path = write(column("Date", *days, "02/13/2022"))
        assert keys_of(path)["date_format"] == "%m/%d/%Y"
        path = write(column("Date", *["12/11/2022"] * 25, "13/1/2022"))
        assert keys_of(path)["date_format"] == "%-d/%-m/%Y"

    def test_or_is_open_where_they_are_written_in_several_ways(self, write):
        path = write(column("Date", *["31.01.2022"] * 6, *["2022-01-31"] * 4))
        proposal = inspect_file(path)
        assert read(proposal)[1]["date_format"] == "choose"
        assert '# "%d.%m.%Y": 60% of the values, but not "2022-01-31"' in proposal.block
        assert "holds dates of several forms" in proposal.notes[0]

    def test_and_the_values_that_it_does_not_read_are_told(self, write):
        path = write(column("Date", *["31.01.2022"] * 99, "soon"))
        (note,) = inspect_file(path).notes
        assert note.startswith(
            '"Date": 1 of 100 values would be refused, such as "soon"'
        )
        (note,) = inspect_file(path, date_format="%-d.%m.%Y", table="sale_lines").notes
        assert note.startswith('"Date": 1 of 100')

    def test_or_it_is_said_that_there_are_none(self, write):
        proposal = inspect_file(write(column("Date", "Monday", "Tuesday")))
        assert "sold_at" not in read(proposal)[1]["columns"]
        assert (
            '"Date" is not proposed as sold_at: its values, such as "Monday"'
            in (proposal.notes[0])
        )
        proposal = inspect_file(write(SALES), date_format="%d.%m.%Y")
        assert 'are not of the form "%d.%m.%Y"' in proposal.notes[0]

    def test_or_that_the_given_one_is_none(self, write):
        with pytest.raises(SegmentationError, match=r'"%Q" is not allowed.*%d/%m/%Y'):
            inspect_file(write(SALES), date_format="%Q")

    @pytest.mark.parametrize(
        "moment", ["2022-01-04 05:06:07.008", "2022-11-23 15:46:57"]
    )
    def test_as_every_format_reads_what_it_writes(self, moment):
        with duckdb.connect() as connection:
            for name in FORMATS:
                text, back = connection.execute(
                    f"select text, strftime(try_strptime(text, '{name}'), $2) from "
                    "(select strftime($1::timestamp, $2) as text)",
                    [moment, name],
                ).fetchone()
                assert text == back, name


class TestTheDecimalSignIsOneThatNumbersTell:
    """Three digits after a sign tell nothing."""

    @pytest.mark.parametrize(
        ("texts", "sign"),
        [
            ("12.5", "."),
            ("12,5", ","),
            ("1,234.56", "."),
            ("1.234,56", ","),
            ("1,234,567", "."),
            ("1.234.567", ","),
            ("1234,567", ","),
            ("0,125", ","),
            ("$1,234|$5.50", "."),
            ("1.234 €|-5,50 €", ","),
            ("£ 5.50", "."),
            ("12", "."),
        ],
    )
    def test_told_by_its_texts(self, write, texts, sign):
        path = write(column("Amount", *texts.split("|")))
        proposal = inspect_file(path)
        assert read(proposal)[1]["decimal_sign"] == sign
        assert proposal.open == ()
        assert ("# no number of the file has one" in proposal.block) == (texts == "12")

    @pytest.mark.parametrize(
        ("text", "point", "comma"),
        [
            ("1,234", "1234", "1.234"),
            ("1.234", "1.234", "1234"),
            ("$5,320 ", "5320", "5.32"),
        ],
    )
    def test_or_is_open(self, write, text, point, comma):
        path = write(column("Amount", text, "12"))
        proposal = inspect_file(path)
        assert read(proposal)[1]["decimal_sign"] == "choose"
        assert f'# ".": "{text.strip()}" is {point}\n' in proposal.block
        assert f'# ",": "{text.strip()}" is {comma}\n' in proposal.block
        assert proposal.open == ('choose decimal_sign (--decimal-sign "." or ",")',)
        for sign in ".,":
            assert keys_of(path, decimal_sign=sign)["decimal_sign"] == sign

    def test_by_every_column_of_numbers(self, write):
        path = write(
            column("Amount", "1,234", "5,678").replace("Customer", "Price;Customer")
        )
        path = write(
            "Customer ID;Date;Amount;Unit Price\nC1;2022-01-31;1,234;2.5\n", "b.csv"
        )
        assert keys_of(path)["decimal_sign"] == "."

    def test_by_all_rows_where_the_first_leave_it_open(self, write, monkeypatch):
        monkeypatch.setattr("customer_segmentation.inspection.files.ROWS", 10)
        path = write(column("Amount", *["1,234"] * 25, "1,2"))
        assert keys_of(path)["decimal_sign"] == ","

    def test_or_is_open_where_they_are_written_in_two_ways(self, write):
        path = write(column("Amount", *["1.5"] * 6, *["1,5"] * 4))
        proposal = inspect_file(path)
        assert read(proposal)[1]["decimal_sign"] == "choose"
        assert '# ".": so is the sign of 6 numbers\n' in proposal.block
        assert "are written in two ways" in proposal.notes[0]

    def test_and_the_values_that_would_be_refused_are_told(self, write):
        path = write(column("Amount", *["1.50"] * 98, "free", "1.999"))
        (note,) = inspect_file(path).notes
        assert note == (
            '"Amount": 2 of 100 values would be refused, such as "free"; needed are '
            'numbers of up to 2 decimals with the decimal sign ".".'
        )
        path = write(column("Quantity", "1", "2.5"))
        (note,) = inspect_file(path).notes
        assert '"2.5"; needed are whole numbers' in note

    def test_as_the_macros_refuse_them(self):
        macros = PROJECT / "macros"
        decimal = (macros / "to_decimal.sql").read_text(encoding="utf-8")
        whole = (macros / "to_whole_number.sql").read_text(encoding="utf-8")
        assert "-?[$€£]? ?([0-9]{1,3}([{{ thousands_sign }}][0-9]{3}){1,3}" in decimal
        assert "-?([0-9]{1,3}([{{ thousands_sign }}][0-9]{3}){1,2}" in whole


class TestColumnsAreFoundByHeaderAndContent:
    """The header proposes, the content must agree."""

    @pytest.mark.parametrize(
        ("headers", "row", "names"),
        [
            (
                "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,"
                "CustomerID,Country",
                "1,22,Mug,2,2022-01-31,1.50,17850,UK",
                "order_id - product quantity sold_at unit_price customer_id country",
            ),
            (
                "Row ID,Order ID,Order Date,Ship Date,Customer ID,Customer Name,"
                "Category,Product ID,Product Name,Sales,Quantity,Discount",
                "1,CA-1,11/18/2016,11/21/2016,CG-1,Ann,Chairs,F-1,Chair,261.96,2,0.2",
                "- order_id sold_at - customer_id - category - product net_amount "
                "quantity -",
            ),
            (
                "Rechnungs-Nr.,Kundennummer,Rechnungsdatum,Artikelbezeichnung,Warengruppe,"
                "Land,Vertriebskanal,Stueckzahl,Einzelpreis,Rabatt,Nettobetrag (EUR)",
                '1,7,31.01.2022,Tasse,Geschirr,DE,Web,2,"1,50","1,50","1,50"',
                "order_id customer_id sold_at product category country channel "
                "quantity unit_price discount_amount net_amount",
            ),
            (
                "N° de commande,Code client,Date d'achat,Désignation,Catégorie,Pays,"
                "Canal,Quantité,Prix unitaire,Remise,Montant HT",
                '1,7,31/01/2022,Tasse,Vaisselle,FR,Web,2,"1,50","1,50","1,50"',
                "order_id customer_id sold_at product category country channel "
                "quantity unit_price discount_amount net_amount",
            ),
            (
                "Número de pedido,ID cliente,Fecha de compra,Artículo,Categoría,País,"
                "Cantidad,Precio unitario,Descuento,Importe,Coste unitario",
                '1,7,31/01/2022,Taza,Vajilla,ES,2,"1,50","1,50","1,50","1,50"',
                "order_id customer_id sold_at product category country quantity "
                "unit_price discount_amount net_amount unit_cost",
            ),
            (
                "ORDER_NUMBER,client_id,Order Timestamp (UTC),sku,qty,returned,"
                "gross_sales,total discount,net_sales,cost per unit,sales channel",
                "1,7,2022-01-31T08:00:00,S,2,0,3.50,1.50,2.00,1.00,web",
                "order_id customer_id sold_at product quantity returned_quantity "
                "gross_amount discount_amount net_amount unit_cost channel",
            ),
        ],
    )
    def test_in_several_languages(self, write, headers, row, names):
        columns = keys_of(write(f"{headers}\n{row}\n"))["columns"]
        found = {header: name for name, header in columns.items()}
        expected = zip(headers.split(","), names.split(), strict=True)
        assert found == {header: name for header, name in expected if name != "-"}

    def test_each_at_most_once(self, write):
        columns = keys_of(
            write(
                "Customer,Date,Order Date,Total,Amount,Price\n"
                "1,2022-01-31,2022-01-30,1.50,1.50,1.50\n"
            )
        )["columns"]
        assert columns["sold_at"] == "Order Date"
        assert columns["net_amount"] == "Amount"
        assert len({*columns.values()}) == len(columns)

    @pytest.mark.parametrize(
        ("header", "value", "reason"),
        [
            ("Order Date", "yes", "no dates of a known form"),
            ("Net Amount", "high", "no numbers"),
            ("Discount", "0.2", "rates rather than amounts"),
            ("Quantity", "2022-01-31", "no numbers"),
            ("Order ID", "", "it is empty"),
        ],
    )
    def test_but_not_by_a_header_that_the_content_belies(
        self, write, header, value, reason
    ):
        proposal = inspect_file(write(column(header, value, value)))
        assert header not in read(proposal)[1]["columns"].values()
        assert f"# unused: {shown(header)}" in proposal.block
        if "Date" not in header and "Amount" not in header:  # which have a second best
            (note,) = proposal.notes
            assert note.startswith(f"{shown(header)} is not proposed as ")
            assert reason in note

    @pytest.mark.parametrize(
        "header", ["Discount %", "Discount rate", "Sales (k$)", ""]
    )
    def test_nor_by_a_number_of_another_kind(self, write, header):
        proposal = inspect_file(write(column(header, "10.00", "20.00")))
        assert {*read(proposal)[1]["columns"]} == {
            "customer_id",
            "sold_at",
            "net_amount",
        }

    def test_and_what_is_needed_and_missing_is_said(self, write):
        path = write("Shop,When,Worth,Note\n1,2022-01-31,1.50,x\n2,2022-02-01,2.50,y\n")
        proposal = inspect_file(path)
        table, keys = read(proposal)
        assert (table, keys["columns"]) == ("sale_lines", {})
        for comment in (
            "customer_id is needed: name its column here",
            'sold_at is needed: name its column here (dates stand in "When")',
            "one of unit_price, gross_amount, net_amount is needed: name its column "
            'here (numbers stand in "Shop", "Worth")',
            'unused: "Shop", "When", "Worth", "Note"',
        ):
            assert f"# {comment}\n" in proposal.block
        assert proposal.open == (
            "name the column of customer_id",
            "name the column of sold_at",
            "name the column of one of unit_price, gross_amount, net_amount",
        )

    @pytest.mark.parametrize(
        "header", ["date_of_birth", "Customer Name", "Delivery date"]
    )
    def test_a_word_of_a_header_is_not_enough(self, write, header):
        path = write(f"{header},x\n2022-01-31,1.5\n")
        assert keys_of(path)["columns"] == {}


class TestTheTableIsSaid:
    """Sales, or the customers themselves."""

    PEOPLE = (
        "CustomerID,Genre,Age,Annual Income,Land,Marital status,Education,Beruf,"
        "Household size,joined\n"
        "1,m,22,15000.50,DE,single,BA,cook,2,2022-01-31\n"
        "2,f,33,20000.00,FR,married,MA,,5+,2022-01-31\n"
    )

    def test_customers_where_each_has_a_row(self, write):
        proposal = inspect_file(write(self.PEOPLE))
        table, keys = read(proposal)
        assert table == "customers"
        assert "date_format" not in keys
        assert keys["decimal_sign"] == "."
        assert keys["columns"] == {
            "customer_id": "CustomerID",
            "country": "Land",
            "gender": "Genre",
            "age": "Age",
            "income": "Annual Income",
            "education": "Education",
            "occupation": "Beruf",
            "marital_status": "Marital status",
            "household_size": "Household size",
        }
        (note,) = proposal.notes
        assert "is proposed as the table customers" in note
        assert "--table sale_lines" in note
        assert load(proposal)[1]["household_size"] == "5+"

    def test_even_with_the_day_on_which_they_came(self, write):
        path = write(self.PEOPLE.replace("joined", "Created at"))
        assert read(inspect_file(path))[0] == "customers"

    def test_sales_where_a_customer_has_several(self, write):
        path = write("Customer ID,Country\n1,DE\n1,DE\n2,FR\n")
        table, keys = read(inspect_file(path))
        assert (table, keys["columns"]["country"]) == ("sale_lines", "Country")

    @pytest.mark.parametrize("header", ["Amount", "Unit Price"])
    def test_sales_where_there_is_an_amount(self, write, header):
        path = write(f"Customer ID,{header},Age\n1,1.50,30\n2,2.50,40\n")
        assert read(inspect_file(path))[0] == "sale_lines"

    @pytest.mark.parametrize("table", ["sale_lines", "customers"])
    @pytest.mark.parametrize("text", [PEOPLE, SALES])
    def test_or_the_one_that_is_given(self, write, table, text):
        proposal = inspect_file(write(text), table=table)
        assert read(proposal)[0] == table
        assert not any("is proposed as the table" in note for note in proposal.notes)

    def test_with_bands_where_they_are_no_numbers(self, write):
        path = write("household_id,age,income\n1,25-34,35-49K\n2,65+,Under 15K\n")
        columns = keys_of(path)["columns"]
        assert (columns["age_band"], columns["income_band"]) == ("age", "income")
        path = write("Customer ID,Age,Annual Income (k$)\n1,22,15\n2,33,20\n")
        proposal = inspect_file(path)
        assert read(proposal)[1]["columns"] == {
            "customer_id": "Customer ID",
            "age": "Age",
        }

    def test_whose_missing_id_is_said(self, write):
        proposal = inspect_file(write("Gender,Age\nm,22\n"), table="customers")
        assert proposal.open == ("name the column of customer_id",)


class TestFilesWithTypesNeedFewerKeys:
    """What a file says of itself is not said again."""

    def test_parquet(self, folder):
        path = str(folder / "sales.parquet")
        with duckdb.connect() as connection:
            connection.sql(
                "select 'A1' as \"Order ID\", 7 as customer_id, date '2022-01-31' as "
                "date, 12.5 as amount, [1] as list, 'x'::blob as blob"
            ).write_parquet(path)
        proposal = inspect_file(path)
        table, keys = read(proposal)
        assert table == "sale_lines"
        assert keys == {
            "path": path,
            "columns": {
                "order_id": "Order ID",
                "customer_id": "customer_id",
                "sold_at": "date",
                "net_amount": "amount",
            },
        }
        assert '# unused: "list", "blob"' in proposal.block
        # Dates come as the text that a file of text would hold.
        assert load(proposal)[0]["sold_at"].startswith("2022-01-31")

    def test_parquet_with_text_for_dates_and_numbers(self, folder):
        path = str(folder / "sales.parquet")
        with duckdb.connect() as connection:
            connection.sql(
                "select 7 as customer_id, '31.01.2022' as date, '12,50' as amount"
            ).write_parquet(path)
        keys = keys_of(path)
        assert (keys["date_format"], keys["decimal_sign"]) == ("%d.%m.%Y", ",")
        assert not {"delimiter", "quote", "encoding"} & {*keys}

    def test_parquet_with_days_as_numbers(self, folder):
        path = str(folder / "sales.parquet")
        with duckdb.connect() as connection:
            connection.sql(
                "select 7 as customer_id, 20220131 as date, 12.5 as amount"
            ).write_parquet(path)
        proposal = inspect_file(path)
        assert read(proposal)[1]["date_format"] == "%Y%m%d"
        assert load(proposal)[0]["sold_at"] == "20220131"

    def test_parquet_with_dates_where_numbers_should_be(self, folder):
        path = str(folder / "sales.parquet")
        with duckdb.connect() as connection:
            connection.sql(
                "select 7 as customer_id, date '2022-01-31' as date, 12.5 as amount, "
                "date '2022-01-31' as quantity"
            ).write_parquet(path)
        (note,) = inspect_file(path).notes
        assert '"quantity" is not proposed as quantity' in note
        assert "are dates" in note

    def test_xlsx(self, write):
        path = write(workbook({"Sales": SHEET}), "sales.xlsx")
        proposal = inspect_file(path)
        assert read(proposal)[1] == {
            "path": path,
            "columns": {
                "order_id": "Order ID",
                "customer_id": "Customer ID",
                "sold_at": "Date",
                "net_amount": "Amount",
            },
        }
        assert [row["sold_at"] for row in load(proposal)] == [
            "2022-01-31 00:00:00",
            "2022-02-01 15:30:00",
        ]

    def test_xlsx_with_text_for_dates_and_numbers(self, write):
        sheet = [SHEET[0], ["A1", "C1", "31.01.2022", "1.234,50 €"]]
        proposal = inspect_file(write(workbook({"S": sheet}), "sales.xlsx"))
        keys = read(proposal)[1]
        assert (keys["date_format"], keys["decimal_sign"]) == ("%d.%m.%Y", ",")

    def test_xlsx_with_both(self, write):
        sheet = [*SHEET, [], ["A3", "C3", "31.01.2022", None], ["A4", "C4", None, 1.5]]
        proposal = inspect_file(write(workbook({"S": sheet}), "sales.xlsx"))
        keys = read(proposal)[1]
        assert keys["date_format"] == "%d.%m.%Y"
        assert "decimal_sign" not in keys
        assert (
            '"Date" holds text, such as "31.01.2022", beside cells with'
            in (proposal.notes[0])
        )
        assert [row["sold_at"] for row in load(proposal)[:2]] == [
            "31.01.2022",
            "01.02.2022",
        ]

    def test_xlsx_with_days_that_are_not_shown_as_dates(self, write):
        sheet = [["Customer ID", "Date", "Amount", "Till"], ["C1", 44592, 1.5, 44592]]
        proposal = inspect_file(write(workbook({"S": sheet}), "sales.xlsx"))
        assert read(proposal)[1]["columns"]["sold_at"] == "Date"
        (note,) = proposal.notes
        assert '"Date" holds numbers, such as "44592", that are not shown as' in note
        assert load(proposal)[0]["sold_at"] == "2022-01-31 00:00:00"
        sheet[0][1] = "When"
        proposal = inspect_file(write(workbook({"S": sheet}), "sales.xlsx"))
        assert "# sold_at is needed: name its column here\n" in proposal.block
        sheet[1][1] = date(2022, 1, 31)
        proposal = inspect_file(write(workbook({"S": sheet}), "sales.xlsx"))
        assert 'name its column here (dates stand in "When")\n' in proposal.block

    def test_xlsx_with_several_sheets(self, write):
        sheets = {"Notes": [["Made by"], ["Ann"]], "Q1's": SHEET, "Empty": []}
        path = write(workbook(sheets), "sales.xlsx")
        proposal = inspect_file(path)
        assert read(proposal)[1]["sheet"] == "choose"
        assert (
            '# "Q1\'s": its columns are "Order ID", "Customer ID", "Date", "Amount"\n'
            '        # "Notes": its columns are "Made by"\n' in proposal.block
        )
        assert proposal.open == ('choose sheet (--sheet "Q1\'s" or "Notes")',)
        proposal = inspect_file(path, sheet="Q1's")
        assert read(proposal)[1]["sheet"] == "Q1's"
        assert len(load(proposal)) == 2
        with pytest.raises(SegmentationError, match='has no sheet "X"; it has "Notes"'):
            inspect_file(path, sheet="X")

    @pytest.mark.parametrize(
        ("sheets", "hidden"),
        [({"A": [], "B": SHEET}, ()), ({"A": [["x"]], "B": SHEET}, ("A",))],
    )
    def test_xlsx_with_one_sheet_that_can_be_seen(self, write, sheets, hidden):
        path = write(workbook(sheets, hidden), "sales.xlsx")
        assert keys_of(path)["sheet"] == "B"

    def test_xlsx_of_several_files(self, write, folder):
        pattern = str(folder / "*.xlsx").replace("[", "[[]")
        write(workbook({"Jan": SHEET}), "a.xlsx")
        write(workbook({"Feb": SHEET}), "b.xlsx")
        proposal = inspect_file(pattern)
        assert "sheet" not in read(proposal)[1]
        assert len(load(proposal)) == 4
        write(workbook({"Jan": SHEET, "Notes": [["x"]]}), "b.xlsx")
        assert keys_of(pattern)["sheet"] == "Jan"
        write(workbook({"Mar": SHEET, "Notes": [["x"]]}), "b.xlsx")
        with pytest.raises(SegmentationError, match="no sheet in common"):
            inspect_file(pattern)

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (workbook({"S": []}), "is empty"),
            (workbook({"S": SHEET[:1]}), "no row below the header"),
            (workbook({"S": [["a", "a"], [1, 2]]}), 'has the column "a" twice'),
            (workbook({"S": SHEET})[:900], "is cut off or broken"),
            (
                workbook({"S": SHEET}).replace(b"<sheetData>", b"<sheetDate>"),
                "cannot be read as xlsx",
            ),
            (
                workbook({"S": SHEET}).replace(
                    b"workbook.xml.rels", b"workbook.xml.xxxx"
                ),
                "cannot be read as xlsx",
            ),
            (
                workbook({"S": SHEET}, setting='<workbookPr date1904="1"/>'),
                "counts its days from 1904",
            ),
        ],
    )
    def test_xlsx_that_cannot_be_used(self, write, data, words):
        with pytest.raises(SegmentationError, match=words):
            inspect_file(write(data, "sales.xlsx"))

    def test_an_answer_that_was_not_needed_is_told(self, write):
        path = write(workbook({"Sales": SHEET}), "sales.xlsx")
        (note,) = inspect_file(path, delimiter=";").notes
        assert note == "--delimiter was not needed."


class TestFilesOfAGlobAreOneTable:
    """Every month a file, all written alike."""

    @pytest.fixture
    def pattern(self, folder) -> str:
        return str(folder / "sales_*.csv").replace("[", "[[]")

    def test_with_columns_in_any_order(self, write, pattern):
        write(SALES, "sales_1.csv")
        write(
            "Amount,Date,Customer ID,Quantity,Order ID\n"
            + "9.5,2022-03-31,C9,1,A9\n" * 30
            + "total\n",
            "sales_2.csv",
        )
        write("something else", "other.csv")
        proposal = inspect_file(pattern)
        assert read(proposal)[1]["path"] == pattern
        (note,) = proposal.notes
        assert "first at line 32 of" in note
        ids = [row["customer_id"] for row in load(proposal)]
        assert ids == ["C1", "C2", *["C9"] * 30]

    def test_whose_later_files_decide_too(self, write, pattern):
        write(column("Date", "01/02/2022"), "sales_1.csv")
        write(column("Date", "13/02/2022"), "sales_2.csv")
        assert keys_of(pattern)["date_format"] == "%d/%m/%Y"

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            (
                "sales_2.csv",
                SALES.replace("Quantity", "Units"),
                'sales_2.csv" lacks "Quantity" and also has "Units", unlike',
            ),
            ("sales_2.csv", SALES.replace(",", ";"), "different delimiters"),
            ("sales_2.csv", "", 'sales_2.csv": it is empty'),
            ("sales_2.csv", SALES.encode("utf-16"), "in several encodings"),
        ],
    )
    def test_or_it_is_said_which_file_differs(
        self, write, pattern, name, content, words
    ):
        write(SALES + "A4,Müller,2022-02-02,1,1.50\n", "sales_1.csv")
        write(content, name)
        with pytest.raises(SegmentationError) as error:
            inspect_file(pattern)
        assert words in str(error.value).replace("\\", "")

    def test_of_one_kind(self, write, folder):
        write(SALES, "sales.csv")
        write(workbook({"S": SHEET}), "sales.xlsx")
        with pytest.raises(SegmentationError, match="are of several kinds"):
            inspect_file(str(folder / "*").replace("[", "[[]"))


class TestAFileThatCannotBeUsedIsSaidToBeSo:
    """Each error says what, where and how to mend it."""

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("a.csv", "", "is empty; needed is a header and rows below it"),
            ("a.csv", " \n\n", "is empty; needed is a header and rows below it"),
            ("a.csv.gz", gzip.compress(b""), "is empty"),
            ("a.csv", SALES.splitlines()[0], "There is no row below the header"),
            ("a.csv", "a,b,a\n1,2,3\n", 'has the column "a" twice'),
            ("a.csv", ",\n1,2\n", "has no names in its header"),
            ("a.csv", gzip.compress(b"a,b\n1,2\n"), "does not end in .gz"),
            ("a.csv.GZ", gzip.compress(b"a,b\n1,2\n"), "does not end in .gz"),
            ("a.csv.gz", SALES, "is not gzipped"),
            ("a.csv.gz", gzip.compress(SALES.encode())[:-9], "cannot be unpacked"),
            ("a.dat", SALES, "ends in none of .csv, .tsv, .txt, .parquet, .xlsx"),
            ("a.parquet", SALES, "is no parquet file: it holds text"),
            ("a.parquet", b"PAR1xxxxPAR1", "cannot be read as parquet"),
            ("a.csv", b"PAR1xxxxPAR1", "Rename it to end in .parquet"),
            ("a.dat", b"PAR1xxxxPAR1", "holds parquet. Rename it to end in .parquet"),
            ("a.csv", workbook({"S": SHEET}), "Rename it to end in .xlsx"),
            ("a.xlsx", SALES, "is no xlsx file: it holds text"),
            ("a.xlsx", b"PK\x03\x04xxxx", "is cut off or broken"),
            ("a.xlsx.gz", gzip.compress(workbook({"S": SHEET})), "Unpack it"),
            ("a.xls", b"\xd0\xcf\x11\xe0" * 9, "before 2007"),
            ("a.pdf", b"%PDF-1.7", "is a PDF"),
            ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "holds no text"),
            ("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "holds no text"),
        ],
    )
    def test_by_its_content(self, write, name, content, words):
        path = write(content, name)
        with pytest.raises(SegmentationError) as error:
            inspect_file(path)
        assert words in str(error.value)
        assert path in str(error.value)
        assert str(error.value).endswith(".")

    def test_a_zip_file_of_something_else(self, folder):
        with zipfile.ZipFile(folder / "a.xlsx", "w") as archive:
            archive.writestr("sales.csv", SALES)
        with pytest.raises(SegmentationError, match="is a zip file, but no xlsx"):
            inspect_file(str(folder / "a.xlsx"))

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("", "is a folder. Name a file in it"),
            ("none.csv", "No file at"),
            ("none_*.csv", "No file at"),
            ("fold*", "No file at"),
        ],
    )
    def test_by_its_absence(self, folder, name, words):
        (folder / "folder").mkdir()
        with pytest.raises(SegmentationError, match=words) as error:
            inspect_file(str(folder / name) if name else str(folder))
        assert folder.name in str(error.value)

    def test_by_a_name_that_dbt_could_not_write(self):
        with pytest.raises(SegmentationError, match="is no UTF-8. Rename the file"):
            inspect_file("sales\udcff.csv")


class TestWhatIsOpenIsAsked:
    """By numbered choices on stderr, if there is a terminal."""

    OPEN = column("Date", "01/02/2022").replace("12.50", "1,250")

    def test_and_answered_by_a_number(self, write):
        asked = []

        def ask(question: Question) -> str:
            asked.append(question)
            return question.choices[1].value

        proposal = inspect_file(write(self.OPEN), ask=ask)
        assert [question.key for question in asked] == ["date_format", "decimal_sign"]
        assert asked[0].choices[0] == Choice(
            "%d/%m/%Y", '"01/02/2022" is 1 February 2022'
        )
        keys = read(proposal)[1]
        assert (keys["date_format"], keys["decimal_sign"]) == ("%m/%d/%Y", ",")
        assert proposal.open == ()

    @pytest.mark.parametrize(
        ("typed", "answer"),
        [("2\n", "b"), ("x\n0\n3\n 1 \n", "a"), ("\n", None), ("", None)],
    )
    def test_until_the_answer_is_one(self, typed, answer, monkeypatch, capsys):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        question = Question("key", (Choice("a", "first"), Choice("b", "second")))
        assert ask_at_terminal(question) == answer
        output, error = capsys.readouterr()
        assert output == ""
        assert '  1  "a": first\n  2  "b": second\n' in error
        assert error.count("1 to 2, or nothing") == max(1, typed.count("\n"))

    @pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
    def test_at_a_real_terminal(self, write):
        import pty

        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "customer_segmentation", "inspect"]
        with subprocess.Popen(
            [*command, write(self.OPEN)],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
            text=True,
            encoding="utf-8",
        ) as process:
            os.write(ours, b"2\n1\n")
            output, error = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)
        assert process.returncode == 0
        keys = yaml.safe_load(output)["vars"]["input_files"]["own"]["sale_lines"]
        assert (keys["date_format"], keys["decimal_sign"]) == ("%m/%d/%Y", ".")
        assert "date_format is open" in error


class TestTheCommandCanBeUsedInScripts:
    """The block on stdout, all else on stderr, and the exit code."""

    def run(self, capsys, *arguments: str) -> tuple[int, str, str]:
        code = main(["inspect", *arguments])
        return code, *capsys.readouterr()

    def test_0_where_nothing_is_open(self, write, capsys):
        path = write(SALES)
        code, output, error = self.run(capsys, path)
        assert (code, output, error) == (0, inspect_file(path).block, "")

    def test_1_after_the_block_where_something_is(self, write, capsys):
        path = write(TestWhatIsOpenIsAsked.OPEN)
        code, output, error = self.run(capsys, path)
        assert code == 1
        assert output == inspect_file(path).block
        assert error == (
            "segments: The block cannot be used as it is: choose date_format "
            '(--date-format "%d/%m/%Y" or "%m/%d/%Y"); choose decimal_sign '
            '(--decimal-sign "." or ",").\n'
        )
        answers = ["--date-format", "%d/%m/%Y", "--decimal-sign", "."]
        code, output, error = self.run(capsys, path, *answers)
        assert (code, error) == (0, "")

    def test_with_every_flag(self, write, capsys):
        path = write(SALES.replace(",", "~"))
        flags = ["--table=sale_lines", "--delimiter=~", "--encoding=latin-1"]
        code, output, _ = self.run(capsys, path, *flags)
        assert code == 0
        assert "encoding: latin-1" in output
        path = write(workbook({"A": SHEET, "B": SHEET}), "sales.xlsx")
        code, output, _ = self.run(capsys, path, "--sheet", "B")
        assert (code, "sheet: B" in output) == (0, True)

    def test_notes_stand_on_stderr(self, write, capsys):
        path = write("Customer ID,Country\n1,DE\n2,FR\n")
        code, output, error = self.run(capsys, path)
        assert code == 0
        assert error.startswith("There is one row for each customer")

    def test_1_and_no_block_after_an_error(self, folder, capsys):
        code, output, error = self.run(capsys, str(folder / "none.csv"))
        assert (code, output) == (1, "")
        assert error.startswith("segments: No file at")
        assert error.count("\n") == 1

    def test_a_pattern_without_quotes_is_told(self, write, capsys):
        code, output, error = self.run(capsys, write(SALES), write(SALES, "b.csv"))
        assert (code, output) == (1, "")
        assert (
            "There are 2 files. Name one, or several with a pattern in quotes" in error
        )

    @pytest.mark.parametrize("flag", ["--table=x", "--decimal-sign=;", "--sniff"])
    def test_2_after_a_wrong_call(self, write, flag):
        with pytest.raises(SystemExit) as error:
            main(["inspect", write(SALES), flag])
        assert error.value.code == 2

    def test_the_help_names_it_and_its_answers(self, capsys):
        for arguments in (["--help"], ["inspect", "--help"]):
            with pytest.raises(SystemExit) as error:
                main(arguments)
            assert error.value.code == 0
        output = capsys.readouterr().out
        assert "    inspect " in output
        for flag in ("date-format", "decimal-sign", "encoding", "delimiter", "table"):
            assert f"--{flag} " in output


# ----------------------------------------------------------------- generated files

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2035, 12, 31)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
TEXTS = st.text("abcäöüÄÖÜéñ ,;|\t'\"\n.-", max_size=12).filter(
    lambda text: text[:1] not in ("'", '"') and text.strip() == text
)
AMOUNTS_OF_MONEY = st.tuples(
    st.integers(-9_999_999, 9_999_999), st.integers(0, 3), st.booleans()
)


def written_amount(number: int, places: int, has_groups: bool, sign: str) -> str:
    text = f"{abs(number) / 10**places:{',' if has_groups else ''}.{places}f}"
    if sign == ",":
        text = text.translate(str.maketrans(".,", ",."))
    return ("-" if number < 0 else "") + text


@st.composite
def sales_files(draw) -> dict:
    """Give a file of sales in any dialect, and what is true of it."""
    date_format = draw(st.sampled_from(FORMATS))
    sign = draw(st.sampled_from(".,"))
    moments = draw(st.lists(MOMENTS, min_size=1, max_size=30))
    with duckdb.connect() as connection:
        dates = connection.execute(
            "select list(strftime(moment, $1)), "
            f"list(try_strptime(strftime(moment, $1), '{date_format}')) "
            "from (select unnest($2::timestamp[]) as moment)",
            [date_format, moments],
        ).fetchone()
    rows = [
        [
            f"C{place}",
            text,
            draw(TEXTS),
            written_amount(*draw(AMOUNTS_OF_MONEY), sign),
        ]
        for place, text in enumerate(dates[0])
    ]
    delimiter = draw(st.sampled_from(",;\t|"))
    quote = draw(st.sampled_from("\"'"))
    written = io.StringIO()
    csv.writer(
        written,
        delimiter=delimiter,
        quotechar=quote,
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    ).writerows([["Customer", "Date", "Product", "Amount"], *rows])
    return {
        "text": written.getvalue(),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"])),
        "delimiter": delimiter,
        "rows": rows,
        "moments": dates[1],
        "date_format": date_format,
        "decimal_sign": sign,
    }


@given(sales_files())
@settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_proposed_is_true_or_open(tmp_path, file):
    path = tmp_path / "sales.csv"
    data = file["text"].encode(file["encoding"])
    path.write_bytes(data)
    proposal = inspect_file(str(path))
    table, keys = read(proposal)
    assert table == "sale_lines"

    def is_true(key: str) -> bool:
        if keys[key] != "choose":
            return True
        assert any(f"choose {key} (--" in text for text in proposal.open)
        return False

    assert data.decode(keys["encoding"]).lstrip("\ufeff") == file["text"]
    if not is_true("delimiter"):
        return
    assert keys["delimiter"] == file["delimiter"]
    text = io.StringIO(file["text"], newline="")
    quote = keys["quote"]
    found = csv.reader(
        text,
        delimiter=keys["delimiter"],
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    assert [*found][1:] == file["rows"]
    if is_true("date_format"):
        with duckdb.connect() as connection:
            moments = connection.execute(
                f"select list(try_strptime(date, '{keys['date_format']}')), "
                f"list(strftime(try_strptime(date, '{keys['date_format']}'), $2)) "
                "from (select unnest($1::varchar[]) as date)",
                [[row[1] for row in file["rows"]], keys["date_format"]],
            ).fetchone()
        assert moments == (file["moments"], [row[1] for row in file["rows"]])
    else:
        assert _same_order(file["date_format"]) in {
            _same_order(name) for name in re.findall(r'# "(%[^"]*)":', proposal.block)
        }
    if is_true("decimal_sign"):
        has_sign = any(re.search("[.,]", row[3]) for row in file["rows"])
        assert keys["decimal_sign"] == (file["decimal_sign"] if has_sign else ".")


def _same_order(date_format: str) -> str:
    return date_format.replace("%-", "%").replace("%B", "%b")
