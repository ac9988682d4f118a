"""Demo grocer: same shape and traps as the source, groups to be found."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from demos import agreement, demo, every_seed, scaled, silhouettes, strange
from sklearn.metrics import adjusted_rand_score

AMOUNTS = ["sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"]
AMOUNT = r"\d+\.\d\d?"
AGES = {"19-24", "25-34", "35-44", "45-54", "55-64", "65+"}
INCOMES = {
    "Under 15K",
    "15-24K",
    "25-34K",
    "35-49K",
    "50-74K",
    "75-99K",
    "100-124K",
    "125-149K",
    "150-174K",
    "175-199K",
    "200-249K",
    "250K+",
}
HOMES = {"", "Homeowner", "Renter", "Probable Homeowner", "Probable Renter"}


def table(name: str, seed: int) -> pd.DataFrame:
    return demo("complete_journey", seed).tables[name]


@cache
def lines(seed: int = 0) -> pd.DataFrame:
    """All lines with numbers, time and product, which may be unknown."""
    rows = table("transactions", seed)
    numbers = {name: rows[name].astype(float) for name in ["quantity", *AMOUNTS]}
    rows = rows.assign(**numbers, time=pd.to_datetime(rows["transaction_timestamp"]))
    return rows.merge(table("products", seed), "left", "product_id", validate="m:1")


@cache
def redemptions(seed: int = 0) -> pd.DataFrame:
    """All redemptions with the campaign, and whether the household was sent it."""
    rows = table("coupon_redemptions", seed)
    rows = rows.merge(table("campaign_descriptions", seed), "left", "campaign_id")
    sent = table("campaigns", seed).assign(sent=True)
    rows = rows.merge(sent, "left", ["campaign_id", "household_id"])
    return rows.assign(sent=rows["sent"].eq(True))


def clean(seed: int) -> pd.DataFrame:
    rows = lines(seed).drop_duplicates()
    return rows[(rows["quantity"] > 0) & (rows["sales_value"] >= 0)]


def features(seed: int) -> pd.DataFrame:
    rows = clean(seed)
    of = rows.groupby("household_id")
    orders, spend = of["basket_id"].nunique(), of["sales_value"].sum()
    saved = of["retail_disc"].sum() + of["coupon_match_disc"].sum()
    known = rows[rows["product_category"].fillna("") != ""].groupby("household_id")
    received = table("campaigns", seed).groupby("household_id").size()
    answered = redemptions(seed).query("sent").groupby("household_id")["campaign_id"]
    last = of["time"].max().dt.normalize()
    return pd.DataFrame(
        {
            "orders_per_month": orders / 12,
            "order_value": spend / orders,
            "categories": known["product_category"].nunique(),
            "discount_share": saved / (spend + saved),
            "campaign_response": answered.nunique() / received,
            "recency_days": (pd.Timestamp("2017-12-31") - last).dt.days,
        }
    ).fillna(0)


@every_seed
class TestSameShapeAsTheSource:
    @pytest.mark.parametrize(
        ("name", "column", "pattern", "exceptions"),
        [
            ("transactions", "household_id", r"[1-9]\d{0,3}", set()),
            ("transactions", "store_id", r"3\d\d", set()),
            ("transactions", "basket_id", r"\d{11}", set()),
            ("transactions", "product_id", r"[1-9]\d{5,6}", set()),
            ("transactions", "quantity", r"[0-3]\.0|\d{4,5}\.0", set()),
            ("transactions", "sales_value", AMOUNT, {"-2.49"}),
            ("transactions", "retail_disc", AMOUNT, set()),
            ("transactions", "coupon_disc", AMOUNT, set()),
            ("transactions", "coupon_match_disc", AMOUNT, set()),
            ("transactions", "week", r"[1-9]|[1-4]\d|5[0-3]", set()),
            (
                "transactions",
                "transaction_timestamp",
                r"2017-\d\d-\d\d [012]\d:\d\d:\d\d",
                set(),
            ),
            ("products", "brand", "National|Private", set()),
            ("products", "package_size", r"\d+ [A-Z]{2}", {""}),
            ("demographics", "age", "|".join(sorted(AGES - {"65+"})), {"65+", "17"}),
            ("demographics", "marital_status", "Married|Unmarried", {""}),
            ("demographics", "household_size", "[1-4]", {"5+"}),
            ("demographics", "household_comp", "(1 Adult|2 Adults)( No)? Kids", set()),
            ("demographics", "kids_count", "[0-2]", {"3+"}),
            ("campaigns", "campaign_id", r"[1-9]|1[0-2]", set()),
            ("campaign_descriptions", "campaign_type", "Type [ABC]", set()),
            ("campaign_descriptions", "start_date", r"201[67]-\d\d-\d\d", set()),
            ("campaign_descriptions", "end_date", r"201[78]-\d\d-\d\d", set()),
            ("coupon_redemptions", "coupon_upc", r"5[12]\d{9}", set()),
            ("coupon_redemptions", "redemption_date", r"2017-\d\d-\d\d", set()),
        ],
    )
    def test_format(self, name, column, pattern, exceptions, seed):
        assert strange(table(name, seed)[column], pattern) <= exceptions

    def test_covers_the_year_in_53_weeks(self, seed):
        rows = lines(seed)
        assert str(rows["time"].min().date()) == "2017-01-01"
        assert str(rows["time"].max().date()) == "2017-12-31"
        # The year began on a Sunday, so that day is week 1.
        mondays = (rows["time"] - pd.Timestamp("2016-12-26")).dt.days // 7 + 1
        assert (rows["week"].astype(int) == mondays).all()

    def test_a_basket_has_one_household_store_and_time(self, seed):
        baskets = lines(seed).groupby("basket_id")
        shared = ["household_id", "store_id", "transaction_timestamp"]
        assert (baskets[shared].nunique() == 1).all(axis=None)

    def test_basket_numbers_follow_time(self, seed):
        times = lines(seed).groupby("basket_id")["time"].first()
        assert times.is_monotonic_increasing

    @pytest.mark.parametrize(
        ("name", "key"),
        [
            ("products", ["product_id"]),
            ("demographics", ["household_id"]),
            ("campaigns", ["campaign_id", "household_id"]),
            ("campaign_descriptions", ["campaign_id"]),
            ("coupon_redemptions", ["household_id", "coupon_upc", "campaign_id"]),
        ],
    )
    def test_keys_are_unique(self, name, key, seed):
        assert not table(name, seed).duplicated(key).any()

    def test_other_tables_know_no_other_households(self, seed):
        known = set(table("transactions", seed)["household_id"])
        for name in ("demographics", "campaigns", "coupon_redemptions"):
            assert set(table(name, seed)["household_id"]) <= known

    def test_some_sold_products_are_unknown_or_have_no_category(self, seed):
        rows = lines(seed)
        unknown = rows["department"].isna()
        assert rows.loc[unknown, "product_id"].nunique() == 3
        nameless = rows[rows["product_category"] == ""]
        assert nameless["product_id"].nunique() == 3
        assert (unknown | (rows["product_category"] == "")).mean() < 0.06

    def test_45_percent_have_demographics_in_the_bands_of_the_source(self, seed):
        rows = table("demographics", seed)
        assert len(rows) == round(0.45 * 260)
        assert set(rows["age"]) <= AGES | {"17"}
        assert set(rows["income"]) <= INCOMES
        assert set(rows["home_ownership"]) <= HOMES
        empty = (rows[["home_ownership", "marital_status"]] == "").mean()
        assert empty.between(0.05, 0.45).all()

    def test_size_is_adults_and_kids(self, seed):
        rows = table("demographics", seed)
        kids = rows["kids_count"].str[0].astype(int)
        size = rows["household_comp"].str[0].astype(int) + kids
        assert (rows["household_size"].str[0].astype(int) == size).all()
        assert (rows["household_comp"].str.contains("No Kids") == (kids == 0)).all()

    def test_demographics_tell_the_groups_only_faintly(self, seed):
        rows = table("demographics", seed).set_index("household_id")
        groups = demo("complete_journey", seed).groups.loc[rows.index]
        for column in rows:
            assert adjusted_rand_score(groups, rows[column]) < 0.1


@every_seed
class TestCampaigns:
    def test_twelve_of_three_types(self, seed):
        rows = table("campaign_descriptions", seed)
        assert len(rows) == 12
        assert rows["campaign_type"].nunique() == 3
        assert (rows["start_date"] < rows["end_date"]).all()

    def test_type_a_is_sent_to_most(self, seed):
        sent = table("campaigns", seed).merge(table("campaign_descriptions", seed))
        number = sent.groupby(["campaign_type", "campaign_id"]).size()
        assert number["Type A"].min() > number.drop("Type A").max()

    def test_not_every_household_is_sent_one(self, seed):
        households = table("campaigns", seed)["household_id"].nunique()
        assert 0.85 * 260 < households < 260

    def test_coupons_are_redeemed_while_their_campaign_runs(self, seed):
        rows = redemptions(seed)
        assert len(rows) > 400
        assert (rows["redemption_date"] >= rows["start_date"]).all()
        assert (rows["redemption_date"] <= rows["end_date"]).all()

    def test_a_coupon_belongs_to_one_campaign(self, seed):
        campaigns = redemptions(seed).groupby("coupon_upc")["campaign_id"].nunique()
        assert (campaigns == 1).all()

    def test_whoever_redeems_comes_and_saves(self, seed):
        rows = lines(seed)[["household_id", "time", "coupon_disc"]]
        rows = rows.assign(redemption_date=rows.pop("time").dt.date.astype(str))
        saved = rows.groupby(["household_id", "redemption_date"])["coupon_disc"].max()
        days = redemptions(seed).query("sent")[["household_id", "redemption_date"]]
        assert (saved.reindex(pd.MultiIndex.from_frame(days)) > 0).all()


@every_seed
class TestTrapsArePresent:
    def test_one_duplicate_line(self, seed):
        assert table("transactions", seed).duplicated().sum() == 1

    def test_eight_lines_of_nothing(self, seed):
        nothing = lines(seed).query("quantity == 0")
        assert len(nothing) == 8
        assert (nothing[AMOUNTS] == 0).all(axis=None)

    def test_one_negative_sales_value(self, seed):
        values = table("transactions", seed)["sales_value"]
        assert values[values.str.startswith("-")].tolist() == ["-2.49"]

    def test_fuel_is_counted_in_thousandths(self, seed):
        fuel = lines(seed).query("department == 'FUEL'")
        assert len(fuel) == 12
        assert fuel["product_id"].nunique() == 1
        assert fuel["quantity"].between(5_000, 16_000).all()
        assert (fuel["sales_value"] / fuel["quantity"] * 1_000).between(2, 3).all()
        others = lines(seed).query("department != 'FUEL'")
        assert others["quantity"].max() == 3

    def test_one_unknown_age(self, seed):
        ages = table("demographics", seed)["age"]
        assert ages[~ages.isin(AGES)].tolist() == ["17"]

    def test_one_redemption_of_what_was_never_sent(self, seed):
        assert (~redemptions(seed)["sent"]).sum() == 1


@every_seed
class TestPlantedGroups:
    def test_households_of_groups_and_of_clean_lines_are_the_same(self, seed):
        groups = demo("complete_journey", seed).groups
        assert list(groups.index) == list(features(seed).index)
        assert len(groups) == 260

    def test_they_are_what_their_names_say(self, seed):
        groups = demo("complete_journey", seed).groups
        middle = features(seed).groupby(groups).median()
        for column in ("orders_per_month", "order_value", "categories"):
            assert middle[column].idxmax() == "Loyal Full Baskets"
        assert middle["recency_days"].idxmin() in ("Loyal Full Baskets", "Deal Seekers")
        for column in ("discount_share", "campaign_response"):
            assert middle[column].idxmax() == "Deal Seekers"
        for column in ("orders_per_month", "order_value", "categories"):
            assert middle[column].idxmin() == "Occasional Small Baskets"
        assert middle["recency_days"].idxmax() == "Lapsed"

    def test_four_clusters_agree_with_the_groups(self, seed):
        groups = demo("complete_journey", seed).groups
        # Groups overlap as households do.
        assert 0.8 <= agreement(groups, scaled(features(seed))) < 1

    def test_four_is_the_best_number_of_clusters(self, seed):
        assert silhouettes(scaled(features(seed))).idxmax() == 4
