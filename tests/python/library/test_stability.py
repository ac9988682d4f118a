"""Fits on halves: what they have in common is no accident of the sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from customer_segmentation.errors import SegmentationError
from customer_segmentation.identity import shared_members
from customer_segmentation.kmeans import fit_kmeans
from customer_segmentation.stability import (
    _most_alike,
    adjusted_rand,
    split_halves,
)

BLOBS, _ = make_blobs(300, centers=[[0, 0], [9, 0], [0, 9]], random_state=0)
CLOUD = np.random.default_rng(0).normal(size=(300, 2))


def measured(points, k, **options):
    return split_halves(points, fit_kmeans(points, k).centroids, **options)


class TestStableSegmentsAreToldFromOthers:
    """What another sample would cut elsewhere is nothing to build a plan on."""

    def test_groups_are_found_in_each_half(self):
        found = measured(BLOBS, 3)
        assert found.jaccard.min() > 0.95
        assert found.agreement.min() > 0.95

    def test_cuts_through_a_cloud_are_not(self):
        found = measured(CLOUD, 5)
        assert found.jaccard.mean(axis=0).min() < 0.6
        assert found.agreement.mean() < 0.6

    def test_only_the_clusters_that_are_cut_suffer(self):
        """With one group cut in two, the two others are as stable as before."""
        centroids = fit_kmeans(BLOBS, 4).centroids
        found = split_halves(BLOBS, centroids).jaccard.mean(axis=0)
        assert sorted(found > 0.75) == [False, False, True, True]

    def test_the_centroids_that_are_given_are_those_that_are_judged(self):
        right, wrong = [[0, 0], [9, 0], [0, 9]], [[-1, 0], [1, 0], [5, 5]]
        stable = split_halves(BLOBS, right).jaccard.mean(axis=0).min()
        assert stable > 0.95 > 0.75 > split_halves(BLOBS, wrong).jaccard.mean()


class TestTheMeasuresAreThoseOfTheLiterature:
    """A statistician who computes them by other means must find the same."""

    labels = st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30
    ).map(lambda pairs: np.array(pairs).T)

    @given(labels)
    def test_adjusted_rand_index(self, labels):
        found = adjusted_rand(shared_members(*labels, segments=(4, 4)))
        assert found == pytest.approx(adjusted_rand_score(*labels), abs=1e-12)

    @given(labels)
    def test_jaccard_similarity_with_the_most_similar_cluster(self, labels):
        first, second = (
            [set(np.flatnonzero(of == cluster)) for cluster in range(4)]
            for of in labels
        )
        expected = [
            max(len(a & b) / len(a | b) for b in second) if a else np.nan for a in first
        ]
        assert_array_equal(
            _most_alike(shared_members(*labels, segments=(4, 4))), expected
        )


class TestTheSameDataGiveTheSameBits:
    """k would change with the order of a file."""

    def test_in_any_order_and_number_of_threads(self):
        centroids = fit_kmeans(CLOUD, 4).centroids
        expected = split_halves(CLOUD, centroids)
        for threads in (1, 2):
            with threadpool_limits(threads):
                found = split_halves(CLOUD[::-1], centroids)
            for ours, theirs in zip(found, expected, strict=True):
                assert_array_equal(ours, theirs)

    def test_but_other_splits_with_another_seed(self):
        first, second = (measured(CLOUD, 4, random_state=seed) for seed in (0, 1))
        assert not np.array_equal(first.agreement, second.agreement)


class TestFewRowsAreNoFault:
    """A new shop has three customers."""

    @given(st.lists(st.integers(0, 4), min_size=1, max_size=14), st.integers(1, 4))
    @settings(max_examples=40, deadline=None)
    def test_but_nan_where_a_half_has_fewer_than_k(self, values, k):
        points, k = np.array(values)[:, None], min(k, len(set(values)))
        found = measured(points, k, pairs=2)
        assert found.jaccard.shape == (4, k)
        assert found.agreement.shape == (2,)
        unknown = k == 1 or len(points) // 2 < k
        assert np.isnan(found.agreement).all() == unknown
        assert np.isnan(found.jaccard).all() == unknown
        assert not (found.jaccard > 1).any() and not (found.jaccard < 0).any()


class TestWhatCannotBeUsedIsRefused:
    """In words, not by an error of a library."""

    @pytest.mark.parametrize(
        ("centroids", "options", "words"),
        [
            ([[0.0]], {}, "points have 2 columns, centroids 1"),
            ([[0.0, np.nan]], {}, "centroids hold nan in row 0, column 1"),
            ([[0.0, 0.0]], {"pairs": 0}, "pairs = 0. Give a whole number"),
            ([[0.0, 0.0]], {"largest_half": 1.5}, "largest_half = 1.5. Give a whole"),
        ],
    )
    def test_with_its_reason(self, centroids, options, words):
        with pytest.raises(SegmentationError, match=words):
            split_halves(BLOBS, centroids, **options)
