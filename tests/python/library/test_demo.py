"""All demo seeds: same seed same bytes, plain CSV, one planted group per entity."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from demos import demo, every_seed

from customer_segmentation.demo import DEMOS, write_demo, write_seeds
from customer_segmentation.errors import SegmentationError

COMMITTED = Path(__file__).parents[3] / "seeds" / "demo"
HEADERS = {
    "chocolate_sales": {
        "sales": "Sales Person,Country,Product,Date,Amount,Boxes Shipped"
    },
    "online_retail": {
        "invoice_lines": "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,"
        "UnitPrice,CustomerID,Country"
    },
    "ecommerce_orders": {
        "order_lines": "product_title,product_type,variant_title,variant_sku,"
        "variant_id,customer_id,order_id,day,net_quantity,gross_sales,discounts,"
        "returns,net_sales,taxes,total_sales,returned_item_quantity,"
        "ordered_item_quantity"
    },
    "sales_records": {
        "order_lines": "Region,Country,Item Type,Sales Channel,Order Priority,"
        "Order Date,Order ID,Ship Date,Units Sold,Unit Price,Unit Cost,Total Revenue,"
        "Total Cost,Total Profit,Order year,Order Month,Order Weekday,Unit Margin,"
        "Order Ship Days"
    },
    "mall_customers": {
        "customers": "CustomerID,Genre,Age,Annual Income (k$),Spending Score (1-100)"
    },
    "complete_journey": {
        "transactions": "household_id,store_id,basket_id,product_id,quantity,"
        "sales_value,retail_disc,coupon_disc,coupon_match_disc,week,"
        "transaction_timestamp",
        "demographics": "household_id,age,income,home_ownership,marital_status,"
        "household_size,household_comp,kids_count",
        "products": "product_id,manufacturer_id,department,brand,product_category,"
        "product_type,package_size",
        "campaigns": "campaign_id,household_id",
        "campaign_descriptions": "campaign_id,campaign_type,start_date,end_date",
        "coupon_redemptions": "household_id,coupon_upc,campaign_id,redemption_date",
    },
}
TABLES = [(dataset, table) for dataset in HEADERS for table in HEADERS[dataset]]
SHARES = {
    "chocolate_sales": {
        "Mass Buyers": 0.27,
        "Premium Loyalists": 0.31,
        "Price-Sensitive Testers": 0.20,
        "Low Volume Explorers": 0.22,
    },
    "online_retail": {
        "Champions": 0.12,
        "Loyal Regulars": 0.30,
        "Occasional Small Baskets": 0.38,
        "Frequent Returners": 0.20,
    },
    "ecommerce_orders": {
        "New With High Returns": 0.42,
        "Low Spenders Without Returns": 0.30,
        "Regulars With Some Returns": 0.20,
        "High Spenders Without Returns": 0.08,
    },
    "sales_records": {
        "Dear Goods In Bulk": 0.20,
        "Dear Goods In Small Lots": 0.25,
        "Cheap Goods In Bulk": 0.30,
        "Cheap Goods In Small Lots": 0.25,
    },
    "mall_customers": {
        "Middle Earners": 0.38,
        "High Earners High Spenders": 0.20,
        "High Earners Low Spenders": 0.18,
        "Low Earners High Spenders": 0.12,
        "Low Earners Low Spenders": 0.12,
    },
    "complete_journey": {
        "Loyal Full Baskets": 0.24,
        "Deal Seekers": 0.26,
        "Occasional Small Baskets": 0.30,
        "Lapsed": 0.20,
    },
}
every_dataset = pytest.mark.parametrize("dataset", list(DEMOS))
every_table = pytest.mark.parametrize(("dataset", "table"), TABLES)


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> dict[tuple[str, str], Path]:
    """The seeds that are written anew, by dataset and table."""
    written = write_seeds(tmp_path_factory.mktemp("new") / "folder")
    return dict(zip(TABLES, written, strict=True))


@every_dataset
class TestSameSeedSameBytes:
    def test_same_seed_gives_the_same_demo(self, dataset):
        first, second = DEMOS[dataset](3), DEMOS[dataset](3)
        assert list(first.tables) == list(second.tables)
        for name, table in first.tables.items():
            pd.testing.assert_frame_equal(table, second.tables[name])
        pd.testing.assert_series_equal(first.groups, second.groups)

    def test_other_seeds_give_other_demos(self, dataset):
        first, second = demo(dataset, 0).tables, demo(dataset, 1).tables
        same = {name for name in first if first[name].equals(second[name])}
        assert same <= {"campaign_descriptions"}

    def test_the_seed_is_zero_unless_said(self, dataset):
        for name, table in DEMOS[dataset]().tables.items():
            assert table.equals(demo(dataset, 0).tables[name])


class TestSeedsAreSmallPlainCsv:
    @every_table
    def test_committed_seed_is_what_the_generator_writes(self, dataset, table, paths):
        path = paths[dataset, table]
        assert path.name == f"demo_{dataset}__{table}.csv"
        assert (COMMITTED / path.name).read_bytes() == path.read_bytes()

    def test_no_other_seed_is_committed(self, paths):
        committed = {path.name for path in COMMITTED.glob("*.csv")}
        assert committed == {path.name for path in paths.values()}

    def test_utf8_without_bom_and_lf(self, paths):
        for path in paths.values():
            raw = path.read_bytes()
            assert raw.decode("utf-8").endswith("\n")
            assert not raw.startswith(b"\xef\xbb\xbf")
            assert b"\r" not in raw

    def test_a_reader_gets_the_tables_back(self, paths):
        for (dataset, name), path in paths.items():
            with path.open(encoding="utf-8", newline="") as file:
                header, *rows = csv.reader(file)
            table = demo(dataset).tables[name]
            assert header == list(table.columns)
            assert rows == table.to_numpy().tolist()

    def test_all_together_stay_below_1_900_kb(self, paths):
        assert sum(path.stat().st_size for path in paths.values()) < 1_900_000


class TestADemoIsWrittenAsASourceOfItsOwn:
    @pytest.mark.parametrize("dataset", ["mall_customers", "complete_journey"])
    def test_tables_have_the_bytes_of_the_seeds(self, dataset, tmp_path, paths):
        *tables, _ = write_demo(tmp_path / "new", dataset)
        assert tables == [
            tmp_path / "new" / dataset / f"{name}.csv" for name in HEADERS[dataset]
        ]
        for name, path in zip(HEADERS[dataset], tables, strict=True):
            assert path.read_bytes() == paths[dataset, name].read_bytes()

    def test_planted_groups_stand_beside_them(self, tmp_path):
        path = write_demo(tmp_path, "ecommerce_orders", seed=2)[-1]
        assert path == tmp_path / "ecommerce_orders" / "planted_groups.csv"
        groups = pd.read_csv(path, dtype=str)
        assert list(groups) == ["customer_id", "group"]
        expected = demo("ecommerce_orders", 2).groups
        pd.testing.assert_series_equal(
            groups.set_index("customer_id")["group"], expected, check_index_type=False
        )

    def test_ecommerce_orders_has_as_many_customers_as_asked_for(self, tmp_path):
        path = write_demo(tmp_path, "ecommerce_orders", customers=123)[-1]
        assert len(path.read_text().splitlines()) == 124

    @pytest.mark.parametrize(
        ("dataset", "customers", "message"),
        [
            ("groceries", None, "no demo is called 'groceries'; there are chocolate"),
            ("mall_customers", 500, "mall_customers has one size only"),
            ("ecommerce_orders", 49, "49 customers are too few.* it takes 50"),
        ],
    )
    def test_what_cannot_be_made_is_said(self, dataset, customers, message, tmp_path):
        with pytest.raises(SegmentationError, match=message):
            write_demo(tmp_path, dataset, customers=customers)
        assert not list(tmp_path.iterdir())


class TestSameShapeAsTheSource:
    @every_dataset
    def test_headers(self, dataset):
        tables = demo(dataset).tables
        headers = {name: ",".join(table.columns) for name, table in tables.items()}
        assert headers == HEADERS[dataset]

    @every_table
    def test_every_cell_is_plain_text(self, dataset, table):
        cells = demo(dataset).tables[table].to_numpy().ravel()
        assert {type(cell) for cell in cells} == {str}

    @every_table
    def test_rows_are_numbered_through(self, dataset, table):
        index = demo(dataset).tables[table].index
        assert index.equals(pd.RangeIndex(len(index)))

    @every_seed
    @pytest.mark.parametrize(
        ("dataset", "table", "rows"),
        [
            ("chocolate_sales", "sales", 1_200),
            ("online_retail", "invoice_lines", 8_000),
            ("ecommerce_orders", "order_lines", 2_100),
            ("sales_records", "order_lines", 401),
            ("mall_customers", "customers", 241),
            ("complete_journey", "transactions", 5_000),
            ("complete_journey", "products", 178),
            ("complete_journey", "demographics", 117),
        ],
    )
    def test_number_of_rows(self, dataset, table, rows, seed):
        table = demo(dataset, seed).tables[table]
        assert len(table) == pytest.approx(rows, rel=0.1)


@every_dataset
class TestEveryEntityHasOnePlantedGroup:
    def test_ids_are_unique_and_ascending(self, dataset):
        ids = demo(dataset).groups.index
        assert all(a < b for a, b in pairwise(ids))

    def test_ids_and_groups_are_plain_text(self, dataset):
        groups = demo(dataset).groups
        assert {type(text) for text in [*groups.index, *groups]} == {str}

    @every_seed
    def test_shares_of_the_groups(self, dataset, seed):
        shares = demo(dataset, seed).groups.value_counts(normalize=True)
        assert shares.to_dict() == pytest.approx(SHARES[dataset], abs=0.01)
