"""What the tables say of categories and missing values: one meaning in all of them."""

from __future__ import annotations

import re
import shutil

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Build

CATEGORIES = ["single", "married", "it's complicated"]
BANDS = ["18-24", "25-34", "45-54"]
DEFINITION = {
    "dataset": "mall_customers",
    "features": {
        "income": {},
        "marital_status": {
            "categories": CATEGORIES,
            "encoding": "one_hot",
            "missing_at_most": 0.5,
            "missing_indicator": True,
            "weight": 2,
        },
        "age_band": {
            "categories": BANDS,
            "encoding": "ordered",
            "missing_at_most": 0.5,
            "missing_indicator": True,
            "weight": 2,
        },
    },
    "k": 5,
}


@pytest.fixture(scope="module")
def build(demo_build, tmp_path_factory) -> Build:
    """Build a segmentation by status and band, each missing for some."""
    segmentations = {"segmentations": {"shoppers": DEFINITION}}
    built = Build(tmp_path_factory.mktemp("categories"), segmentations)
    shutil.copy(demo_build.database, built.database)
    with duckdb.connect(str(built.database)) as connection:
        connection.execute(
            "update customer_features set marital_status = status, age_band = band "
            "from (select *, row_number() over (order by customer_id) as place "
            "from customer_features where dataset = 'mall_customers') as numbered "
            "join (values (0, 'single', '18-24'), (1, 'single', '25-34'), "
            "(2, 'married', null), (3, 'married', null), "
            "(4, 'it''s complicated', '45-54'), (5, null, '45-54'), "
            "(6, null, '18-24'), (7, 'married', null)) as kinds (kind, status, band) "
            "on kind = place % 8 where customer_features.dataset = 'mall_customers' "
            "and customer_features.customer_id = numbered.customer_id"
        )
    result = built.dbt(
        *("build", "--select", "segmentations", "k_selection+"),
        *("--exclude-resource-types", "unit_test"),
    )
    assert result.returncode == 0, result.stdout
    return built


class TestAMissingValueMeansTheSameEverywhere:
    """None of the categories: in the centroid, the profile, what marks a segment."""

    def test_the_mean_of_a_category_is_its_centroid(self, build):
        both = build.query(
            "select mean, centroid_original from segmentation_models "
            "join segment_profiles using (segmentation, segment_id, feature) "
            "where encoding in ('one_hot', 'is_missing')"
        )
        assert len(both) == 5 * 5
        np.testing.assert_allclose(both["mean"], both.centroid_original, atol=1e-9)

    def test_a_segment_without_a_value_has_a_row_that_says_so(self, build):
        rows = build.query(
            "from segment_profiles join segment_summary "
            "using (segmentation, segment_id) where feature = 'age_band'"
        )
        (unknown,) = rows[rows.entities == 0].itertuples()
        assert len(rows) == 5
        assert pd.isna(unknown.mean) and pd.isna(unknown.median)
        assert "age band is missing (100 %)" in unknown.marked_by

    def test_no_zero_has_a_sign(self, build):
        values = build.query("select centroid_original as x from segmentation_models")
        assert not (np.signbit(values.x) & (values.x == 0)).any()


class TestWordsSpeakOfTheColumn:
    """Nobody is of a low marital status."""

    def test_a_name_says_one_thing_of_each_column(self, build):
        names = build.query("select segment_name from segment_summary").segment_name
        assert names.is_unique
        for name in names:
            parts = re.findall(r"marital status|age band|income", name.lower())
            assert len(parts) == len(set(parts)) == len(name.split(", ")), name

    def test_a_reason_says_whether_it_has_the_category(self, build):
        rows = build.query(
            "select reason, feature_value, category, segment_reasons.segment_name, "
            "encoding, source_column "
            "from segment_reasons join segmentation_models "
            "using (segmentation, segment_id, feature)"
        )
        told = rows[rows.encoding.isin(["one_hot", "is_missing"])]
        assert {*told.category.dropna()} == {*CATEGORIES}
        for row in told.itertuples():
            what = row.category if row.encoding == "one_hot" else "missing"
            verb = "is" if row.feature_value == 1 else "is not"
            start = f"{row.source_column.replace('_', ' ')} {verb} {what} ("
            assert row.reason.startswith(f"{start}{row.segment_name}: "), row
            assert row.reason.count(" %") == 2
        rest = rows.drop(told.index).reason
        assert rest.str.contains("^(?:high |low )?(?:income|age band) \\(").all()


class TestARuleOfCategoriesIsShort:
    """And holds, behind `where` and other conditions, for whom it says."""

    def test_each_column_is_spoken_of_once_in_a_row_of_conditions(self, build):
        rules = build.query("select rule from segment_rules").rule
        for rule in rules:
            for column in ("marital_status", "age_band"):
                spoken = rule.replace(f" or {column} is null)", ")")
                for part in spoken.split(" or "):
                    bounds = [each for each in part.split(" and ") if column in each]
                    assert len(bounds) <= 1, rule

    def test_it_selects_whom_it_says(self, build):
        rules = build.query("from segment_rules")
        assert rules.rule.str.contains("marital_status|age_band").all()
        for row in rules.itertuples():
            (counted,) = build.query(
                "select count(*) as met, "
                f"count(*) filter (where segment_id = {row.segment_id}) as own "
                "from customer_features join customer_segments "
                "on entity_id = customer_id "
                "and customer_segments.dataset = customer_features.dataset "
                f"where customer_segments.segmentation = 'shoppers' and {row.rule}"
            ).itertuples()
            assert counted.met == row.entities_under_rule, row
            assert counted.own / row.entities == row.coverage > 0.9, row


class TestSqlScoresThemAsPython:
    """With the quote in a category, and what is missing."""

    def test_every_entity(self, build):
        query = build.compiled(
            "{{ score_customers(ref('customer_features'), 'shoppers') }}"
        )
        both = build.query(
            "select python.segment_id, sql.segment_id as of_sql "
            "from customer_segments as python "
            f"join ({query}) as sql on entity_id = customer_id "
            "and python.dataset = sql.dataset where segmentation = 'shoppers'"
        )
        assert len(both) > 150
        assert (both.segment_id == both.of_sql).all()
