"""Demo sales records: same shape and traps as the source, groups to be found."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from demos import agreement, demo, every_seed, scaled, strange
from sklearn.preprocessing import StandardScaler

MONEY = r"\d+\.\d\d"
FEATURES = [
    "Units Sold",
    "Unit Price",
    "Unit Cost",
    "Total Revenue",
    "Total Cost",
    "Total Profit",
    "Unit Margin",
    "days",
]
YESTERDAY = {
    "Monday": "sun",
    "Tuesday": "mon",
    "Wednesday": "tue",
    "Thursday": "wed",
    "Friday": "thur",
    "Saturday": "fri",
    "Sunday": "sat",
}


@cache
def lines(seed: int = 0) -> pd.DataFrame:
    """All lines with numbers, dates, days to the shipment, and money in cents."""
    table = demo("sales_records", seed).tables["order_lines"]
    money = [column for column in FEATURES if column not in ("Units Sold", "days")]
    days = table["Order Ship Days"].str.extract(r"^(-?\d+) days$")[0].astype(float)
    ordered, shipped = pd.to_datetime(table["Order Date"]), table["Ship Date"]
    return table.assign(
        **{name: (table[name].astype(float) * 100).round() for name in money},
        **{"Units Sold": table["Units Sold"].astype(int)},
        days=days,
        ordered=ordered,
        way=(pd.to_datetime(shipped) - ordered).dt.days,
    )


def clean(seed: int) -> pd.DataFrame:
    """Return the lines that are fit for use, by order id."""
    rows = lines(seed).drop_duplicates()
    rows = rows[
        (rows["way"] >= 0)
        & (rows["days"] == rows["way"])
        & (rows["Total Revenue"] == rows["Units Sold"] * rows["Unit Price"])
    ]
    return rows.set_index("Order ID").sort_index()


@every_seed
class TestSameShapeAsTheSource:
    @pytest.mark.parametrize(
        ("column", "pattern", "exceptions"),
        [
            ("Sales Channel", "Online|Offline", set()),
            ("Order Priority", "[LMHC]", set()),
            ("Order Date", r"201[0-7]-[01]\d-[0-3]\d", set()),
            ("Order ID", r"[1-9]\d{8}", set()),
            ("Ship Date", r"201[0-7]-[01]\d-[0-3]\d", set()),
            ("Units Sold", r"[1-9]\d{0,3}", set()),
            ("Unit Price", MONEY, set()),
            ("Unit Cost", MONEY, set()),
            ("Total Revenue", MONEY, set()),
            ("Total Cost", MONEY, set()),
            ("Total Profit", MONEY, set()),
            ("Unit Margin", MONEY, set()),
            ("Order Ship Days", r"\d\d? days", {"-6 days", "about a week"}),
        ],
    )
    def test_format(self, column, pattern, exceptions, seed):
        table = demo("sales_records", seed).tables["order_lines"]
        assert strange(table[column], pattern) <= exceptions

    def test_an_item_type_has_one_price_and_one_cost(self, seed):
        prices = lines(seed).groupby("Item Type")[["Unit Price", "Unit Cost"]]
        assert len(prices) == 8
        assert (prices.nunique() == 1).all(axis=None)

    def test_totals_are_exact_products(self, seed):
        rows = clean(seed)
        units = rows["Units Sold"]
        assert (rows["Total Cost"] == units * rows["Unit Cost"]).all()
        assert (rows["Unit Margin"] == rows["Unit Price"] - rows["Unit Cost"]).all()
        assert (rows["Total Profit"] == units * rows["Unit Margin"]).all()

    def test_a_country_lies_in_one_region(self, seed):
        regions = lines(seed).groupby("Country")["Region"].nunique()
        assert (regions == 1).all()
        assert lines(seed)["Region"].nunique() == 7

    def test_year_and_month_are_those_of_the_order(self, seed):
        rows = lines(seed)
        assert (rows["Order year"] == rows["ordered"].dt.year.astype(str)).all()
        assert (rows["Order Month"] == rows["ordered"].dt.month.astype(str)).all()

    def test_the_weekday_is_that_of_the_day_before_as_in_the_source(self, seed):
        rows = lines(seed)
        expected = rows["ordered"].dt.day_name().map(YESTERDAY)
        assert (rows["Order Weekday"] == expected).all()


@every_seed
class TestTrapsArePresent:
    def test_one_duplicate_row(self, seed):
        assert lines(seed).duplicated().sum() == 1

    def test_one_shipment_before_its_order(self, seed):
        early = lines(seed).query("way < 0")
        assert early["way"].tolist() == [-6]
        assert early["Order Ship Days"].tolist() == ["-6 days"]

    def test_one_total_that_is_not_the_product(self, seed):
        rows = lines(seed)
        difference = rows["Total Revenue"] - rows["Units Sold"] * rows["Unit Price"]
        assert difference[difference != 0].tolist() == [100_000]

    def test_one_ship_days_that_are_not_those_of_the_dates(self, seed):
        rows = lines(seed)
        off = rows["days"].notna() & (rows["days"] != rows["way"])
        assert rows.loc[off, "Order Ship Days"].tolist() == ["99 days"]

    def test_one_ship_days_in_words(self, seed):
        rows = lines(seed)
        words = rows.loc[rows["days"].isna(), "Order Ship Days"]
        assert words.tolist() == ["about a week"]


@every_seed
class TestPlantedGroups:
    def test_lines_of_groups_and_clean_lines_are_the_same(self, seed):
        groups = demo("sales_records", seed).groups
        assert list(groups.index) == list(clean(seed).index)
        assert len(groups) == 396

    def test_they_are_what_their_names_say(self, seed):
        groups = demo("sales_records", seed).groups
        rows = clean(seed)
        dear = groups.str.startswith("Dear")
        assert rows.loc[~dear, "Unit Price"].max() < rows.loc[dear, "Unit Price"].min()
        units = rows["Units Sold"].groupby(groups.str.endswith("Bulk")).median()
        assert units[True] > 4 * units[False]


class TestClusteringFindsThePlantedGroups:
    @every_seed
    def test_four_clusters_agree_with_the_groups(self, seed):
        groups = demo("sales_records", seed).groups
        published = clean(seed)[FEATURES]
        plain = pd.DataFrame(StandardScaler().fit_transform(published), published.index)
        # Groups overlap as order lines do.
        assert 0.9 <= agreement(groups, plain) < 1
        assert 0.85 <= agreement(groups, scaled(published)) < 1

    @every_seed
    def test_price_and_units_are_enough(self, seed):
        groups = demo("sales_records", seed).groups
        few = scaled(clean(seed)[["Units Sold", "Unit Price"]])
        assert agreement(groups, few) >= 0.85
        assert np.isfinite(few).all(axis=None)
