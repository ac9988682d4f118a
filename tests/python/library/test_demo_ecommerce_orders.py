"""Demo order lines: same shape and traps as the source, groups only with returns."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from demos import agreement, demo, every_seed, silhouettes, strange

from customer_segmentation.demo import Demo, ecommerce_orders

FULL_SIZE = 25_000
MONEY = r"-?\d+\.\d\d"
PIECE = ["product_title", "product_type", "variant_title", "variant_sku", "variant_id"]
SUMS = ["gross_sales", "discounts", "returns", "net_sales", "taxes", "total_sales"]


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with numbers of units, pence, the day, and what is spoilt."""
    pence = {column: (table[column].astype(float) * 100).round() for column in SUMS}
    return table.assign(
        **pence,
        net=table["net_quantity"].astype(int),
        ordered=table["ordered_item_quantity"].astype(float),
        back=-table["returned_item_quantity"].astype(int),
        date=pd.to_datetime(table["day"], format="%d/%m/%Y", errors="coerce"),
    )


def table(seed: int) -> pd.DataFrame:
    return demo("ecommerce_orders", seed).tables["order_lines"]


@cache
def orders(seed: int) -> pd.DataFrame:
    return typed(table(seed))


def clean(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.drop_duplicates()
    return rows[
        (rows["customer_id"] != "")
        & rows["date"].notna()
        & (rows["ordered"] % 1 == 0)
        & (rows["net_sales"] + rows["taxes"] == rows["total_sales"])
    ]


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the published features, which are log but not scaled."""
    of = rows.groupby("customer_id")
    units = rows.groupby(["customer_id", "order_id"])[["back", "ordered"]].sum()
    rates = units["back"] / units["ordered"]
    return np.log1p(
        pd.DataFrame(
            {
                "types": of["product_type"].nunique(),
                "return_rate": rates.groupby("customer_id").mean(),
                "spend": of["total_sales"].sum() / 100,
            }
        )
    )


def returned(rows: pd.DataFrame) -> float:
    """Return the share of the ordered units that came back."""
    return rows["back"].sum() / rows["ordered"].sum()


@every_seed
class TestSameShapeAsTheSource:
    @pytest.mark.parametrize(
        ("column", "pattern", "exceptions"),
        [
            ("variant_sku", r"[A-Z]{2}\d{3}-\d\d", set()),
            ("variant_id", r"\d{14}", set()),
            ("customer_id", r"[1-9]\d{9,13}", {""}),
            ("order_id", r"\d{14}", set()),
            ("day", r"[0-3]\d/(11|12)/2018|[0-3]\d/0[1-4]/2019", set()),
            ("net_quantity", r"[1-3]|0|-[1-3]", set()),
            ("gross_sales", r"\d+\.\d\d", set()),
            ("discounts", r"-\d+\.\d\d|0\.00", set()),
            ("returns", r"-\d+\.\d\d|0\.00", set()),
            ("net_sales", MONEY, set()),
            ("taxes", MONEY, set()),
            ("total_sales", MONEY, set()),
            ("returned_item_quantity", r"-[1-3]|0", set()),
            ("ordered_item_quantity", r"[0-3]", {"1.5"}),
        ],
    )
    def test_format(self, column, pattern, exceptions, seed):
        assert strange(table(seed)[column], pattern) <= exceptions

    def test_covers_the_source_period(self, seed):
        days = orders(seed)["date"]
        assert str(days.min().date()) == "2018-11-01"
        assert str(days.max().date()) == "2019-04-30"

    def test_an_order_has_one_customer_and_a_variant_one_product(self, seed):
        rows = clean(orders(seed))
        assert (rows.groupby("order_id")["customer_id"].nunique() == 1).all()
        assert (rows.groupby("variant_id")[PIECE].nunique() == 1).all(axis=None)
        types = rows.groupby("product_title")["product_type"].nunique()
        assert (types == 1).all()

    def test_ids_of_customers_differ_in_length(self, seed):
        assert {10, 14} <= set(demo("ecommerce_orders", seed).groups.index.str.len())

    def test_quantities_and_money_add_up_on_every_clean_row(self, seed):
        rows = clean(orders(seed))
        assert (rows["net"] == rows["ordered"] - rows["back"]).all()
        sales = rows["gross_sales"] + rows["discounts"] + rows["returns"]
        assert (rows["net_sales"] == sales).all()
        assert (rows["total_sales"] == rows["net_sales"] + rows["taxes"]).all()

    def test_some_lines_are_given_away(self, seed):
        free = orders(seed).query("discounts == -gross_sales and ordered > 0")
        assert 3 <= len(free) <= 30
        assert (free[["net_sales", "taxes", "total_sales"]] == 0).all(axis=None)


@every_seed
class TestReturns:
    def test_about_a_fifth_of_the_units_comes_back(self, seed):
        assert returned(clean(orders(seed))) == pytest.approx(0.182, abs=0.01)

    def test_a_return_has_a_row_of_its_own(self, seed):
        rows = orders(seed).query("ordered == 0")
        assert len(rows) > 300
        assert (rows["back"] > 0).all()
        assert (rows[["gross_sales", "discounts"]] == 0).all(axis=None)
        assert (rows[["returns", "net_sales", "total_sales"]] < 0).all(axis=None)

    def test_it_repeats_piece_customer_and_order_of_an_earlier_sale(self, seed):
        rows = clean(orders(seed))
        keys = [*PIECE, "customer_id", "order_id"]
        pairs = rows[rows["ordered"] == 0].merge(
            rows[rows["ordered"] > 0], "left", keys, validate="one_to_one"
        )
        assert (pairs["date_x"] >= pairs["date_y"]).all()
        assert (pairs["date_x"] > pairs["date_y"]).mean() > 0.5
        assert (pairs["back_x"] <= pairs["ordered_y"]).all()

    def test_it_gives_back_what_was_paid(self, seed):
        rows = clean(orders(seed))
        units = rows.groupby(["order_id", "variant_id"])[["net", "total_sales"]].sum()
        assert (units["total_sales"] >= 0).all()
        assert (units.loc[units["net"] == 0, "total_sales"] == 0).all()

    def test_few_stand_on_the_row_of_their_sale(self, seed):
        same = orders(seed).query("ordered > 0 and back > 0")
        assert 2 <= len(same) <= 6
        assert (same["returns"] < 0).all()
        kept = clean(orders(seed)).query("ordered > 0")
        assert 0 < returned(kept) < 0.003


@every_seed
class TestTrapsArePresent:
    def test_four_duplicate_rows(self, seed):
        assert orders(seed).duplicated().sum() == 4

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            ("day", "31/02/2019"),
            ("customer_id", ""),
            ("total_sales", "9999.00"),
            ("ordered_item_quantity", "1.5"),
        ],
    )
    def test_one_row_of_each_spoilt_kind(self, column, text, seed):
        assert (table(seed)[column] == text).sum() == 1

    def test_one_row_whose_money_does_not_add_up(self, seed):
        rows = orders(seed)
        off = rows["net_sales"] + rows["taxes"] != rows["total_sales"]
        assert rows.loc[off, "total_sales"].tolist() == [999_900]

    def test_spoilt_rows_are_different_rows_of_big_spenders(self, seed):
        rows, groups = orders(seed), demo("ecommerce_orders", seed).groups
        spoilt = rows[
            rows["date"].isna()
            | (rows["customer_id"] == "")
            | (rows["total_sales"] == 999_900)
            | (rows["ordered"] == 1.5)
        ]
        assert len(spoilt) == 4
        named = spoilt["customer_id"][spoilt["customer_id"] != ""]
        assert set(groups[named]) == {"High Spenders Without Returns"}

    def test_one_title_that_needs_quoting(self, seed):
        titles = set(orders(seed)["product_title"])
        assert len({title for title in titles if "," in title and '"' in title}) == 1

    def test_one_title_that_is_not_ascii(self, seed):
        (title,) = {t for t in orders(seed)["product_title"] if not t.isascii()}
        assert "é" in title


@every_seed
class TestPlantedGroups:
    def test_customers_of_groups_and_of_clean_rows_are_the_same(self, seed):
        groups = demo("ecommerce_orders", seed).groups
        assert list(groups.index) == list(features(clean(orders(seed))).index)

    def test_they_are_what_their_names_say(self, seed):
        rows = clean(orders(seed))
        groups = demo("ecommerce_orders", seed).groups
        of = features(rows).groupby(groups)
        assert of["spend"].median().idxmin() == "New With High Returns"
        assert of["spend"].median().idxmax() == "High Spenders Without Returns"
        assert of["return_rate"].min()["New With High Returns"] > np.log1p(0.1)
        assert of["return_rate"].mean()["New With High Returns"] > np.log1p(0.4)
        assert of["return_rate"].max()["High Spenders Without Returns"] == 0
        rates = of["return_rate"].mean()
        assert rates["Low Spenders Without Returns"] < 0.02
        assert 0.05 < rates["Regulars With Some Returns"] < 0.2

    def test_the_new_ones_ordered_once_and_lately(self, seed):
        rows = clean(orders(seed))
        groups = demo("ecommerce_orders", seed).groups
        new = groups.index[groups == "New With High Returns"]
        sales = rows[rows["customer_id"].isin(new) & (rows["ordered"] > 0)]
        assert (sales.groupby("customer_id")["order_id"].nunique() == 1).all()
        assert sales["date"].min() >= pd.Timestamp("2019-02-15")


class TestClusteringFindsThePlantedGroupsOnlyWithReturns:
    @every_seed
    def test_four_clusters_agree_with_the_groups(self, seed):
        groups = demo("ecommerce_orders", seed).groups
        # Groups overlap as customers do.
        assert 0.8 <= agreement(groups, features(clean(orders(seed)))) < 1

    @every_seed
    def test_they_do_not_without_the_rows_of_returns(self, seed):
        sales = clean(orders(seed)).query("ordered > 0")
        groups = demo("ecommerce_orders", seed).groups
        assert agreement(groups, features(sales)) < 0.5

    @every_seed
    def test_four_is_the_best_number_of_clusters(self, seed):
        assert silhouettes(features(clean(orders(seed)))).idxmax() == 4


@pytest.fixture(scope="module")
def full() -> Demo:
    return ecommerce_orders(0, customers=FULL_SIZE)


@pytest.fixture(scope="module")
def rows(full) -> pd.DataFrame:
    return clean(typed(full.tables["order_lines"]))


class TestFullSize:
    def test_about_70_000_rows_of_25_000_customers(self, full, rows):
        assert len(rows) == pytest.approx(70_000, rel=0.02)
        assert list(full.groups.index) == sorted(rows["customer_id"].unique())
        assert len(full.groups) == FULL_SIZE

    def test_units_come_back_as_published(self, rows):
        assert returned(rows) == pytest.approx(0.182, abs=0.003)
        assert returned(rows.query("ordered > 0")) == pytest.approx(0.0012, abs=0.0002)

    def test_shares_of_the_published_groups(self, full):
        shares = full.groups.value_counts(normalize=True)
        assert shares["New With High Returns"] == 0.42
        assert shares["High Spenders Without Returns"] == 0.08

    def test_four_clusters_agree_with_the_groups(self, full, rows):
        assert 0.8 <= agreement(full.groups, features(rows)) < 1
        assert agreement(full.groups, features(rows.query("ordered > 0"))) < 0.5


def test_the_smallest_size_has_all_groups_and_traps():
    small = ecommerce_orders(0, customers=50)
    assert small.groups.nunique() == 4
    rows = typed(small.tables["order_lines"])
    assert list(features(clean(rows)).index) == list(small.groups.index)
    assert len(clean(rows)) == len(rows) - 8
