"""The compiled drift models against scipy, and against the rule in plain Python."""

from __future__ import annotations

from collections import Counter
from math import isclose

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import (
    chi2,
    chi2_contingency,
    entropy,
    ks_2samp,
    wasserstein_distance,
)

DATES = "date '2011-03-31', date '2011-09-30'"
SIDES = ("reference", "current")

numbers = st.lists(
    # Few different ones for ties, and any others.
    st.none()
    | st.integers(-2, 3).map(float)
    | st.floats(-1e6, 1e6).map(lambda value: round(value, 4)),
    min_size=1,
    max_size=40,
)
categories = st.lists(
    st.none() | st.sampled_from([f"c{place}" for place in range(25)]),
    min_size=1,
    max_size=60,
)


# --------------------------------------------------------- the rule in plain Python


def bins_of_numbers(values: list, reference: list) -> list:
    """Bins end at the deciles of the reference, at (lower, upper]."""
    known = sorted(value for value in reference if value is not None)
    n = len(known)
    edges = sorted(
        {known[-(-n * tenth // 10) - 1] for tenth in range(1, 10)} if n else []
    )
    lowest = known[0] if n else None

    def bin_of(value):
        if value is None:
            return "missing"
        if edges and edges[0] == lowest and value < lowest:
            return "lower"
        return sum(edge < value for edge in edges)

    return [bin_of(value) for value in values]


def bins_of_categories(values: list, both: list) -> list:
    """The 19 commonest categories of both windows, ties by name, and the others."""
    counts = Counter(both)
    ranked = sorted(counts, key=lambda name: (-counts[name], name is None, name))
    return [value if value in ranked[:19] else "(other)" for value in values]


def counts_of(reference: list, current: list, bins_of) -> np.ndarray:
    """Return the entities of each bin that has any, reference first."""
    before, now = Counter(bins_of(reference)), Counter(bins_of(current))
    return np.array([(before[b], now[b]) for b in before.keys() | now.keys()]).T


def smoothed(counts: np.ndarray) -> np.ndarray:
    return (counts + 0.5) / (counts.sum() + 0.5 * len(counts))


def expected(feature: dict, compared: int) -> dict:
    """What feature_drift must say of one feature, mostly by scipy."""
    reference, current = feature["reference"], feature["current"]
    is_number = feature["kind"] == "number"
    counts = counts_of(
        reference,
        current,
        (lambda values: bins_of_numbers(values, reference))
        if is_number
        else (lambda values: bins_of_categories(values, reference + current)),
    )
    before, now = map(smoothed, counts)
    bins = counts.shape[1]
    psi = entropy(now, before) + entropy(before, now)
    limit = chi2.isf(0.025 / max(compared, 1), bins - 1) if bins > 1 else 0
    independent = [
        len(reference) / feature["peers"][0],
        len(current) / feature["peers"][1],
    ]
    by_chance = limit * sum(1 / entities for entities in independent)
    found = {
        "reference_entities": len(reference),
        "current_entities": len(current),
        "bins": bins,
        "psi": psi,
        "psi_by_chance": by_chance,
        "kl_divergence": entropy(now, before),
        "jensen_shannon_distance": jensenshannon(*counts, base=2),
        "alert": "none"
        if psi <= max(by_chance, 0.1)
        else ("act" if psi > 0.25 else "watch"),
    }
    if not is_number:
        unseen = [value not in reference for value in current]
        return found | {
            "unseen_share": np.mean(unseen),
            "chi_square": chi2_contingency(counts, correction=False).statistic,
        }
    before = [value for value in reference if value is not None]
    now = [value for value in current if value is not None]
    both = bool(before and now)
    varies = both and len(set(before)) > 1
    return found | {
        "ks_statistic": ks_2samp(before, now).statistic if both else None,
        "wasserstein": wasserstein_distance(before, now) / np.std(before)
        if varies
        else None,
        "reference_mean": np.mean(before) if before else None,
        "current_mean": np.mean(now) if now else None,
    }


# --------------------------------------------------------------------- the models


class Models:
    """The compiled models of a build, run in memory on what is put before them."""

    def __init__(self, build):
        self.database = duckdb.connect()
        name = build.database.stem
        self.database.execute(
            f"attach ':memory:' as {name}; use {name}; create schema staging;"
            f"attach '{build.database}' as source (read_only)"
        )
        self.folder = build.folder / "target/compiled/customer_segmentation/models"
        self.copy("staging.chi_square_limits")

    def copy(self, table: str, rows: str = "true") -> None:
        self.database.execute(
            f"create or replace table {table} as from source.{table} where {rows}"
        )

    def put(self, table: str, columns: str, values: str) -> None:
        """Hold a table of the build with these rows alone."""
        self.copy(table, "false")
        self.database.execute(
            f"insert into {table} by name "
            f"select * from (values {values}) as given ({columns})"
        )

    def run(self, model: str) -> pd.DataFrame:
        return self.database.execute((self.folder / f"{model}.sql").read_text()).df()

    def feature_drift(self, features: list[dict]) -> pd.DataFrame:
        """Compare the two windows of each feature."""
        self.put(
            "staging.int_drift_pairs",
            "dataset, unit, comparison, reference_date, as_of_date",
            f"('shop', 'sale', 'since_reference', {DATES})",
        )
        rows = []
        for feature in features:
            counts = {side: Counter(feature[side]) for side in SIDES}
            rows += [
                {"feature": feature["feature"], "kind": feature["kind"], "value": value}
                | {f"{side}_entities": counts[side][value] for side in SIDES}
                | {
                    f"{side}_peers": counts[side][value] * peers
                    for side, peers in zip(SIDES, feature["peers"], strict=True)
                }
                for value in counts["reference"] | counts["current"]
            ]
        frame = pd.DataFrame(rows)
        for kind in ("number", "category"):
            frame[kind] = frame.value.where(frame.kind == kind, None)
        self.database.register("frame", frame.drop(columns="value"))
        self.database.execute(
            "create or replace table staging.int_drift_values as select"
            " pairs.* exclude (comparison), frame.* exclude (number, category),"
            " cast(number as double) as number_value,"
            " cast(category as varchar) as category"
            " from frame cross join staging.int_drift_pairs as pairs"
        )
        found = self.run("marts/monitoring/feature_drift").set_index("feature")
        return found.astype(object).where(found.notna(), None)


@pytest.fixture(scope="module")
def models(demo_build):
    """Hold the compiled models of the demo."""
    return Models(demo_build)


def equal(found, wanted) -> bool:
    if wanted is None or isinstance(wanted, str) or found is None:
        return found == wanted
    return isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def feature(kind: str, reference: list, current: list, peers=(1, 1), name=None) -> dict:
    return {
        "feature": name or kind,
        "kind": kind,
        "reference": reference,
        "current": current,
        "peers": peers,
    }


class TestMeasuresAreThoseOfScipy:
    """An alert is only as good as its figures: ties, constants, gaps, few entities."""

    def check(self, models, features: list[dict]) -> None:
        known = [
            feature
            for feature in features
            if any(v is not None for v in feature["reference"] + feature["current"])
        ]
        wanted = {f["feature"]: f for f in known}
        found = models.feature_drift(features)
        assert set(found.index) == wanted.keys()
        compared = sum(found.bins > 1)
        for name, row in found.iterrows():
            for column, value in expected(wanted[name], compared).items():
                assert equal(row[column], value), (name, column, row[column], value)

    # Of the p-value, which nobody asked for.
    @pytest.mark.filterwarnings("ignore:ks_2samp")
    @settings(max_examples=120, deadline=None)
    @given(
        before=numbers,
        now=numbers,
        kinds_before=categories,
        kinds_now=categories,
        peers=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    )
    def test_of_any_windows(self, models, before, now, kinds_before, kinds_now, peers):
        self.check(
            models,
            [
                feature("number", before, now, peers),
                feature("category", kinds_before, kinds_now),
            ],
        )

    @pytest.mark.parametrize(
        ("before", "now"),
        [
            ([3.0] * 50, [3.0] * 20),
            ([3.0] * 50, [2.0] * 50),
            ([3.0] * 50, [4.0] * 50),
            ([None] * 9, [1.0, 2.0]),
            ([1.0, 2.0], [None] * 9),
            ([1.0], [2.0]),
            ([float(value) for value in range(1000)], [1e9, -1e9]),
        ],
    )
    def test_of_windows_at_the_edge(self, models, before, now):
        self.check(models, [feature("number", before, now)])

    def test_of_thousands(self, models):
        random = np.random.default_rng(0)
        before = list(np.round(random.lognormal(3, 1.5, 5000), 2))
        now = list(np.round(random.lognormal(3.3, 1.2, 3000), 2))
        self.check(models, [feature("number", before, now)])

    def test_to_the_bit_whatever_the_order_and_the_threads(self, models):
        random = np.random.default_rng(0)
        before = list(np.round(random.lognormal(3, 1.5, 5000), 4))
        features = [
            feature("number", before, before[:3000], name=f"number_{place}")
            for place in range(20)
        ]
        found = []
        for threads in (1, 2):
            models.database.execute(f"set threads = {threads}")
            found.append(models.feature_drift(features[::-1]).sort_index())
            features = [f | {"reference": f["reference"][::-1]} for f in features[::-1]]
        pd.testing.assert_frame_equal(*found, check_exact=True)


class TestValuesAreCountedInBothWindows:
    """A price is compared like for like, and who did not buy is not there."""

    @pytest.fixture
    def values(self, models):
        """Of the sales only one bar was sold in both windows: at 2 and 6."""
        models.put(
            "staging.int_drift_pairs",
            "dataset, unit, comparison, reference_date, as_of_date",
            f"('shop', 'customer', 'since_reference', {DATES}),"
            f"('shop', 'sale', 'since_reference', {DATES}),"
            f"('shop', 'sale', 'since_training', {DATES})",
        )
        models.put(
            "customer_features_history",
            "dataset, customer_id, as_of_date, orders_90_days, country, age_band, age",
            "('shop', 'c1', date '2011-03-31', 1, 'France', '25-34', 25),"
            "('shop', 'c2', date '2011-03-31', 2, null, null, 40),"
            "('shop', 'c3', date '2011-03-31', 0, 'Spain', null, 50),"
            "('shop', 'c1', date '2011-09-30', 1, 'Spain', '25-34', 25)",
        )
        models.put(
            "staging.int_drift_sales",
            "dataset, window_end, product, quantity, unit_price, lines_of_buyer",
            "('shop', date '2011-03-31', 'bar', 1, 2.00001, 2),"
            "('shop', date '2011-03-31', 'egg', 1, 2, 2),"
            "('shop', date '2011-09-30', 'bar', 1, 6, 1),"
            "('shop', date '2011-09-30', 'bar', 12, 1.5, 1)",
        )
        return models.run("intermediate/int_drift_values")

    @pytest.mark.parametrize(
        ("unit", "name", "rows"),
        [
            ("customer", "orders_90_days", {(1, 1, 1, 1, 1), (2, 1, 0, 1, 0)}),
            (
                "customer",
                "country",
                {("France", 1, 0, 1, 0), (None, 1, 0, 1, 0)} | {("Spain", 0, 1, 0, 1)},
            ),
            # A band stands for the number.
            ("customer", "age", {(None, 1, 1, 1, 1), (40, 1, 0, 1, 0)}),
            # Both lines are of one order of two, and 2.00001 is 2.
            (
                "sale",
                "unit_price",
                {(2, 2, 0, 4, 0), (6, 0, 1, 0, 1), (1.5, 0, 1, 0, 1)},
            ),
            ("sale", "relative_price", {(0.5, 1, 0, 2, 0), (1.5, 0, 1, 0, 1)}),
        ],
    )
    def test_of(self, values, unit, name, rows):
        found = values[(values.unit == unit) & (values.feature == name)]
        column = "category" if name == "country" else "number_value"
        found = found[[column]].join(found.filter(regex="_(entities|peers)$"))
        found = found.astype(object).where(found.notna(), None)
        assert set(found.itertuples(index=False, name=None)) == rows


class TestLimits:
    """The quantiles are those of chi-square, shared among the comparisons."""

    def test_are_those_of_scipy(self):
        file = PROJECT / "seeds/monitoring/chi_square_limits.csv"
        limits = pd.read_csv(file)
        assert len(limits) == 30 * 40
        expected = chi2.isf(0.025 / limits.comparisons, limits.degrees_of_freedom)
        np.testing.assert_allclose(limits.chi_square, expected, rtol=1e-9)


class TestWrongSettings:
    """A date that is none must stop before anything is built."""

    def test_a_day_that_is_not_there(self, demo_build):
        result = demo_build.dbt("parse", drift_reference_date="2011-02-30")
        assert result.returncode != 0
        assert 'The var "drift_reference_date" is "2011-02-30"; needed' in result.stdout
