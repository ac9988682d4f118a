"""Demo mall customers: same shape and traps as the source, groups to be found."""

from __future__ import annotations

import pandas as pd
import pytest
from demos import agreement, demo, every_seed, silhouettes, strange

INCOME, SCORE = "Annual Income (k$)", "Spending Score (1-100)"


def customers(seed: int) -> pd.DataFrame:
    return demo("mall_customers", seed).tables["customers"]


def clean(seed: int) -> pd.DataFrame:
    """Return income and score of the customers that are fit for use, by id."""
    rows = customers(seed).drop_duplicates()
    rows = rows[(rows["Age"] != "abc") & (rows[SCORE] != "130")]
    return rows.set_index("CustomerID")[[INCOME, SCORE]].astype(float)


@every_seed
class TestSameShapeAsTheSource:
    @pytest.mark.parametrize(
        ("column", "pattern", "exceptions"),
        [
            ("CustomerID", r"0\d{3}", set()),
            ("Genre", "Female|Male", set()),
            ("Age", r"1[89]|[2-6]\d|7[012]", {"abc"}),
            (INCOME, r"1[4-9]|[2-9]\d|1[0-4]\d", set()),
            (SCORE, r"[1-9]\d?|100", {"130"}),
        ],
    )
    def test_format(self, column, pattern, exceptions, seed):
        assert strange(customers(seed)[column], pattern) <= exceptions

    def test_ids_run_from_1_to_240_in_order_of_income(self, seed):
        rows = customers(seed).drop_duplicates()
        assert list(rows["CustomerID"]) == [f"{i:04}" for i in range(1, 241)]
        assert rows[INCOME].astype(int).is_monotonic_increasing


@every_seed
class TestTrapsArePresent:
    def test_one_duplicate_row(self, seed):
        assert customers(seed).duplicated().sum() == 1

    @pytest.mark.parametrize(("column", "text"), [("Age", "abc"), (SCORE, "130")])
    def test_one_row_of_each_spoilt_kind(self, column, text, seed):
        assert (customers(seed)[column] == text).sum() == 1

    def test_spoilt_rows_are_different_rows(self, seed):
        assert len(clean(seed)) == 238


@every_seed
class TestPlantedGroups:
    def test_customers_of_groups_and_of_clean_rows_are_the_same(self, seed):
        assert list(demo("mall_customers", seed).groups.index) == list(
            clean(seed).index
        )

    def test_they_are_what_their_names_say(self, seed):
        groups = demo("mall_customers", seed).groups
        middle = clean(seed).groupby(groups).mean()
        typical = middle.loc["Middle Earners"]
        for name in set(groups) - {"Middle Earners"}:
            above = middle.loc[name] > typical
            assert above[INCOME] == name.startswith("High Earners")
            assert above[SCORE] == name.endswith("High Spenders")

    def test_five_clusters_agree_with_the_groups(self, seed):
        groups = demo("mall_customers", seed).groups
        # Groups overlap as customers do.
        assert 0.85 <= agreement(groups, clean(seed)) < 1

    def test_five_is_the_best_number_of_clusters(self, seed):
        assert silhouettes(clean(seed)).idxmax() == 5
