"""Demo invoice lines: same shape and traps as the source, groups to be found."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from demos import agreement, demo, every_seed, scaled, silhouettes, strange

NON_PRODUCTS = {"POST", "DOT", "M", "D", "C2", "S", "BANK CHARGES", "AMAZONFEE"}
NON_PRODUCTS |= {"CRUK", "gift_0001_20", "B"}


@cache
def retail(seed: int = 0) -> pd.DataFrame:
    """All lines with numbers, time, and whether cancelled and whether a product."""
    table = demo("online_retail", seed).tables["invoice_lines"]
    return table.assign(
        units=table["Quantity"].astype(int),
        price=table["UnitPrice"].astype(float),
        time=pd.to_datetime(table["InvoiceDate"]),
        cancelled=table["InvoiceNo"].str.startswith("C"),
        goods=~table["StockCode"].isin(NON_PRODUCTS),
    )


def customer_features(seed: int) -> pd.DataFrame:
    lines = retail(seed).drop_duplicates()
    end = lines["time"].max()
    lines = lines[
        (lines["CustomerID"] != "")
        & lines["goods"]
        & (lines["price"] > 0)
        & (lines["units"].abs() < 60_000)
    ]
    sold = lines[~lines["cancelled"]].groupby("CustomerID")
    back = -lines[lines["cancelled"]].groupby("CustomerID")["units"].sum()
    orders = sold["InvoiceNo"].nunique()
    spend = (lines["units"] * lines["price"]).groupby(lines["CustomerID"]).sum()
    return pd.DataFrame(
        {
            "orders": orders,
            "net_spend": spend,
            "order_value": spend / orders,
            "recency_days": (end - sold["time"].max()).dt.days,
            "return_rate": back.reindex(orders.index, fill_value=0)
            / sold["units"].sum(),
        }
    )


class TestSameShapeAsTheSource:
    @pytest.mark.parametrize(
        ("column", "pattern", "exceptions"),
        [
            ("InvoiceNo", r"[AC]?\d{6}", set()),
            ("StockCode", r"\d{5}[Aa]?", NON_PRODUCTS),
            ("Quantity", r"-?[1-9]\d*", set()),
            ("InvoiceDate", r"201[01]-\d\d-\d\d \d\d:\d\d:00", set()),
            ("UnitPrice", r"-?\d+\.\d{1,3}", set()),
            ("CustomerID", r"1[2-9]\d{3}|2\d{4}", {""}),
        ],
    )
    @every_seed
    def test_format(self, column, pattern, exceptions, seed):
        assert strange(retail(seed)[column], pattern) <= exceptions

    @every_seed
    def test_covers_the_source_period(self, seed):
        times = retail(seed)["time"]
        assert str(times.min().date()) == "2010-12-01"
        assert str(times.max().date()) == "2011-12-09"

    @every_seed
    def test_an_invoice_has_one_time_customer_and_country(self, seed):
        invoices = retail(seed).groupby("InvoiceNo")
        shared = invoices[["InvoiceDate", "CustomerID", "Country"]].nunique()
        assert (shared == 1).all(axis=None)

    def test_invoice_numbers_follow_time(self):
        by_number = retail().groupby(retail()["InvoiceNo"].str[-6:])["time"].first()
        assert by_number.is_monotonic_increasing

    def test_is_mostly_british(self):
        countries = retail()["Country"].value_counts(normalize=True)
        assert countries["United Kingdom"] > 0.8
        assert len(countries) == 12
        assert 0 < countries["Unspecified"] < 0.05

    def test_about_150_products(self):
        codes = retail().loc[retail()["goods"], "StockCode"].str.upper()
        assert codes.nunique() == pytest.approx(150, abs=5)


@every_seed
class TestTrapsArePresent:
    def test_duplicate_rows(self, seed):
        assert retail(seed).duplicated().sum() == 60

    def test_a_fifth_has_no_customer(self, seed):
        assert (retail(seed)["CustomerID"] == "").mean() == pytest.approx(0.2, abs=0.02)

    def test_a_return_finds_its_earlier_sale(self, seed):
        lines = retail(seed).drop_duplicates()
        lines = lines[lines["goods"] & (lines["CustomerID"] != "")]
        keys = ["CustomerID", "StockCode", "UnitPrice"]
        returns = lines[lines["cancelled"]]
        assert len(returns) > 300
        assert (returns["units"] < 0).all()
        pairs = returns.reset_index().merge(lines[~lines["cancelled"]], on=keys)
        found = pairs[
            (pairs["time_x"] > pairs["time_y"])
            & (-pairs["units_x"] <= pairs["units_y"])
        ]
        assert set(found["index"]) == set(returns.index)

    def test_codes_that_are_no_product(self, seed):
        lines = retail(seed)
        counts = lines.loc[~lines["goods"], "StockCode"].value_counts()
        assert set(counts.index) == NON_PRODUCTS
        assert (counts >= 2).all()

    def test_discounts_are_cancellations_of_customers(self, seed):
        discounts = retail(seed).query("StockCode == 'D'")
        assert discounts["cancelled"].all()
        assert (discounts["units"] < 0).all()
        assert (discounts["CustomerID"] != "").all()

    def test_zero_prices_with_and_without_customer(self, seed):
        free = retail(seed).query("price == 0 and units > 0")
        assert 3 <= (free["CustomerID"] != "").sum() <= 10
        assert 3 <= (free["CustomerID"] == "").sum() <= 15

    def test_negative_quantities_without_cancellation_are_write_offs(self, seed):
        odd = retail(seed).query("units < 0 and not cancelled")
        assert len(odd) == 30
        assert (odd["price"] == 0).all()
        assert (odd["CustomerID"] == "").all()
        assert {"", "damaged", "thrown away"} <= set(odd["Description"])

    def test_two_negative_prices_on_a_invoices(self, seed):
        lines = retail(seed)
        negative = lines[lines["price"] < 0]
        assert negative["StockCode"].tolist() == ["B", "B"]
        assert negative["InvoiceNo"].str.startswith("A").all()

    def test_one_absurd_pair_cancelled_minutes_later(self, seed):
        lines = retail(seed)
        pair = lines[lines["units"].abs() >= 10_000]
        assert pair["units"].tolist() == [60_000, -60_000]
        assert pair["cancelled"].tolist() == [False, True]
        assert pair["time"].diff().iloc[1] < pd.Timedelta("1h")
        same = ["CustomerID", "StockCode", "UnitPrice", "Country"]
        assert (pair[same].nunique() == 1).all()
        assert pair["CustomerID"].iloc[0] in demo("online_retail", seed).groups

    def test_two_customers_in_two_countries(self, seed):
        lines = retail(seed).query("CustomerID != ''")
        countries = lines.groupby("CustomerID")["Country"].nunique()
        assert countries.value_counts().to_dict() == {1: len(countries) - 2, 2: 2}

    def test_one_stock_code_also_in_lower_case(self, seed):
        codes = set(retail(seed).query("goods")["StockCode"])
        lower = {code for code in codes if code != code.upper()}
        assert len(lower) == 1
        assert {code.upper() for code in lower} <= codes

    def test_one_product_with_two_descriptions(self, seed):
        sold = retail(seed).query("goods and price > 0")
        texts = sold.groupby("StockCode")["Description"].nunique()
        assert texts.value_counts().to_dict() == {1: len(texts) - 1, 2: 1}

    def test_one_description_that_needs_quoting(self, seed):
        texts = set(retail(seed)["Description"])
        assert len({text for text in texts if "," in text and '"' in text}) == 1

    def test_one_description_that_is_not_ascii(self, seed):
        (text,) = {t for t in retail(seed)["Description"] if not t.isascii()}
        assert "£" in text

    def test_one_price_with_three_decimals(self, seed):
        assert retail(seed)["UnitPrice"].str.fullmatch(r"\d+\.\d{3}").sum() == 1


@every_seed
def test_customers_of_groups_and_of_clean_rows_are_the_same(seed):
    groups = demo("online_retail", seed).groups
    assert list(groups.index) == list(customer_features(seed).index)


@every_seed
def test_planted_groups_are_what_their_names_say(seed):
    features = customer_features(seed)
    groups = demo("online_retail", seed).groups
    middle = features.groupby(groups).median()
    assert middle["orders"].idxmax() == "Champions"
    assert middle["net_spend"].idxmax() == "Champions"
    assert middle["recency_days"].idxmin() == "Champions"
    assert middle["net_spend"].idxmin() == "Occasional Small Baskets"
    assert middle["recency_days"].idxmax() == "Occasional Small Baskets"
    returning = groups == "Frequent Returners"
    assert features.loc[returning, "return_rate"].between(0.33, 0.72).all()
    assert features.loc[~returning, "return_rate"].max() < 0.3


class TestClusteringFindsThePlantedGroups:
    @every_seed
    def test_four_clusters_agree_with_the_groups(self, seed):
        groups = demo("online_retail", seed).groups
        found = agreement(groups, scaled(customer_features(seed)))
        assert found >= (0.75 if seed == 0 else 0.65)

    def test_four_is_the_best_number_of_clusters(self):
        scores = silhouettes(scaled(customer_features(0)))
        assert scores[4] >= max(scores) - 0.01

    def test_groups_overlap_as_customers_do(self):
        assert agreement(demo("online_retail").groups, scaled(customer_features(0))) < 1
