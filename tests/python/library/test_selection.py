"""The number of segments: every k measured, one chosen, the reason beside it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy.spatial.distance import cdist
from sklearn.datasets import make_blobs
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_samples,
    silhouette_score,
)

from customer_segmentation import selection
from customer_segmentation.definitions import Segmentation
from customer_segmentation.errors import SegmentationError
from customer_segmentation.selection import COLUMNS, fit, select_k

BLOBS, TRUTH = make_blobs(
    120, centers=[[0, 0], [9, 0], [0, 9]], cluster_std=0.8, random_state=0
)


def defined(**keys) -> Segmentation:
    features = {"orders": {}}
    keys = {"name": "buyers", "dataset": "online_retail", "features": features} | keys
    return Segmentation.model_validate(keys)


@st.composite
def points(draw) -> np.ndarray:
    """Few values on a grid: duplicates, ties, and fewer rows than the range of k."""
    n, d = draw(st.integers(1, 20)), draw(st.integers(1, 2))
    cell = st.integers(-3, 3)
    return (
        np.reshape(draw(st.lists(cell, min_size=n * d, max_size=n * d)), (n, d)) * 0.1
    )


class TestTheRuleChooses:
    """The rule is published with the result: it must be the one that is applied."""

    @pytest.fixture
    def measured(self, monkeypatch):
        """Choose on given measures of k = 1, 2, ..."""

        def choose(
            scores, shares=None, jaccards=None, current_k=None, **keys
        ) -> pd.DataFrame:
            shares = shares or [0.1] * len(scores)
            jaccards = jaccards or [0.9] * len(scores)

            def measure(points, spread, k, reference, definition):
                return dict.fromkeys(COLUMNS, 0.0) | {
                    "k": k,
                    "inertia": 1 / k,
                    "score": scores[k - 1],
                    "score_standard_error": 0.0625,
                    "smallest_share": shares[k - 1],
                    "min_jaccard": jaccards[k - 1],
                    "structure": "reproducible",
                }

            monkeypatch.setattr(selection, "_measure", measure)
            definition = defined(**{"k_range": [1, len(scores)]} | keys)
            rows = select_k(np.arange(9.0)[:, None], definition, current_k)
            return rows.set_index("k")

        return choose

    @pytest.mark.parametrize(
        ("scores", "chosen", "why"),
        [
            ([np.nan, 0.5, 0.7, 0.6], 3, "(0.7000) of 3 accepted k of 3"),
            ([np.nan, 0.5, 0.7, 0.705], 4, "(0.7050) of 3 accepted k of 3"),
            ([np.nan, 0.7, 0.5, 0.7], 2, "(0.7000) of 3 accepted k of 3"),
            ([np.nan, -0.5, -0.2], 3, "(-0.2000) of 2 accepted k of 2"),
            ([np.nan, 0.2, np.nan], 2, "(0.2000) of 2 accepted k of 2"),
        ],
    )
    def test_the_best_score(self, measured, scores, chosen, why):
        rows = measured(scores)
        assert rows.index[rows.is_chosen].tolist() == [chosen]
        assert rows.reason[chosen] == f"chosen: best score {why}"

    def test_the_only_one_that_is_accepted_whatever_its_score(self, measured):
        """It may have the lowest score of all: the reason must not praise it."""
        rows = measured([np.nan, 0.1, 0.5, 0.7], jaccards=[np.nan, 0.7, 0.5, 0.5])
        assert rows.reason[2] == "chosen: the only accepted k of 3"

    def test_none_below_a_minimum(self, measured):
        rows = measured(
            [np.nan, 0.5, 0.6, 0.9, 0.8, 0.7],
            shares=[1, 0.2, 0.03, 0.02999, 0.2, 0.01],
            jaccards=[np.nan, 0.9, 0.6, 0.9, 0.5999, 0.3],
        )
        assert rows.is_accepted.tolist() == [False, True, True, False, False, False]
        assert rows.is_chosen.idxmax() == 3
        best = "best score (0.6000) of 2 accepted k of 5"
        share = "the smallest segment holds {} of the entities, the minimum is 3%"
        jaccard = (
            "the least stable segment has a Jaccard similarity of {}, the minimum "
            "is 0.6"
        )
        assert rows.reason.tolist() == [
            "reference: one segment has no silhouette",
            f"accepted, but k = 3 is preferred: {best}",
            f"chosen: {best}",
            f"rejected: {share.format('2.999%')}",
            f"rejected: {jaccard.format('0.5999')}",
            f"rejected: {share.format('1%')}; {jaccard.format('0.3')}",
        ]

    def test_any_if_the_minimum_is_switched_off(self, measured):
        for keys in (
            {"shares": [1, 0.2, 0.0001], "minimum_share": 0},
            {"jaccards": [np.nan, 0.9, 0.01], "minimum_jaccard": 0},
            {"jaccards": [np.nan, 0.9, np.nan]},
        ):
            assert measured([np.nan, 0.5, 0.9], **keys).is_chosen.idxmax() == 3

    @pytest.mark.parametrize(("first", "chosen"), [(1, 1), (2, 2), (3, 3)])
    def test_the_fewest_if_none_is_acceptable(self, measured, first, chosen):
        shares, jaccards = [1, 0.001, 0.2, 0.001], [np.nan, 0.9, 0.1, 0.1]
        keys = {"k_range": [first, 4], "minimum_share": 0.005}
        rows = measured([np.nan, 0.1, 0.2, 0.3], shares, jaccards, **keys)
        assert rows.is_chosen.idxmax() == chosen
        assert rows.reason[chosen] == (
            "chosen: the smallest k, because none above 1 keeps the minimum share of "
            "0.5% and the minimum Jaccard similarity of 0.6"
        )

    def test_the_fewest_if_none_has_a_score(self, measured):
        rows = measured([np.nan, np.nan, np.nan], jaccards=[np.nan] * 3)
        assert rows.is_chosen.idxmax() == 2
        assert rows.reason[2] == (
            "chosen: the smallest accepted k, because none has a score: too few "
            "entities were fitted"
        )

    @pytest.mark.parametrize(
        ("current", "chosen", "reason"),
        [
            (3, 3, "chosen: in use, and not clearly worse: score 0.6700, best 0.7500 "),
            (3, 3, "at k = 4, standard error of the difference 0.0884"),
            (4, 4, "chosen: best score (0.7500) of 4 accepted k of 5"),
            (5, 5, "chosen: in use, and not clearly worse: score 0.7500"),
            (2, 4, "chosen: best score (0.7500) of 4 accepted k of 5"),
            (6, 4, "chosen: best score (0.7500) of 4 accepted k of 5"),
            (9, 4, "chosen: best score (0.7500) of 4 accepted k of 5"),
        ],
    )
    def test_the_k_in_use_while_nothing_is_clearly_better(
        self, measured, current, chosen, reason
    ):
        """A tie is no reason to replace segments that people know."""
        rows = measured(
            [np.nan, 0.66, 0.67, 0.75, 0.75, 0.74],
            shares=[1, 0.1, 0.1, 0.1, 0.1, 0.01],
            current_k=current,
        )
        assert rows.is_chosen.idxmax() == chosen
        assert reason in rows.reason[chosen]

    @pytest.mark.parametrize("k", [1, 3, 5])
    def test_a_fixed_k_whatever_the_others_are(self, measured, k):
        scores, shares = [np.nan, 0.9, 0.1, 0.2, 0.1], [1, 0.2, 0.001, 0.2, 0.001]
        rows = measured(scores, shares, k=k, k_range=[2, 4], current_k=2)
        assert rows.index.tolist() == list(range(min(k, 2), max(k, 4) + 1))
        assert rows.is_chosen.idxmax() == k
        assert rows.reason[k] == "chosen: fixed by the definition"
        assert rows.reason[2] == f"accepted, but k = {k} is fixed by the definition"

    def test_what_was_put_in(self):
        rows = select_k(BLOBS, defined(k_range=[1, 6])).set_index("k")
        assert rows.is_chosen.idxmax() == rows.is_elbow.idxmax() == 3
        assert rows.structure[3] == "natural"
        found = fit(BLOBS, 3, defined()).labels
        assert len(np.unique([TRUTH, found], axis=1).T) == 3


class TestEveryKIsMeasured:
    """The elbow curve and the silhouettes are looked at by eye as well."""

    rows = select_k(BLOBS, defined(k_range=[1, 5])).set_index("k")

    @pytest.mark.parametrize("k", range(1, 6))
    def test_inertia_is_the_sum_of_squared_distances(self, k):
        fitted = fit(BLOBS, k, defined())
        squared = cdist(BLOBS, fitted.centroids, "sqeuclidean").min(axis=1)
        assert self.rows.inertia[k] == pytest.approx(squared.sum(), rel=1e-12)
        share = np.bincount(fitted.labels).min() / len(BLOBS)
        assert self.rows.smallest_share[k] == share

    @pytest.mark.parametrize("k", range(2, 6))
    def test_the_other_measures_are_those_of_scikit_learn(self, k):
        labels, row = fit(BLOBS, k, defined()).labels, self.rows.loc[k]
        for ours, theirs in {
            row.silhouette: silhouette_score(BLOBS, labels, metric="sqeuclidean"),
            row.silhouette_euclidean: silhouette_score(BLOBS, labels),
            row.davies_bouldin: davies_bouldin_score(BLOBS, labels),
            row.calinski_harabasz: calinski_harabasz_score(BLOBS, labels),
        }.items():
            assert ours == pytest.approx(theirs, rel=1e-9)
        assert row.silhouette_euclidean_low == row.silhouette_euclidean
        assert row.silhouette_euclidean_high == row.silhouette_euclidean

    def test_the_standard_error_is_that_of_the_mean(self):
        labels = fit(BLOBS, 3, defined()).labels
        each = silhouette_samples(BLOBS, labels, metric="sqeuclidean")
        expected = each.std() / np.sqrt(len(BLOBS))
        assert self.rows.silhouette_standard_error[3] == pytest.approx(expected)

    def test_one_segment_has_an_inertia_and_no_more(self):
        one = self.rows.loc[1]
        assert one.smallest_share == 1
        scores = "silhouette|davies|calinski|score|jaccard|ari|structure"
        assert one[one.index.str.contains(scores)].isna().all()
        assert not one.is_accepted

    def test_in_the_documented_columns(self):
        rows = select_k(BLOBS, defined(k=2, k_range=[2, 2]))
        assert rows.dtypes.astype(str).to_dict() == COLUMNS
        assert rows.columns.tolist() == list(COLUMNS)
        assert rows.segmentation.tolist() == ["buyers"]


class TestExactlyOneKIsChosen:
    """The model that fits reads one row: none or two would be no segmentation."""

    @given(
        points(),
        st.sampled_from([[1, 4], [2, 10], [3, 5]]),
        st.sampled_from([0, 0.03, 0.4]),
        st.sampled_from(["auto", 2]),
        st.randoms(use_true_random=False),
    )
    @settings(max_examples=40, deadline=None)
    def test_for_all_data_with_a_reason_for_every_k(
        self, points, k_range, minimum_share, k, random
    ):
        definition = defined(
            k_range=k_range, minimum_share=minimum_share, k=k, n_init=1
        )
        distinct = len(np.unique(points, axis=0))
        try:
            rows = select_k(points, definition)
        except SegmentationError as error:
            needed = k_range[0] if k == "auto" else k
            assert distinct < needed
            assert re.search(
                f"{needed}, but the {len(points)} .*{distinct} dis", str(error)
            )
            return
        assert rows.k.tolist() == [k for k in definition.k_values if k <= distinct]
        assert rows.is_chosen.sum() == 1
        assert rows.is_elbow.sum() <= 1
        for row in rows.itertuples():
            start = "chosen" if row.is_chosen else "(accepted|rejected|reference)"
            assert re.match(f"{start}(: |, but )", row.reason)
        # The same to the bit, whatever the order of the rows.
        order = random.sample(range(len(points)), len(points))
        shuffled = select_k(points[order], definition)
        assert_frame_equal(shuffled, rows, check_exact=True)

    @pytest.mark.parametrize(
        ("points", "k_range", "chosen"),
        [
            ([[0.0], [1.0]], [2, 10], 2),
            ([[0.0], [1.0], [1.0], [1.0]], [2, 10], 2),
            ([[0.0], [1.0], [5.0]], [2, 10], 2),
            ([[4.0]], [1, 10], 1),
            ([[4.0], [4.0]], [1, 10], 1),
        ],
    )
    def test_for_fewer_entities_than_segments(self, points, k_range, chosen):
        rows = select_k(np.array(points), defined(k_range=k_range))
        assert rows.k[rows.is_chosen].tolist() == [chosen]
        assert rows.k.max() == len(np.unique(points))

    @pytest.mark.parametrize(
        ("points", "keys", "words"),
        [
            ([[4.0]], {}, "k_range begins at 2, but the 1 fitted .* only 1 distinct"),
            ([[4.0]] * 5, {}, "k_range begins at 2, but the 5 fitted .* only 1"),
            ([[4.0], [5.0]], {"k_range": [3, 9]}, "begins at 3, but the 2 .* only 2"),
            ([[4.0], [5.0]], {"k": 3}, "k = 3, but the 2 rows have only 2 distinct"),
        ],
    )
    def test_or_a_reason_why_none_can_be(self, points, keys, words):
        with pytest.raises(SegmentationError, match=words):
            select_k(np.array(points), defined(**keys))


class TestAFitFollowsTheDefinition:
    """A published result can be had with its own options only."""

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("n_init", 2),
            ("max_iter", 1),
            ("tolerance", 0.5),
            ("random_state", 1),
            ("fit_order", "line_number"),
        ],
    )
    def test_in_each_option(self, key, value):
        noise = np.random.default_rng(0).normal(size=(300, 2))
        plain = {"n_init": 1, "grain": "sale"}
        usual, other = (
            fit(noise, 6, defined(**keys)).centroids
            for keys in (plain, plain | {key: value})
        )
        assert not np.array_equal(usual, other)
