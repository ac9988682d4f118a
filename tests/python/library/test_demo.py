"""The demo seeds: same shape and traps as the sources, groups that can be found."""

from __future__ import annotations

import csv
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import StandardScaler

from customer_segmentation.demo import DECLINING_PRODUCTS, DEMOS, write_seeds

SEEDS = range(5)
COMMITTED = Path(__file__).parents[3] / "seeds" / "demo"
HEADERS = {
    "chocolate_sales": "Sales Person,Country,Product,Date,Amount,Boxes Shipped",
    "online_retail": "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,"
    "CustomerID,Country",
}
GROUPS = {
    "chocolate_sales": {
        "Mass Buyers",
        "Premium Loyalists",
        "Price-Sensitive Testers",
        "Low Volume Explorers",
    },
    "online_retail": {
        "Champions",
        "Loyal Regulars",
        "Occasional Small Baskets",
        "Frequent Returners",
    },
}
NON_PRODUCTS = {"POST", "DOT", "M", "D", "C2", "S", "BANK CHARGES", "AMAZONFEE"}
NON_PRODUCTS |= {"CRUK", "gift_0001_20", "B"}
DAY = r"[0-3]\d-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug)-22"
every_dataset = pytest.mark.parametrize("dataset", list(DEMOS))
every_seed = pytest.mark.parametrize("seed", SEEDS)


@cache
def demo(dataset: str, seed: int = 0):
    return DEMOS[dataset](seed)


@cache
def chocolate(seed: int = 0) -> pd.DataFrame:
    """All rows with id, month, dollars and boxes (NaN where they are no numbers)."""
    table = demo("chocolate_sales", seed).table
    return table.assign(
        id=table["Sales Person"] + " / " + table["Country"],
        month=table["Date"].str[3:6],
        dollars=pd.to_numeric(
            table["Amount"].str.replace(r"[$, ]", "", regex=True), errors="coerce"
        ),
        boxes=table["Boxes Shipped"].astype(float),
    )


@cache
def retail(seed: int = 0) -> pd.DataFrame:
    """All lines with numbers, time, and whether cancelled and whether a product."""
    table = demo("online_retail", seed).table
    return table.assign(
        units=table["Quantity"].astype(int),
        price=table["UnitPrice"].astype(float),
        time=pd.to_datetime(table["InvoiceDate"]),
        cancelled=table["InvoiceNo"].str.startswith("C"),
        goods=~table["StockCode"].isin(NON_PRODUCTS),
    )


def account_features(seed: int) -> pd.DataFrame:
    clean = chocolate(seed).drop_duplicates()
    clean = clean[
        (clean["Sales Person"] != "")
        & (clean["Date"] != "31-Feb-22")
        & clean["dollars"].notna()
        & (clean["boxes"] > 0)
        & (clean["boxes"] % 1 == 0)
    ]
    of = clean.groupby("id")
    sales, boxes, dollars = of.size(), of["boxes"].sum(), of["dollars"].sum()
    return pd.DataFrame(
        {"sales": sales, "boxes_per_sale": boxes / sales, "box_price": dollars / boxes}
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


FEATURES = {"chocolate_sales": account_features, "online_retail": customer_features}


@cache
def scaled(dataset: str, seed: int) -> pd.DataFrame:
    features = np.log1p(FEATURES[dataset](seed))
    return pd.DataFrame(StandardScaler().fit_transform(features), features.index)


def clusters(dataset: str, seed: int, k: int) -> np.ndarray:
    model = KMeans(k, n_init=10, random_state=0)
    return model.fit_predict(scaled(dataset, seed).to_numpy())


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> list[Path]:
    return write_seeds(tmp_path_factory.mktemp("new") / "folder")


@every_dataset
class TestSameSeedSameBytes:
    def test_same_seed_gives_the_same_demo(self, dataset):
        first, second = DEMOS[dataset](3), DEMOS[dataset](3)
        pd.testing.assert_frame_equal(first.table, second.table)
        pd.testing.assert_series_equal(first.groups, second.groups)

    def test_other_seeds_give_other_demos(self, dataset):
        assert not demo(dataset, 0).table.equals(demo(dataset, 1).table)

    def test_the_seed_is_zero_unless_said(self, dataset):
        assert DEMOS[dataset]().table.equals(demo(dataset, 0).table)

    def test_committed_seed_is_what_the_generator_writes(self, dataset, paths):
        (path,) = [path for path in paths if path.name == f"demo_{dataset}.csv"]
        assert (COMMITTED / path.name).read_bytes() == path.read_bytes()


class TestSeedsAreSmallPlainCsv:
    def test_one_file_per_dataset(self, paths):
        assert [path.name for path in paths] == [f"demo_{name}.csv" for name in DEMOS]

    def test_utf8_without_bom_and_lf(self, paths):
        for path in paths:
            raw = path.read_bytes()
            assert raw.decode("utf-8").endswith("\n")
            assert not raw.startswith(b"\xef\xbb\xbf")
            assert b"\r" not in raw

    def test_a_reader_gets_the_table_back(self, paths):
        for path, dataset in zip(paths, DEMOS, strict=True):
            with path.open(encoding="utf-8", newline="") as file:
                header, *rows = csv.reader(file)
            table = demo(dataset).table
            assert header == list(table.columns)
            assert rows == table.to_numpy().tolist()

    def test_the_two_shops_stay_below_800_kb(self, paths):
        sizes = {path.name: path.stat().st_size for path in paths}
        assert sum(sizes[f"demo_{name}.csv"] for name in HEADERS) < 800_000


class TestSameShapeAsTheSource:
    @pytest.mark.parametrize("dataset", list(HEADERS))
    def test_header(self, dataset):
        assert ",".join(demo(dataset).table.columns) == HEADERS[dataset]

    @every_dataset
    def test_every_cell_is_plain_text(self, dataset):
        cells = demo(dataset).table.to_numpy().ravel()
        assert {type(cell) for cell in cells} == {str}

    @every_seed
    @pytest.mark.parametrize(
        ("dataset", "rows"), [("chocolate_sales", 1_200), ("online_retail", 8_000)]
    )
    def test_number_of_rows(self, dataset, rows, seed):
        assert len(demo(dataset, seed).table) == pytest.approx(rows, rel=0.08)

    @pytest.mark.parametrize(
        ("dataset", "column", "pattern", "exceptions"),
        [
            ("chocolate_sales", "Sales Person", r"Seller (0[1-9]|1\d|20)", {""}),
            ("chocolate_sales", "Date", DAY, ()),
            ("chocolate_sales", "Amount", r"\$\d{1,3}(,\d{3})* ", {"n/a"}),
            ("chocolate_sales", "Boxes Shipped", r"[1-9]\d*", {"0", "12.9"}),
            ("online_retail", "InvoiceNo", r"[AC]?\d{6}", ()),
            ("online_retail", "StockCode", r"\d{5}[Aa]?", NON_PRODUCTS),
            ("online_retail", "Quantity", r"-?[1-9]\d*", ()),
            ("online_retail", "InvoiceDate", r"201[01]-\d\d-\d\d \d\d:\d\d:00", ()),
            ("online_retail", "UnitPrice", r"-?\d+\.\d{1,3}", ()),
            ("online_retail", "CustomerID", r"1[2-9]\d{3}|2\d{4}", {""}),
        ],
    )
    @every_seed
    def test_format(self, dataset, column, pattern, exceptions, seed):
        texts = set(demo(dataset, seed).table[column])
        assert {t for t in texts if not re.fullmatch(pattern, t)} <= set(exceptions)

    def test_chocolate_sells_january_to_august_in_six_countries(self):
        table = chocolate()
        days = pd.to_datetime(table["Date"], format="%d-%b-%y", errors="coerce")
        assert days.min() >= pd.Timestamp("2022-01-03")
        assert days.max() <= pd.Timestamp("2022-08-31")
        assert days.dt.month.nunique() == 8
        assert table["Country"].nunique() == 6
        assert table["Product"].nunique() == 18

    @every_seed
    def test_retail_covers_the_source_period(self, seed):
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

    def test_retail_is_mostly_british(self):
        countries = retail()["Country"].value_counts(normalize=True)
        assert countries["United Kingdom"] > 0.8
        assert len(countries) == 12
        assert 0 < countries["Unspecified"] < 0.05

    def test_about_150_products(self):
        codes = retail().loc[retail()["goods"], "StockCode"].str.upper()
        assert codes.nunique() == pytest.approx(150, abs=5)


@every_seed
class TestChocolateTrapsArePresent:
    def test_four_duplicate_rows(self, seed):
        assert demo("chocolate_sales", seed).table.duplicated().sum() == 4

    @pytest.mark.parametrize(
        ("column", "text"),
        [
            ("Date", "31-Feb-22"),
            ("Amount", "n/a"),
            ("Boxes Shipped", "0"),
            ("Boxes Shipped", "12.9"),
            ("Sales Person", ""),
        ],
    )
    def test_one_row_of_each_spoilt_kind(self, column, text, seed):
        assert (demo("chocolate_sales", seed).table[column] == text).sum() == 1

    def test_spoilt_rows_are_different_rows(self, seed):
        table = chocolate(seed)
        spoilt = pd.DataFrame(
            {
                "date": table["Date"] == "31-Feb-22",
                "amount": table["dollars"].isna(),
                "boxes": table["Boxes Shipped"].isin(["0", "12.9"]),
                "seller": table["Sales Person"] == "",
            }
        )
        assert spoilt.sum(axis=1).max() == 1
        assert not table[spoilt.any(axis=1)].duplicated(keep=False).any()


@every_seed
class TestDecliningProductsFallFarBelowTheOthers:
    @pytest.mark.parametrize("measure", ["mean", "sum"])
    def test_below_half_of_the_average_product_all_summer(self, measure, seed):
        sales = chocolate(seed).drop_duplicates().dropna(subset="dollars")
        sales = sales[sales["Date"] != "31-Feb-22"]
        by_month = sales.pivot_table("dollars", "Product", "month", measure)
        summer = by_month[["Jun", "Jul", "Aug"]]
        low = (summer < 0.5 * summer.mean()).all(axis=1)
        assert tuple(low.index[low]) == DECLINING_PRODUCTS
        assert (summer[low].max() < summer[~low].min()).all()

        spring = by_month[["Jan", "Feb", "Mar", "Apr", "May"]]
        assert (spring[low].mean(axis=1) > 0.5 * spring.mean(axis=None)).all()


@every_seed
class TestRetailTrapsArePresent:
    def test_duplicate_rows(self, seed):
        assert demo("online_retail", seed).table.duplicated().sum() == 60

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


class TestEveryEntityHasOnePlantedGroup:
    @every_seed
    @pytest.mark.parametrize("dataset", list(FEATURES))
    def test_entities_of_groups_and_of_clean_rows_are_the_same(self, dataset, seed):
        groups = demo(dataset, seed).groups
        assert list(groups.index) == list(FEATURES[dataset](seed).index)
        assert set(groups) == GROUPS[dataset]

    @every_dataset
    def test_ids_are_unique_and_ascending(self, dataset):
        ids = demo(dataset).groups.index
        assert all(a < b for a, b in pairwise(ids))

    def test_not_every_seller_sells_everywhere(self):
        assert len(demo("chocolate_sales").groups) == 110

    @every_seed
    def test_accounts_have_6_to_16_sales(self, seed):
        sales = chocolate(seed).drop_duplicates().groupby("id").size()
        sales = sales.reindex(demo("chocolate_sales", seed).groups.index)
        # One row that lost its seller is missing from an account.
        assert sales.min() >= 5
        assert sales.max() <= 16

    def test_shares_of_the_customer_groups(self):
        shares = demo("online_retail").groups.value_counts(normalize=True)
        planted = {
            "Champions": 0.12,
            "Loyal Regulars": 0.30,
            "Occasional Small Baskets": 0.38,
            "Frequent Returners": 0.20,
        }
        assert shares.to_dict() == pytest.approx(planted, abs=0.01)


class TestPlantedGroupsAreWhatTheirNamesSay:
    @every_seed
    def test_accounts(self, seed):
        middle = account_features(seed).groupby(demo("chocolate_sales", seed).groups)
        middle = middle.median()
        assert middle["boxes_per_sale"].idxmax() == "Mass Buyers"
        assert middle["boxes_per_sale"].idxmin() == "Low Volume Explorers"
        assert middle["box_price"].idxmax() == "Premium Loyalists"
        cheap = ["Mass Buyers", "Price-Sensitive Testers"]
        assert set(middle["box_price"].nsmallest(2).index) == set(cheap)
        few = ["Low Volume Explorers", "Price-Sensitive Testers"]
        assert set(middle["sales"].nsmallest(2).index) == set(few)
        amounts = middle["boxes_per_sale"] * middle["box_price"]
        assert amounts.idxmax() == "Premium Loyalists"
        assert amounts.idxmin() == "Price-Sensitive Testers"

    @every_seed
    def test_customers(self, seed):
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


@pytest.mark.parametrize("dataset", list(FEATURES))
class TestClusteringFindsThePlantedGroups:
    @every_seed
    def test_four_clusters_agree_with_the_groups(self, dataset, seed):
        groups = demo(dataset, seed).groups.loc[scaled(dataset, seed).index]
        agreement = adjusted_rand_score(groups, clusters(dataset, seed, 4))
        assert agreement >= (0.75 if seed == 0 else 0.65)

    def test_four_is_the_best_number_of_clusters(self, dataset):
        scores = {
            k: silhouette_score(
                scaled(dataset, 0), clusters(dataset, 0, k), metric="sqeuclidean"
            )
            for k in range(2, 9)
        }
        assert scores[4] >= max(scores.values()) - 0.01

    def test_groups_overlap_as_customers_do(self, dataset):
        groups = demo(dataset).groups.loc[scaled(dataset, 0).index]
        assert adjusted_rand_score(groups, clusters(dataset, 0, 4)) < 1
