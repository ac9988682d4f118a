"""``segments validate``: what it lets pass, what it stops, and what it says."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml

from customer_segmentation.cli import main
from customer_segmentation.errors import SegmentationError
from customer_segmentation.validation import Report, validate, validate_marts
from customer_segmentation.validation.drift import (
    expected_spread,
    spread_of_numbers,
    spread_of_texts,
)
from customer_segmentation.validation.engine import frames
from customer_segmentation.validation.messages import explain
from customer_segmentation.validation.sample import as_number

PROJECT = Path(__file__).resolve().parents[3]
ROWS = 400


def project_of(folder: Path, *datasets: str) -> Path:
    """Make a project of some of the datasets, without demo data."""
    folder.mkdir()
    settings = {"name": "shop", "vars": {"input_files": {}}}
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    for dataset in datasets:
        place = f"models/staging/{dataset}/_{dataset}__sources.yml"
        (folder / place).parent.mkdir(parents=True)
        shutil.copy(PROJECT / place, folder / place)
    return folder


def sales(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Make rows of chocolate_sales; no two are the same."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp(2022, 1, 1) + pd.to_timedelta(rng.integers(0, 240, rows), "D")
    return pd.DataFrame(
        {
            "Sales Person": rng.choice([f"Person {n}" for n in range(9)], rows),
            "Country": rng.choice(["UK", "USA", "India"], rows, p=[0.5, 0.3, 0.2]),
            "Product": rng.choice(["Eclairs", "White Choc", "Raspberry"], rows),
            "Date": days.strftime("%d-%b-%y"),
            "Amount": [f"${x:,.2f} " for x in rng.lognormal(8, 1, rows)],
            "Boxes Shipped": 10 + np.arange(rows),
        }
    )


def customers(rows: int = ROWS) -> pd.DataFrame:
    """Make rows of mall_customers."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "CustomerID": [f"{n:04}" for n in range(rows)],
            "Genre": rng.choice(["Male", "Female"], rows),
            "Age": rng.integers(18, 70, rows),
            "Annual Income (k$)": rng.integers(15, 137, rows),
            "Spending Score (1-100)": rng.integers(1, 100, rows),
        }
    )


def some(rows: int, share: float) -> range:
    return range(int(rows * share))


def changed(frame: pd.DataFrame, column: str, places: Iterable[int], value):
    """Put another value into some rows."""
    frame = frame.astype({column: object})
    frame.loc[[*places], column] = value
    return frame


@pytest.fixture
def shop(tmp_path):
    """Return what validates files of one dataset, in a folder that is hard to quote."""
    folder = tmp_path / "it's a shop"
    folder.mkdir()

    class Shop:
        def __init__(self):
            self.folder = folder
            self.database = folder / "built.duckdb"
            self.docs = folder / "docs"

        def save(self, frame: pd.DataFrame, name: str = "sales.csv", **how) -> Path:
            frame.to_csv(folder / name, index=False, **how)
            return folder / name

        def validate(self, dataset: str, given, **how) -> Report:
            if isinstance(given, pd.DataFrame):
                given = str(self.save(given))
            project = folder / f"project of {dataset}"
            if not project.exists():
                project_of(project, dataset)
            variables = {"input_files": {dataset: given}}
            return validate(project, variables, self.database, self.docs, **how)

        def build(self, dataset: str, table: str, frame: pd.DataFrame, renamed):
            """Leave a load in the database, as a build does."""
            raw = frame.astype(str).rename(columns=renamed)
            raw.insert(0, "source_file", "last month.csv")
            with duckdb.connect(str(self.database)) as connection:
                connection.register("raw", raw)
                connection.execute("create schema if not exists staging")
                connection.execute(
                    f"create table staging.raw_{dataset}__{table} as from raw"
                )

        def build_sales(self, frame: pd.DataFrame):
            names = dict(
                zip(
                    frame.columns,
                    [
                        *("sales_person", "country", "product"),
                        *("sale_date", "amount", "boxes_shipped"),
                    ],
                    strict=True,
                )
            )
            self.build("chocolate_sales", "sales", frame, names)

    return Shop()


@pytest.fixture(scope="module")
def batches():
    return frames()


def failures(report: Report) -> str:
    return "\n".join(text for table in report.tables for text in table.failures)


def warnings(report: Report) -> str:
    return "\n".join(text for table in report.tables for text in table.warnings)


class TestGoodInputsPass:
    """A gate that cries wolf is switched off."""

    def test_the_demo_data_of_every_table(self, tmp_path):
        report = validate(PROJECT, {}, tmp_path / "none.duckdb", tmp_path / "docs")
        assert not failures(report)
        seeds = {path.stem for path in PROJECT.glob("seeds/demo/*.csv")}
        names = {f"demo_{t.name.replace('.', '__')}" for t in report.tables}
        assert names == seeds
        assert all(table.rows > 0 and table.checks > 5 for table in report.tables)

    def test_a_file_as_published(self, shop):
        report = shop.validate("chocolate_sales", sales())
        assert report.failed == 0
        assert [(t.name, t.rows) for t in report.tables] == [
            ("chocolate_sales.sales", ROWS)
        ]

    def test_with_a_few_bad_rows_which_the_build_refuses(self, shop):
        frame = changed(sales(), "Date", some(ROWS, 0.04), "2022/01/04")
        frame = changed(frame, "Amount", [50, 51], "a lot")
        assert not failures(shop.validate("chocolate_sales", frame))

    def test_of_any_dialect_that_is_told(self, shop):
        rng = np.random.default_rng(0)
        frame = pd.DataFrame(
            {
                "Kunde": rng.integers(1, 99, ROWS),
                "Datum": [f"{n % 28 + 1}.{n % 12 + 1:02}.2023" for n in range(ROWS)],
                "Preis": [f"1.{n:03},5 €" for n in range(ROWS)],
                "Größe": "größer; am größten",
            }
        )
        # "%d" is two digits.
        frame["Datum"] = frame["Datum"].str.zfill(10)
        path = shop.save(frame, "verkäufe.csv", sep=";", encoding="cp1252")
        given = {
            "path": str(path),
            "delimiter": ";",
            "encoding": "cp1252",
            "decimal_sign": ",",
            "date_format": "%d.%m.%Y",
            "columns": {
                "customer_id": "Kunde",
                "sold_at": "Datum",
                "unit_price": "Preis",
            },
        }
        report = shop.validate("own", {"sale_lines": given})
        assert not failures(report)
        assert [table.name for table in report.tables] == ["own.sale_lines"]

    def test_a_relation_of_the_build_database(self, shop):
        with duckdb.connect(str(shop.database)) as connection:
            connection.register("shoppers", customers())
            connection.execute("create schema crm")
            connection.execute("create table crm.shoppers as from shoppers")
        for name in ("crm.shoppers", "built.crm.shoppers"):
            report = shop.validate("mall_customers", {"relation": name})
            assert not failures(report)
            assert report.tables[0].rows == ROWS

    def test_a_relation_of_spark_is_left_to_the_build(self, shop):
        given = {"relation": "lake.crm.shoppers"}
        report = shop.validate("mall_customers", given, target="spark")
        assert report.failed == 0
        (warning,) = report.tables[0].warnings
        assert '"lake.crm.shoppers" is read by Spark alone' in warning
        assert (report.page.parent / "inputs/mall_customers.customers.html").exists()


WRONG = {
    "date order": (
        sales().assign(Date=lambda f: pd.to_datetime(f["Date"], format="%d-%b-%y")),
        ["column sale_date", "%d-%b-%y", '"04-Jan-22"', "date_format", '"2022-0'],
    ),
    "decimal sign": (
        sales().assign(Amount=[f"{n},5" for n in range(ROWS)]),
        ["column amount", 'decimal sign "."', '"0,5"', "decimal_sign"],
    ),
    "empty keys": (
        changed(sales(), "Sales Person", some(ROWS, 0.3), ""),
        ["column sales_person", "at least 95 %", "30.0 % are empty"],
    ),
    "dates ahead": (
        sales().assign(Date=sales()["Date"].str.replace("-22", "-62")),
        ["column sale_date as date", "2062"],
    ),
    "scale": (
        sales().assign(Amount=lambda f: range(2_000_000, 2_000_000 + len(f))),
        ["column amount as number", "1,000,000", "2e+06"],
    ),
    "duplicates": (
        pd.concat([sales(), sales()]),
        ["column duplicate_share", "at most 25 %", "found: 50 %"],
    ),
}


class TestWrongInputsAreStopped:
    """Before a table is touched, with what, where, and what to do."""

    @pytest.mark.parametrize("case", WRONG)
    def test_in_a_file_of_sales(self, shop, case):
        frame, words = WRONG[case]
        report = shop.validate("chocolate_sales", frame)
        assert report.failed
        for word in words:
            assert word in failures(report)

    @pytest.mark.parametrize(
        ("column", "values", "words"),
        [
            ("Age", range(1950, 1950 + ROWS), ["column age as number", "10 up to 110"]),
            ("Genre", ["M"] * ROWS, ["column gender", "Female, Male", '"M"']),
            (
                "CustomerID",
                [f"1.{n}E+13" for n in range(ROWS)],
                ["column customer_id", "1.23E+13", "Export the column as text"],
            ),
            (
                "Spending Score (1-100)",
                [n / 7 for n in range(ROWS)],
                ["column spending_score unreadable", "whole numbers"],
            ),
        ],
    )
    def test_in_a_file_of_customers(self, shop, column, values, words):
        report = shop.validate("mall_customers", customers().assign(**{column: values}))
        for word in words:
            assert word in failures(report)

    def test_in_every_second_row_of_a_large_file(self, shop):
        frame = changed(customers(90_000), "Genre", range(0, 90_000, 2), "")
        report = shop.validate("mall_customers", frame)
        assert report.tables[0].rows == 90_000
        assert re.search("column gender.* (49|50).[0-9] % are empty", failures(report))

    def test_lines_of_another_number_of_fields(self, shop):
        path = shop.save(customers())
        lines = path.read_text().splitlines()
        for place in some(ROWS, 0.1):
            lines[place + 1] += ",x"
        path.write_text("\n".join(lines))
        report = shop.validate("mall_customers", str(path))
        assert "unreadable_share" in failures(report)
        assert "found: 10 %" in failures(report)

    def test_a_quote_that_swallows_lines(self, shop):
        path = shop.save(sales())
        text = path.read_text().replace("Eclairs", '"Eclairs', 1)
        path.write_text(text.replace("Raspberry", 'Raspberry"', 1))
        report = shop.validate("chocolate_sales", str(path))
        assert report.failed
        assert re.search("quote", failures(report))

    def test_own_lines_without_an_amount(self, shop):
        frame = pd.DataFrame({"c": range(ROWS), "d": "2023-01-04", "p": ""})
        given = {
            "path": str(shop.save(frame)),
            "date_format": "%Y-%m-%d",
            "columns": {"customer_id": "c", "sold_at": "d", "unit_price": "p"},
        }
        report = shop.validate("own", {"sale_lines": given})
        assert "unit_price or gross_amount or net_amount" in failures(report)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ("nowhere.csv", "no file at"),
            ({"relation": "crm.nowhere"}, 'relation "crm.nowhere": there is no such'),
            ({"path": "sales.csv", "delimeter": ";"}, "delimeter"),
        ],
    )
    def test_and_what_cannot_be_read(self, shop, given, words):
        report = shop.validate("mall_customers", given)
        assert words in failures(report)
        assert 'ataset "mall_customers"' in failures(report)

    def test_a_missing_column(self, shop):
        report = shop.validate("mall_customers", customers().drop(columns="Age"))
        assert 'the column "Age" is missing' in failures(report)

    def test_all_at_once(self, shop):
        project = project_of(shop.folder / "p", "chocolate_sales", "mall_customers")
        wrong = changed(sales(), "Country", some(ROWS, 0.5), "").assign(Date="")
        given = {"chocolate_sales": str(shop.save(wrong)), "mall_customers": "none.csv"}
        report = validate(project, {"input_files": given}, shop.database, shop.docs)
        lines = [*report.lines()]
        assert lines[0].startswith("FAIL  chocolate_sales.sales")
        assert "failed: chocolate_sales.sales, column country" in lines[1]
        assert "failed: chocolate_sales.sales, column sale_date" in lines[2]
        assert "failed: mall_customers.customers, Dataset" in lines[4]
        assert lines[-1] == f"Report: {shop.docs / 'index.html'}"

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"malls": "x.csv"}, 'the dataset "malls", which is unknown'),
            ({"mall_customers": {"shops": "x.csv"}}, 'the table "shops"'),
            (["x.csv"], "needed is a path"),
        ],
    )
    def test_and_vars_that_name_what_is_not_there(self, shop, given, words):
        project = project_of(shop.folder / "p", "mall_customers")
        with pytest.raises(SegmentationError, match=words):
            validate(project, {"input_files": given}, shop.database, shop.docs)


class TestALoadIsComparedWithTheLastAcceptedOne:
    """Another currency, unit or country leaves every format right."""

    def amounts(self, factor: float, seed: int = 1) -> pd.DataFrame:
        frame = sales(seed=seed)
        values = frame["Amount"].str.strip("$ ").str.replace(",", "").astype(float)
        return frame.assign(Amount=(values * factor).round(2))

    def test_the_next_month_of_the_same_shop_passes(self, shop):
        shop.build_sales(sales(seed=0))
        report = shop.validate("chocolate_sales", sales(seed=1))
        assert not failures(report)
        assert not warnings(report)

    def test_amounts_of_another_unit_fail(self, shop):
        shop.build_sales(sales(seed=0))
        text = failures(shop.validate("chocolate_sales", self.amounts(3)))
        assert "column amount as number" in text
        assert "last accepted load" in text
        assert "most changed: " in text
        assert "run `segments validate --accept-drift`" in text

    def test_a_country_that_takes_over_fails(self, shop):
        shop.build_sales(sales(seed=0))
        new = changed(sales(seed=1), "Country", some(ROWS, 0.6), "France")
        text = failures(shop.validate("chocolate_sales", new))
        assert "column country" in text
        assert '"France" rare → 60 %' in text

    def test_new_products_are_told_and_stop_nothing(self, shop):
        shop.build_sales(sales(seed=0))
        new = changed(sales(seed=1), "Product", some(ROWS, 0.6), "Nougat")
        report = shop.validate("chocolate_sales", new)
        assert not failures(report)
        assert "column product:" in warnings(report)
        assert next(report.lines()).startswith("warn  chocolate_sales.sales")

    def test_an_export_that_was_cut_off_fails(self, shop):
        shop.build_sales(sales(seed=0))
        text = failures(shop.validate("chocolate_sales", sales(100, seed=1)))
        assert "column rows_to_last_load" in text
        assert "found: 25 %" in text

    def test_a_change_that_is_meant_is_told_and_stops_nothing(self, shop):
        shop.build_sales(sales(seed=0))
        new = self.amounts(3)[:100]
        assert shop.validate("chocolate_sales", new).failed == 3
        report = shop.validate("chocolate_sales", new, accept_drift=True)
        assert not failures(report)
        for column in ("rows_to_last_load", "amount as number"):
            assert f"column {column}: expected" in warnings(report)
        assert "--accept-drift" not in warnings(report)

    def test_a_wrong_format_is_never_accepted(self, shop):
        shop.build_sales(sales(seed=0))
        wrong = WRONG["date order"][0]
        report = shop.validate("chocolate_sales", wrong, accept_drift=True)
        assert "column sale_date" in failures(report)

    def test_amounts_written_with_another_sign_are_not_compared(self, shop):
        shop.build_sales(sales(seed=0).assign(Amount=[f"{n},55" for n in range(ROWS)]))
        report = shop.validate("chocolate_sales", self.amounts(3))
        assert "amount" not in failures(report)

    def test_the_demo_data_are_no_load_to_compare_with(self, shop):
        shop.build_sales(sales(seed=0))
        with duckdb.connect(str(shop.database)) as connection:
            connection.execute(
                "update staging.raw_chocolate_sales__sales set source_file='demo data'"
            )
        assert not failures(shop.validate("chocolate_sales", self.amounts(3)))

    def stopped(self, batches, make, times: int) -> list[str]:
        """Compare two samples, several times; return what failed."""
        found = []
        with duckdb.connect() as connection:
            for seed in range(times):
                rng = np.random.default_rng(seed)
                old, new = make(rng, 1), make(rng, 2)
                connection.register("old", old.astype(str))
                references = {
                    "country": spread_of_texts(connection, "old", "country"),
                    "amount": spread_of_numbers(
                        connection, "old", "amount", "cast(amount as double)"
                    ),
                }
                sample = new.rename(columns={"amount": as_number("amount")})
                for column, reference in references.items():
                    check = expected_spread(column, sample, reference)
                    batch = batches.get_batch({"dataframe": sample})
                    result = batch.validate(check)
                    if not result.success:
                        found.append(explain(result))
        return found

    def test_samples_of_one_distribution_nearly_always_pass(self, batches):
        def make(rng, _):
            countries = rng.zipf(1.5, 300).clip(max=30).astype(str)
            amounts = rng.lognormal(3, 1, 300) * rng.integers(0, 2, 300)
            return pd.DataFrame({"country": countries, "amount": amounts.round(2)})

        assert len(self.stopped(batches, make, 50)) <= 1

    def test_and_shifted_ones_never_do(self, batches):
        def make(rng, which):
            countries = rng.choice(["UK", "US", "IN"], 300, p=[0.8, 0.1, 0.1])
            if which == 2:
                countries = np.where(rng.random(300) < 0.5, "FR", countries)
            amounts = rng.lognormal(3, 1, 300) * (3 if which == 2 else 1)
            return pd.DataFrame({"country": countries, "amount": amounts.round(2)})

        assert len(self.stopped(batches, make, 10)) == 20


MARTS = """
create or replace table source_loads as from (values
    ('shop', 'sale_lines', 'shop.csv', 1000, 990, 10),
    ('own', 'sale_lines', 'none', 0, 0, 0)
) as loads (dataset, source_table, source, rows_read, rows_accepted, rows_refused);
create or replace table transactions as
    select 'shop' as dataset, cast(i % 100 as varchar) as customer_id,
        cast(1 + i % 7 as decimal(18, 2)) as net_amount
    from range(990) as lines (i);
create or replace table customers as
    select distinct dataset, customer_id from transactions;
create or replace table segmentations as from (values
    ('buyers', 'shop', 0.03), ('outliers', 'shop', 0)
) as definitions (segmentation, dataset, minimum_share);
create or replace table customer_segments as
    select segmentation, 'shop' as dataset, i as entity_id, 1 as model_version,
        case when i % 3 = 0 then 1 else 2 end as segment_id,
        case when i % 3 = 0 then 'Champions' else 'Lapsed' end as segment_name,
        cast(0.5 as double) as confidence, i % 10 = 0 as is_outlier
    from range(900) as entities (i), segmentations;
"""

SHRUNK = "delete from {} where hash(customer_id) % 10 < 7"
WRONG_MARTS = {
    "refused rows": (
        "update source_loads set rows_refused = 400",
        ["source_loads, column refused_share", "40 % (shop, sale_lines)"],
    ),
    "lines without a customer": (
        "update transactions set customer_id = null where customer_id > '4'",
        ["transactions, column without_customer_share", "% (shop)"],
    ),
    "fewer lines than before": (
        SHRUNK.format("transactions"),
        ["transactions, column lines_to_published", "(shop)", "segments publish"],
    ),
    "no lines any more": (
        "delete from transactions",
        ["transactions, column lines_to_published", "0 % (shop)"],
    ),
    "fewer customers than before": (
        SHRUNK.format("customers"),
        ["customers, column customers_to_published", "(shop)"],
    ),
    "a tiny segment": (
        "update customer_segments set segment_id = 3 where entity_id in (4, 5)",
        ["customer_segments, column smallest_share", "0.222 % (buyers)"],
    ),
    "one segment for all": (
        "update customer_segments set segment_id = 2 where entity_id > 30",
        ["customer_segments, column largest_share", "(buyers)"],
    ),
    "uncertain segments": (
        "update customer_segments set confidence = 0.01 where segmentation = 'buyers'",
        ["customer_segments, column median_confidence", "0.01 (buyers)"],
    ),
    "many outliers": (
        "update customer_segments set is_outlier = entity_id % 2 = 0",
        ["customer_segments, column outlier_share", "50 % (buyers), 50 % (outliers)"],
    ),
}


class TestTheMartsAreCheckedInAggregates:
    """What dbt tests, which look at rows, cannot say."""

    @pytest.fixture
    def marts(self, tmp_path):
        """Return what validates changed marts against those that were published."""
        for name in ("built", "published"):
            with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as connection:
                connection.execute(MARTS)

        def run(change: str = "", published: str = "published.duckdb") -> Report:
            with duckdb.connect(str(tmp_path / "built.duckdb")) as connection:
                connection.execute(change)
            return validate_marts(
                tmp_path / "built.duckdb", tmp_path / published, tmp_path / "docs"
            )

        return run

    def test_good_ones_pass(self, marts):
        report = marts()
        assert not failures(report)
        assert not warnings(report)
        assert [table.name for table in report.tables] == [
            *("marts.source_loads", "marts.transactions"),
            *("marts.customers", "marts.customer_segments"),
        ]

    @pytest.mark.parametrize("case", WRONG_MARTS)
    def test_wrong_ones_fail(self, marts, case):
        change, words = WRONG_MARTS[case]
        report = marts(change)
        lines = "\n".join(line for line in report.lines() if "failed:" in line)
        assert report.failed
        for word in words:
            assert word in lines
        assert "(outliers)" not in lines or case == "many outliers"

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (
                "update transactions set net_amount = 90000 where customer_id = '7'",
                "top_customer_revenue_share",
            ),
            (
                "update customer_segments set segment_name = 'Champions' "
                "where entity_id % 2 = 0",
                "mix_drift",
            ),
            ("update source_loads set rows_refused = 100", "refused_share"),
        ],
    )
    def test_odd_ones_are_told_and_pass(self, marts, change, words):
        report = marts(change)
        assert not failures(report)
        assert words in warnings(report)

    def test_another_model_makes_other_segments(self, marts):
        report = marts(
            "update customer_segments set segment_name = 'New', model_version = 2"
        )
        assert not warnings(report)

    @pytest.mark.parametrize(
        ("change", "published"),
        [
            ("update source_loads set source = 'other.csv'; ", "published.duckdb"),
            ("", "never.duckdb"),
        ],
    )
    def test_only_the_same_source_is_compared(self, marts, change, published):
        report = marts(change + SHRUNK.format("customers"), published)
        assert not failures(report)

    def test_a_database_without_marts_is_no_build(self, marts, tmp_path):
        with pytest.raises(SegmentationError, match="Run `dbt build` first"):
            marts("drop table customers")
        with pytest.raises(SegmentationError, match="No database at"):
            validate_marts(tmp_path / "no.duckdb", tmp_path / "no.duckdb", tmp_path)


class TestTheReportCanBeReadAndTrusted:
    """It is opened from a disk, and holds values of the data."""

    def test_it_names_every_table_and_what_does_not_hold(self, shop):
        report = shop.validate("chocolate_sales", WRONG["decimal sign"][0])
        index = report.page.read_text(encoding="utf-8")
        assert 'href="inputs/chocolate_sales.sales.html"' in index
        assert "column amount unreadable" in index
        page = (shop.docs / "inputs/chocolate_sales.sales.html").read_text("utf-8")
        assert "chocolate_sales.sales" in page
        assert "numbers with the decimal sign" in page

    def test_the_report_of_the_other_run_stays(self, shop):
        shop.validate("chocolate_sales", sales())
        with duckdb.connect(str(shop.database)) as connection:
            connection.execute(MARTS)
        report = validate_marts(shop.database, shop.folder / "no.duckdb", shop.docs)
        index = report.page.read_text(encoding="utf-8")
        for name in ("chocolate_sales.sales", "marts.customers"):
            assert name in index
        assert (shop.docs / "inputs/chocolate_sales.sales.html").exists()
        assert (shop.docs / "marts/marts.customers.html").exists()

    def test_nothing_in_it_loads_from_elsewhere_or_runs(self, shop):
        frame = sales().assign(Amount="<script>alert(1)</script>")
        frame["Country"] = '<img src=x onerror="alert(1)">'
        shop.build_sales(sales())
        report = shop.validate("chocolate_sales", frame)
        assert report.failed >= 2
        for page in shop.docs.rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            assert "alert(1)" in text
            assert "<script" not in text
            assert "<img" not in text
            assert "http" not in text


class TestNothingElseIsTouched:
    """A gate that changes something is a part of the build."""

    def test_but_the_docs_folder(self, shop, tmp_path, monkeypatch):
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(scratch))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.chdir(shop.folder)

        def no_network(*_):
            raise AssertionError("a connection was opened")

        monkeypatch.setattr(socket.socket, "connect", no_network)
        monkeypatch.setattr(socket, "getaddrinfo", no_network)
        shop.build_sales(sales())
        path = shop.save(sales(seed=1))
        project_of(shop.folder / "project of chocolate_sales", "chocolate_sales")

        def seen() -> dict:
            return {
                file: hashlib.sha256(file.read_bytes()).hexdigest()
                for file in tmp_path.rglob("*")
                if file.is_file() and shop.docs not in file.parents
            }

        before = seen()
        assert shop.validate("chocolate_sales", str(path)).failed == 0
        assert seen() == before
        assert not (tmp_path / "home").exists()

    def test_while_others_read_the_database(self, shop):
        shop.build_sales(sales())
        with duckdb.connect(str(shop.database), read_only=True):
            assert shop.validate("chocolate_sales", sales(seed=1)).failed == 0

    def test_or_it_is_said_that_it_is_no_database(self, shop):
        shop.database.write_text("no database")
        with pytest.raises(SegmentationError, match="cannot be read"):
            shop.validate("chocolate_sales", sales())


class TestTheCommandCanBeUsedInScripts:
    """Make and CI go by the exit code."""

    def test_it_prints_a_line_a_table_and_the_report(self, shop, capsys):
        project = project_of(shop.folder / "p", "mall_customers")
        path = shop.save(customers())
        arguments = [
            *("validate", "--project", str(project), "--docs", str(shop.docs)),
            *("--database", str(shop.database)),
        ]
        given = {"input_files": {"mall_customers": str(path)}}
        assert main([*arguments, "--vars", json.dumps(given)]) == 0
        first, last = capsys.readouterr().out.splitlines()
        assert re.fullmatch(
            "ok    mall_customers.customers +400 rows, .* checks", first
        )
        assert last == f"Report: {shop.docs / 'index.html'}"

        shop.save(customers().assign(Age="old"))
        assert main([*arguments, "--vars", yaml.safe_dump(given)]) == 1
        output, error = capsys.readouterr()
        assert "failed: mall_customers.customers, column age unreadable" in output
        assert output.splitlines()[-1].startswith("Report: ")
        assert error == "segments: 1 check(s) failed. No table was touched.\n"

    def test_it_takes_the_files_of_the_project(self, shop, capsys):
        project = project_of(shop.folder / "p", "mall_customers")
        path = shop.save(customers())
        settings = {
            "name": "shop",
            "vars": {"input_files": {"mall_customers": str(path)}},
        }
        (project / "dbt_project.yml").write_text(yaml.safe_dump(settings))
        arguments = ["--project", str(project), "--docs", str(shop.docs)]
        assert main(["validate", *arguments, "--database", str(shop.database)]) == 0
        assert "400 rows" in capsys.readouterr().out

    def test_it_checks_the_marts(self, shop, capsys):
        with duckdb.connect(str(shop.database)) as connection:
            connection.execute(MARTS)
        arguments = ["--docs", str(shop.docs), "--database", str(shop.database)]
        arguments += ["--published", str(shop.folder / "none.duckdb")]
        assert main(["validate", "--marts", *arguments]) == 0
        assert "ok    marts.customer_segments" in capsys.readouterr().out

    def test_it_accepts_drift_where_told(self, shop, capsys):
        shop.build_sales(sales())
        project = project_of(shop.folder / "p", "chocolate_sales")
        given = {"input_files": {"chocolate_sales": str(shop.save(sales(100)))}}
        arguments = [
            *("validate", "--project", str(project), "--docs", str(shop.docs)),
            *("--database", str(shop.database), "--vars", json.dumps(given)),
        ]
        assert main(arguments) == 1
        assert "failed: chocolate_sales.sales, column rows_" in capsys.readouterr().out
        assert main([*arguments, "--accept-drift"]) == 0
        assert "warning: chocolate_sales.sales, column rows_" in capsys.readouterr().out

    @pytest.mark.parametrize("text", ["{", "[1]", "x"])
    def test_vars_that_are_none_are_refused(self, text, capsys):
        assert main(["validate", "--vars", text]) == 1
        assert "segments: --vars is" in capsys.readouterr().err
