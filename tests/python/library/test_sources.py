"""From an entry under ``input_files`` to the SQL that reads it, or a fault in words."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_segmentation.errors import SegmentationError
from customer_segmentation.extensions import load_extension
from customer_segmentation.sources import (
    Column,
    Input,
    Table,
    plan,
    read_catalogue,
    read_input,
)

PROJECT = Path(__file__).resolve().parents[3]
CATALOGUE = read_catalogue(PROJECT)
SALES = Table(
    "shop",
    "sales",
    (
        Column("customer_id", "Customer", "string", True),
        Column("sold_at", "Day", "date", True),
        Column("amount", "Amount", "decimal", True),
        Column("units", "Units", "bigint", False),
    ),
    date_format="%d.%m.%Y",
)
# As the user's own: the project does not know how the columns are called.
OWN = Table(
    "own",
    "sale_lines",
    (
        Column("customer_id", None, "string", True),
        Column("sold_at", None, "timestamp", True),
        Column("unit_price", None, "decimal", False),
        Column("net_amount", None, "decimal", False),
    ),
    one_of=("unit_price", "net_amount"),
)
MAPPED = {"customer_id": "Customer", "sold_at": "Day", "net_amount": "Amount"}
TEXT = "Customer,Day,Amount,Units\nc1,04.01.2022,5.50,1\n\nc2,05.01.2022,x,\n"
# What programmers know by these words, users do not.
JARGON = re.compile("dictionary|instance|tuple|constrained|literal|pars(e|ing)")


def fault(table: Table, given, columns=None) -> str:
    with pytest.raises(SegmentationError) as error:
        plan(table, given, columns)
    return str(error.value)


def write(path: Path, data: bytes | str = TEXT) -> str:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(path)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load_extension(connection, "excel")
        yield connection


class TestTheCatalogue:
    """What dbt knows of the sources, the library knows without dbt."""

    def test_it_holds_every_dataset_and_table_of_the_project(self):
        project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))
        expected = {
            dataset: sorted(tables)
            for dataset, tables in project["vars"]["datasets"].items()
        }
        assert {name: sorted(tables) for name, tables in CATALOGUE.items()} == expected

    def test_every_table_says_what_reading_needs(self):
        for tables in CATALOGUE.values():
            for table in tables.values():
                types = {column.data_type for column in table.columns}
                assert types <= {"string", "date", "timestamp", "bigint", "decimal"}
                assert any(column.is_needed for column in table.columns)
                if table.dataset != "own":
                    assert all(column.header for column in table.columns)
                    assert table.file

    def test_a_table_as_its_file_describes_it(self):
        table = CATALOGUE["chocolate_sales"]["sales"]
        assert table.date_format == "%d-%b-%y"
        assert table.columns[3] == Column("sale_date", "Date", "date", True)
        own = CATALOGUE["own"]["sale_lines"]
        assert own.one_of == ("unit_price", "gross_amount", "net_amount")
        assert {c.name for c in own.columns if c.is_needed} == {
            "customer_id",
            "sold_at",
        }

    def test_another_folder_holds_none(self, tmp_path):
        with pytest.raises(SegmentationError, match="models/staging/"):
            read_catalogue(tmp_path)


class TestAnEntryIsReadAsItIsMeant:
    """A path, a table, keys, or one of these for each table of the dataset."""

    @pytest.mark.parametrize(
        "path", ["sales.csv", "a/b", "*.csv", "x.csv.gz", "y.XLSX", "z.parquet", "/d/"]
    )
    def test_a_path(self, path):
        assert read_input(SALES, path) == Input(path=path)

    @pytest.mark.parametrize("name", ["orders", "crm.orders", 'pg.crm."Order Lines"'])
    def test_a_relation(self, name):
        assert read_input(SALES, name) == Input(relation=name)

    def test_an_entry_for_each_table(self):
        entry = {"path": "x.csv", "delimiter": ";"}
        assert read_input(SALES, {"sales": entry}) == Input(**entry)
        assert read_input(SALES, {"sales": "x.csv"}) == Input(path="x.csv")
        assert read_input(SALES, {"customers": "x.csv"}) is None
        assert read_input(SALES, None) is None

    @pytest.mark.parametrize(
        ("encoding", "name"),
        [("UTF8", "utf-8"), ("UTF-16", "utf-16"), ("windows-1252", "cp1252")],
    )
    def test_an_encoding_has_many_names(self, encoding, name):
        assert (
            read_input(SALES, {"path": "x.csv", "encoding": encoding}).encoding == name
        )


class TestAWrongEntryIsRefusedInPlainWords:
    """The message names dataset, table and key, what stands there and what may."""

    @pytest.mark.parametrize(
        ("key", "value", "allowed"),
        [
            ("path", 5, "a path or glob in quotes"),
            ("path", ["a.csv"], "a path or glob in quotes"),
            (
                "relation",
                "a b",
                "a table such as schema.table or database.schema.table",
            ),
            (
                "relation",
                "a;b",
                "a table such as schema.table or database.schema.table",
            ),
            ("relation", "a.b.c.d", "a table such as"),
            ("sheet", 1, "the name of a sheet"),
            ("delimiter", "", "one character"),
            ("delimiter", "||", "one character"),
            ("delimiter", None, "one character"),
            ("quote", "''", "one character, or '' for none"),
            ("quote", "«", "one character, or '' for none"),
            ("quote", "\n", "one character, or '' for none"),
            ("encoding", "klingon", "an encoding such as utf-8, latin-1 or utf-16"),
            ("encoding", "base64", "an encoding such as utf-8, latin-1 or utf-16"),
            ("encoding", 8, "an encoding such as utf-8, latin-1 or utf-16"),
            ("date_format", "DD/MM/YYYY", "a format in strptime's letters: '%d/%m/%Y'"),
            ("date_format", "%Q", "a format in strptime's letters: '%d/%m/%Y'"),
            ("date_format", "%d/%m/%", "a format in strptime's letters: '%d/%m/%Y'"),
            ("decimal_sign", ";", "'.' or ','"),
            ("columns", ["Amount"], "names of columns, such as {customer_id:"),
            ("columns", {"amount": 1}, "names of columns, such as {customer_id:"),
            ("columns", {"amount": None}, "names of columns, such as {customer_id:"),
        ],
    )
    def test_a_value(self, tmp_path, key, value, allowed):
        place = (
            {} if key in ("path", "relation") else {"path": write(tmp_path / "x.csv")}
        )
        told = fault(SALES, place | {key: value})
        where = f'The var input_files, dataset "shop", table sales, key "{key}": '
        assert told.startswith(where)
        assert f"is not allowed; needed is {allowed}" in told
        assert not JARGON.search(told.removeprefix(where).replace(repr(value), ""))

    def test_a_delimiter_is_no_quote(self, tmp_path):
        given = {"path": write(tmp_path / "x.csv"), "delimiter": "'", "quote": "'"}
        told = fault(SALES, given)
        assert '"quote"' in told
        assert '"delimiter"' in told

    @pytest.mark.parametrize("given", [5, True, ["a.csv"], 1.5])
    def test_neither_text_nor_keys(self, given):
        told = fault(SALES, given)
        assert f"{given!r} is not allowed; needed is a path, or keys such as" in told

    @pytest.mark.parametrize("given", ["", {"path": ""}, {"sales": ""}])
    def test_no_path(self, given):
        """Where a variable was empty, say: made-up rows must not be taken instead."""
        assert "shop" in fault(SALES, given)

    def test_every_wrong_key_is_told(self):
        told = fault(SALES, {"path": "x.csv", "delimeter": ";", "quote": 1})
        assert 'key "delimeter": this key is not allowed; the keys are path,' in told
        assert 'key "quote": 1 is not allowed' in told

    def test_path_or_relation(self):
        both = {"path": "x.csv", "relation": "y"}
        needed = "needed is one of the keys path, relation"
        assert needed in fault(SALES, both)
        assert needed in fault(SALES, {"path": None})

    def test_a_column_that_the_project_does_not_know(self):
        told = fault(SALES, {"path": "x.csv", "columns": {"amont": "Amount"}})
        assert (
            'there is no column "amont"; the columns are customer_id, sold_at' in told
        )

    def test_columns_that_only_the_user_knows(self):
        told = fault(OWN, {"path": "x.csv", "columns": {"customer_id": "Customer"}})
        assert "sold_at must be mapped to a column of the file" in told
        assert "segments inspect" in told
        mapped = {"customer_id": "Customer", "sold_at": "Day"}
        told = fault(OWN, {"path": "x.csv", "columns": mapped})
        assert "one of unit_price, net_amount must be mapped" in told


class TestFilesAreFound:
    """A path, or a glob; a file whose name is a glob is itself."""

    def test_a_glob_gives_every_file_in_order(self, tmp_path):
        for name in ("b.csv", "a.csv", "c.txt"):
            write(tmp_path / name)
        (tmp_path / "folder.csv").mkdir()
        found = plan(SALES, f"{tmp_path}/*.csv")
        assert [Path(file.name).name for file in found.files] == ["a.csv", "b.csv"]

    def test_a_name_that_is_a_glob(self, tmp_path):
        path = write(tmp_path / "[ab].csv")
        write(tmp_path / "a.csv", "not read")
        assert [file.name for file in plan(SALES, path).files] == [path]

    @pytest.mark.parametrize("name", ["none.csv", "*.tsv", "", "folder"])
    def test_no_file(self, tmp_path, name):
        (tmp_path / "folder").mkdir()
        told = fault(SALES, f"{tmp_path}/{name}")
        assert f'no file at "{tmp_path}/{name}"' in told
        assert "Mend the path" in told

    def test_kinds_are_known_and_one(self, tmp_path, connection):
        write(tmp_path / "a.json", "{}")
        told = fault(SALES, f"{tmp_path}/a.json")
        assert "is of no known kind; known are .csv, .tsv, .txt, .parquet" in told
        write(tmp_path / "b.csv")
        columns = "'c1' as Customer, date '2022-01-04' as Day, 5.5 as Amount"
        connection.execute(f"copy (select {columns}) to '{tmp_path}/b.parquet'")
        told = fault(SALES, f"{tmp_path}/b.*")
        assert "holds files of several kinds (parquet, text); needed is one" in told


class TestAHeaderIsHeldToTheTable:
    """Needed columns once, in any order; others are left alone."""

    @pytest.mark.parametrize(
        ("header", "words"),
        [
            ("Customer,Day", ['the column "Amount" is missing', '"Customer", "Day";']),
            ("Customer,Day,Amount,Amount", ['"Amount" stands there twice']),
            ("Customer,Day,Amount,Units,Units", ['"Units" stands there twice']),
            ("Customer;Day;Amount", ["seems to have ';' there: set its key delimiter"]),
            ("Customer\tDay\tAmount", [r"seems to have '\t' there"]),
            ("customer,Day,Amount", ['the column "Customer" is missing']),
        ],
    )
    def test_a_wrong_header(self, tmp_path, header, words):
        told = fault(SALES, write(tmp_path / "x.csv", f"{header}\n1,2,3,4,5\n"))
        assert [word for word in words if word not in told] == []
        assert told.startswith(f'Dataset "shop", file "{tmp_path}/x.csv": ')
        assert told.endswith("The tables of the dataset are as they were.")

    def test_what_is_not_needed_may_lack(self, tmp_path, connection):
        path = write(tmp_path / "x.csv", "Amount,Day,X,X,Customer\n5,1.1.2022,a,b,c1\n")
        rows = connection.execute(plan(SALES, path).sql).df()
        assert rows.units.isna().all()
        assert list(rows.amount) == ["5"]

    def test_what_is_mapped_may_not(self, tmp_path):
        path = write(tmp_path / "x.csv", "Customer,Day,Amount\nc1,1.1.2022,5\n")
        told = fault(SALES, {"path": path, "columns": {"units": "Number"}})
        assert 'the column "Number" is missing' in told

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ("", "is empty; needed is a header and rows below it"),
            ("Customer,Day,Amount\n", "there is no row below the header"),
            ("Customer,Day,Amount\n\n\n", "there is no row below the header"),
        ],
    )
    def test_nothing_to_read(self, tmp_path, data, words):
        assert words in fault(SALES, write(tmp_path / "x.csv", data))

    def test_text_needs_a_date_format(self, tmp_path, connection):
        path = write(tmp_path / "x.csv")
        told = fault(OWN, {"path": path, "columns": MAPPED})
        assert "the key date_format is missing" in told
        given = {"path": path, "columns": MAPPED, "date_format": "%d.%m.%Y"}
        assert plan(OWN, given).kind == "text"


class TestEveryKindGivesTheSameRows:
    """Text, Parquet, a spreadsheet, and a table of the warehouse."""

    EXPECTED = [
        (1, "c1", "04.01.2022", "5.5", "1"),
        (2, "c2", "05.01.2022", "6.25", None),
    ]
    COLUMNS = "position, customer_id, sold_at, amount, units"

    @pytest.fixture
    def made(self, connection) -> str:
        connection.execute(
            "create or replace table made as from (values "
            "('c1', date '2022-01-04', 5.5, 1), ('c2', date '2022-01-05', 6.25, null)"
            ') as t ("Customer", "Day", "Amount", "Units")'
        )
        return "made"

    def rows(self, connection, reading) -> list[tuple]:
        return connection.execute(
            f"select {self.COLUMNS} from ({reading.sql}) order by position"
        ).fetchall()

    @pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "it's {x} [y].txt"])
    def test_text(self, connection, tmp_path, name):
        text = "Customer,Day,Amount,Units\nc1,04.01.2022,5.5,1\n\nc2,05.01.2022,6.25,\n"
        data = gzip.compress(text.encode()) if name.endswith("gz") else text
        reading = plan(SALES, write(tmp_path / name, data))
        assert self.rows(connection, reading) == self.EXPECTED
        (file,) = reading.files
        assert (reading.kind, file.rows, file.blank_records) == ("text", 2, (3,))
        assert file.name == str(tmp_path / name)

    def test_parquet(self, connection, tmp_path, made):
        connection.execute(f"copy {made} to '{tmp_path}/x.parquet'")
        reading = plan(SALES, f"{tmp_path}/x.parquet")
        assert reading.kind == "parquet"
        assert [
            (c, d, float(a), u) for _, c, d, a, u in self.rows(connection, reading)
        ] == [(c, d, float(a), u) for _, c, d, a, u in self.EXPECTED]

    def test_xlsx(self, connection, tmp_path, made):
        connection.execute(
            f"copy {made} to '{tmp_path}/x.xlsx' (format xlsx, header true)"
        )
        reading = plan(SALES, f"{tmp_path}/x.xlsx")
        assert reading.kind == "xlsx"
        assert self.rows(connection, reading) == self.EXPECTED

    @pytest.mark.parametrize(
        "relation", ["made", "main.made", "MADE", '"made"', "memory.main.made"]
    )
    def test_a_relation(self, connection, made, relation):
        """Its columns are asked for first: only the warehouse knows them."""
        first = plan(SALES, {"relation": relation})
        assert (first.sql, first.kind) == (None, "relation")
        columns = dict(connection.execute(first.columns_sql).fetchall())
        assert list(columns) == ["Customer", "Day", "Amount", "Units"]
        reading = plan(SALES, {"relation": relation}, columns)
        assert [
            (c, d, float(a), u) for _, c, d, a, u in self.rows(connection, reading)
        ] == [(c, d, float(a), u) for _, c, d, a, u in self.EXPECTED]

    @pytest.mark.parametrize("relation", ["other", "crm.made", "x.main.made", "made.x"])
    def test_no_such_relation(self, connection, made, relation):
        first = plan(SALES, {"relation": relation})
        columns = dict(connection.execute(first.columns_sql).fetchall())
        told = fault(SALES, {"relation": relation}, columns)
        assert f'relation "{relation}": there is no such table or view' in told

    def test_a_relation_that_lacks_a_column(self):
        told = fault(
            SALES, {"relation": "made"}, {"Customer": "VARCHAR", "Day": "DATE"}
        )
        assert 'the column "Amount" is missing' in told
        assert "delimiter" not in told


class TestTypedValuesKeepTheirMeaning:
    """As text they are what a file of this input would hold."""

    @staticmethod
    def text(connection, column: str, value, source_type: str, **given) -> str:
        types = {"Customer": "VARCHAR", "Day": "DATE", "Amount": "DECIMAL(18,2)"}
        header = {"sold_at": "Day", "amount": "Amount"}[column]
        types[header] = source_type
        reading = plan(SALES, {"relation": "typed", **given}, types)
        shown = ", ".join(f'null::{kind} as "{name}"' for name, kind in types.items())
        connection.execute(f"create or replace temp table typed as select {shown}")
        connection.execute(f'update typed set "{header}" = $1::{source_type}', [value])
        return connection.execute(f"select {column} from ({reading.sql})").fetchone()[0]

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(
        cents=st.integers(-(10**12), 10**12),
        kind=st.sampled_from(["DOUBLE", "DECIMAL(18,2)", "DECIMAL(18,4)"]),
        sign=st.sampled_from([".", ","]),
    )
    def test_money(self, connection, cents, kind, sign):
        amount = Decimal(cents) / 100
        text = self.text(connection, "amount", str(amount), kind, decimal_sign=sign)
        assert Decimal(text.replace(sign, ".")) == amount

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(cents=st.integers(-99_999, 99_999))
    def test_money_in_four_bytes(self, connection, cents):
        amount = Decimal(cents) / 100
        text = self.text(connection, "amount", str(amount), "FLOAT")
        assert Decimal(text) == amount

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(
        moment=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(
            lambda moment: moment.replace(microsecond=0)
        ),
        kind=st.sampled_from(["TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_S"]),
        date_format=st.sampled_from(["%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]),
    )
    def test_moments(self, connection, moment, kind, date_format):
        given = {"date_format": date_format}
        text = self.text(connection, "sold_at", moment.isoformat(), kind, **given)
        assert text == moment.strftime(date_format)

    def test_moments_with_a_time_zone_are_in_utc(self, connection):
        text = self.text(
            *(
                connection,
                "sold_at",
                "2022-01-04 23:30:00-05",
                "TIMESTAMP WITH TIME ZONE",
            ),
            date_format="%Y-%m-%d %H:%M",
        )
        assert text == "2022-01-05 04:30"
