"""The verdict: a cut through a continuum must not be sold as a discovery."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.datasets import load_iris
from threadpoolctl import threadpool_limits

from customer_segmentation.kmeans import fit_kmeans
from customer_segmentation.stability import quick_centroids
from customer_segmentation.structure import (
    are_separated,
    reference_silhouettes,
    spread_ties,
    verdict,
)
from customer_segmentation.validity import simplified_silhouette


def blobs(centres, size=100, seed=0):
    """Scatter round groups of standard deviation 1."""
    random = np.random.default_rng(seed)
    centres = np.array(centres, dtype=float)
    return np.vstack([c + random.normal(size=(size, len(c))) for c in centres])


def separated(points, k):
    points = np.asarray(points, dtype=float)
    return are_separated(spread_ties(points), fit_kmeans(points, k).centroids)


def return_rates(random, size):
    """Customers alike: each unit comes back with the same probability."""
    units = 1 + random.poisson(1.5, size)
    return random.binomial(units, 0.2) / units


def turned(angle):
    return np.c_[np.cos(angle), np.sin(angle)]


def outside(points):
    """Leave a square hole in the middle of a box."""
    return points[np.abs(points).max(axis=1) > 1]


class TestGroupsWithAValleyBetweenThemAreSeparated:
    """Whatever their arrangement: in a grid, permuted columns give the same groups."""

    @pytest.mark.parametrize(
        "centres",
        [
            [[0], [7]],
            [[0], [7], [15]],
            [[0, 0], [7, 0], [0, 7], [7, 7]],
            [[0, 0], [7, 0], [14, 0], [0, 7], [7, 7], [14, 7]],
            7 * np.eye(6),
        ],
    )
    def test_all_of_them(self, centres):
        assert separated(blobs(centres), len(centres))

    def test_some_of_them(self):
        """Two that hold more than one group each are separated as well."""
        assert separated(blobs([[0], [7], [21], [28]]), 2)

    def test_not_where_one_is_cut_in_two(self):
        assert not separated(blobs([[0], [7], [15]]), 4)

    @pytest.mark.parametrize(
        "points",
        [
            lambda random, first: np.log1p(random.poisson(np.where(first, 2, 40))),
            lambda random, first: random.binomial(12, np.where(first, 0.02, 0.6)) / 12,
        ],
    )
    def test_of_counts_and_rates(self, points):
        """Between any two of their values there is a gap: it must not hide groups."""
        first = np.arange(600) % 2 == 0
        assert separated(points(np.random.default_rng(0), first)[:, None], 2)

    def test_the_flowers(self):
        """One species stands apart, the two others merge."""
        iris = load_iris().data
        assert [separated(iris, k) for k in (2, 3)] == [True, False]

    def test_not_on_the_word_of_a_few_points(self):
        assert not separated([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]], 2)


class TestNoContinuumIsSeparated:
    """Each of these has misled a measure of separation that projects or permutes."""

    CONTINUA = {
        "uniform": lambda random, size: random.uniform(size=size),
        "normal": lambda random, size: random.normal(size=size),
        "elongated": lambda random, size: (
            random.normal(size=size) + 3 * random.normal(size=(size[0], 1))
        ),
        "log-normal": lambda random, size: random.lognormal(size=size),
        "heavy tails": lambda random, size: random.standard_t(3, size=size),
        "counts": lambda random, size: np.log1p(random.poisson(2, size=size)),
        "visits": lambda random, size: np.log1p(random.geometric(0.4, size=size)),
        "return rates": lambda random, size: return_rates(random, size),
        "zeros and spend": lambda random, size: np.where(
            random.uniform(size=size) < 0.3, 0, np.log1p(random.lognormal(3, 1, size))
        ),
        "many zeros": lambda random, size: np.where(
            random.uniform(size=size) < 0.6, 0, random.exponential(size=size)
        ),
    }

    WITH_A_HOLE = {
        "ring": lambda random, size: (
            turned(random.uniform(0, 2 * np.pi, size[0]))
            * (1 + 0.1 * random.normal(size=(size[0], 1)))
        ),
        "arc": lambda random, size: (
            turned(random.uniform(0, 4, size[0])) + 0.1 * random.normal(size=size)
        ),
        "frame": lambda random, size: outside(random.uniform(-2, 2, (2 * size[0], 2))),
    }

    @pytest.mark.parametrize("kind", CONTINUA)
    @pytest.mark.parametrize(
        "size", [(60, 1), (200, 2), (500, 10), (2000, 1), (2000, 3)]
    )
    def test_at_any_k(self, kind, size):
        self.check(self.CONTINUA[kind](np.random.default_rng(0), size))

    @pytest.mark.parametrize("kind", WITH_A_HOLE)
    @pytest.mark.parametrize("n", [200, 600, 1500])
    def test_that_goes_round_a_hole(self, kind, n):
        """Half way between two centroids nobody is, but there is a way round."""
        self.check(self.WITH_A_HOLE[kind](np.random.default_rng(0), (n, 2)))

    def check(self, points):
        points = (points - points.mean(axis=0)) / points.std(axis=0)
        spread = spread_ties(points)
        distinct = len(np.unique(points, axis=0))
        for k in range(2, min(11, distinct)):
            assert not are_separated(spread, quick_centroids(points, k)), k


class TestTiesAreSpreadOverTheirGaps:
    """Discrete values would be groups of their own, with nothing between them."""

    @given(st.lists(st.integers(-4, 4), min_size=1, max_size=30))
    def test_over_half_the_room_that_a_quarter_as_many_others_take(self, values):
        before = np.sort(np.array(values, dtype=float))
        after = spread_ties(before[:, None])[:, 0]
        distinct, counts = np.unique(before, return_counts=True)
        for value, count in zip(distinct, counts, strict=True):
            others = np.sort(np.abs(before[before != value] - value))
            moved = np.abs(after[before == value] - value)
            if count == 1 or not len(others):
                assert (moved == 0).all()
            else:
                room = others[min(max(count // 4, 1), len(others)) - 1]
                assert (moved <= room / 2).all() and moved.any()

    def test_so_that_a_rare_value_beside_a_heap_leaves_it_no_spike(self):
        heap, rare, others = np.zeros(50), [0.01], np.linspace(0.5, 1.5, 100)
        after = spread_ties(np.r_[heap, rare, others][:, None])[:50, 0]
        assert np.ptp(after) > 0.5

    def test_without_a_change_to_what_was_given(self):
        points = np.zeros((4, 2))
        points[0] = 1
        given = points.copy()
        assert not np.array_equal(spread_ties(points)[1:], points[1:])
        assert_array_equal(points, given)


class TestTheReferenceIsAUniformBox:
    """Along the principal axes: a box along the features would hold empty corners."""

    def test_that_a_uniform_box_equals(self):
        """Turned, it has the silhouettes of its references."""
        points = np.random.default_rng(0).uniform(size=(2000, 2)) * [1, 10]
        points = points @ np.array([[0.6, 0.8], [-0.8, 0.6]])
        for k, reference in reference_silhouettes(points, range(2, 6)).items():
            ours = simplified_silhouette(points, fit_kmeans(points, k).centroids)
            assert ours.mean() == pytest.approx(reference, abs=0.02)

    def test_that_groups_surpass(self):
        points = blobs([[0, 0], [7, 0], [0, 7]])
        ours = simplified_silhouette(points, fit_kmeans(points, 3).centroids).mean()
        assert ours > reference_silhouettes(points, [3])[3] + 0.1

    def test_that_is_the_same_for_any_order_and_number_of_threads(self):
        points = blobs([[0, 0], [7, 0]])
        expected = reference_silhouettes(points, [2, 3])
        for threads in (1, 2):
            with threadpool_limits(threads):
                assert reference_silhouettes(points[::-1], [3, 2]) == expected

    def test_that_is_the_same_for_any_processor(self, monkeypatch):
        """Kernels of BLAS for other processors differ in the last bits."""
        points = blobs([[0, 0], [7, 0]])
        expected = reference_silhouettes(points, range(2, 9))
        svd = np.linalg.svd
        for towards in (-1, 1):

            def on_another(*given, towards=towards, **options):
                left, values, axes = svd(*given, **options)
                return left, values, np.nextafter(axes, towards)

            monkeypatch.setattr(np.linalg, "svd", on_another)
            assert reference_silhouettes(points, range(2, 9)) == expected

    @pytest.mark.parametrize("points", [[[1.0]], [[1.0]] * 3, [[0.0], [1.0]]])
    def test_that_is_nan_for_too_few_points(self, points):
        found = reference_silhouettes(points, [1, len(points), 9])
        assert np.isnan(list(found.values())).all()


class TestTheVerdictIsTheWeakestOfThree:
    """Natural needs all: stable, separated, and better than no structure."""

    @pytest.mark.parametrize(
        ("is_separated", "jaccard", "silhouette", "expected"),
        [
            (True, 0.75, 0.51, "natural"),
            (False, 0.75, 0.51, "reproducible"),
            (True, 0.75, 0.5, "reproducible"),
            (True, 0.7499, 0.9, "constructed"),
            (False, 0.1, 0.1, "constructed"),
            (True, np.nan, 0.9, None),
            (True, 0.9, np.nan, None),
        ],
    )
    def test_of_these(self, is_separated, jaccard, silhouette, expected):
        assert verdict(is_separated, jaccard, silhouette, 0.5) == expected

    @given(st.lists(st.integers(-3, 3), min_size=1, max_size=12), st.integers(1, 4))
    @settings(deadline=None)
    def test_never_separated_with_a_single_segment_or_few_points(self, values, k):
        points, k = np.array(values, dtype=float)[:, None], min(k, len(set(values)))
        found = are_separated(spread_ties(points), fit_kmeans(points, k).centroids)
        assert not (found and (k == 1 or len(points) < 10))
