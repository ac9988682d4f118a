"""The compiled drift models against scipy, and against the rule in plain Python."""

from __future__ import annotations

from collections import Counter
from csv import DictReader
from datetime import date
from math import isclose, log

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

REFERENCE, CURRENT = date(2011, 3, 31), date(2011, 9, 30)

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
    limit = chi2.isf(0.05 / max(compared, 1), bins - 1) if bins > 1 else 0
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
        self.database.execute(f"attach ':memory:' as {name}; use {name}")
        self.database.execute(
            f"create schema staging; attach '{build.database}' as source (read_only);"
            "create table staging.chi_square_limits as"
            " from source.staging.chi_square_limits"
        )
        folder = build.folder / "target/compiled/customer_segmentation/models"
        self.drift = (folder / "marts/monitoring/feature_drift.sql").read_text()

    def feature_drift(self, features: list[dict]) -> pd.DataFrame:
        """Compare the two windows of each feature."""
        rows = []
        for feature in features:
            before, now = Counter(feature["reference"]), Counter(feature["current"])
            rows += [
                (
                    feature["feature"],
                    feature["kind"],
                    value if feature["kind"] == "number" else None,
                    value if feature["kind"] == "category" else None,
                    before[value],
                    now[value],
                    before[value] * feature["peers"][0],
                    now[value] * feature["peers"][1],
                )
                for value in before.keys() | now.keys()
            ]
        self.database.execute(
            """
            create or replace table staging.int_drift_pairs as
            select 'shop' as dataset, 'sale' as unit,
                'since_reference' as comparison, cast(? as date) as reference_date,
                cast(? as date) as as_of_date;
            """,
            [REFERENCE, CURRENT],
        )
        self.database.execute(
            """
            create or replace table staging.int_drift_values (
                feature varchar, kind varchar, number_value double, category varchar,
                reference_entities bigint, current_entities bigint,
                reference_peers bigint, current_peers bigint
            )
            """
        )
        self.database.executemany(
            "insert into staging.int_drift_values values (?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        self.database.execute(
            """
            create or replace table staging.int_drift_values as
            select pairs.* exclude (comparison), drift_values.*
            from staging.int_drift_values as drift_values
            cross join staging.int_drift_pairs as pairs
            """
        )
        found = self.database.execute(self.drift).df()
        return (
            found.set_index("feature").astype(object).where(lambda f: f.notna(), None)
        )


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
