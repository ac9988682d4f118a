"""Measures of a clustering: equal to scikit-learn's, faster, and never in its way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import metrics
from sklearn.datasets import load_iris, make_blobs
from threadpoolctl import threadpool_limits

from customer_segmentation.errors import SegmentationError
from customer_segmentation.kmeans import fit_kmeans
from customer_segmentation.validity import (
    calinski_harabasz,
    davies_bouldin,
    elbow,
    silhouette_euclidean,
    silhouette_squared,
    simplified_silhouette,
)

IRIS = load_iris().data
IRIS_LABELS = fit_kmeans(IRIS, 3).labels


def mean_squared(points, labels) -> float:
    """Average the squared silhouettes, to stand beside the other measures."""
    return silhouette_squared(points, labels).mean()


def mean_euclidean(points, labels) -> float:
    """Return the exact mean of the Euclidean silhouettes."""
    return silhouette_euclidean(points, labels).value


def sampled_euclidean(points, labels) -> tuple[float, float, float]:
    """Estimate it from a sample, however few points there are."""
    return silhouette_euclidean(points, labels, exact_up_to=1, sample_size=100)


MEASURES = [mean_squared, mean_euclidean, davies_bouldin, calinski_harabasz]


@st.composite
def clusterings(draw) -> tuple[np.ndarray, np.ndarray]:
    """Values on a grid (so duplicates) in 2 to n - 1 clusters, some of one point."""
    n, d = draw(st.integers(3, 30)), draw(st.integers(1, 3))
    cell = st.integers(-4, 4)
    grid = np.array(draw(st.lists(cell, min_size=n * d, max_size=n * d)))
    k = draw(st.integers(2, n - 1))
    rest = draw(st.lists(st.integers(0, k - 1), min_size=n - k, max_size=n - k))
    order = draw(st.permutations(range(n)))
    return grid.reshape(n, d) / 4, np.array([*range(k), *rest])[order]


class TestTheMeasuresAreThoseOfScikitLearn:
    """A reader who checks a number with the usual library must find the same."""

    @given(clusterings(), st.sampled_from([0.0, 1024.0, 1e6]))
    @settings(max_examples=80, deadline=None)
    def test_for_squared_distances(self, case, offset):
        points, labels = case
        points += offset
        theirs = metrics.silhouette_samples(points, labels, metric="sqeuclidean")
        assert_allclose(silhouette_squared(points, labels), theirs, atol=1e-9)

    @given(clusterings(), st.sampled_from([0.0, 1024.0, 1e6]))
    @settings(max_examples=80, deadline=None)
    def test_for_euclidean_distances(self, case, offset):
        points, labels = case
        # Theirs loses the digits that an offset takes, so only ours gets one; and
        # its distance of equal points is about 1e-8 where it should be 0.
        theirs = metrics.silhouette_score(points, labels)
        ours = silhouette_euclidean(points + offset, labels)
        assert ours.value == pytest.approx(theirs, abs=1e-6)

    @given(clusterings(), st.sampled_from([0.0, 1024.0, 1e6]))
    @settings(max_examples=80, deadline=None)
    def test_for_the_indices(self, case, offset):
        points, labels = case
        # Where centroids coincide, or nothing varies within, both divide by 0.
        points = np.vstack([points, points[0] + 1])
        labels = np.append(labels, labels[0])
        points += 5 * labels[:, None]
        assert davies_bouldin(points + offset, labels) == pytest.approx(
            metrics.davies_bouldin_score(points, labels), rel=1e-6
        )
        assert calinski_harabasz(points + offset, labels) == pytest.approx(
            metrics.calinski_harabasz_score(points, labels), rel=1e-9
        )

    def test_on_iris(self):
        data = IRIS, IRIS_LABELS
        assert mean_squared(*data) == pytest.approx(
            metrics.silhouette_score(*data, metric="sqeuclidean"), abs=1e-12
        )
        assert mean_euclidean(*data) == pytest.approx(0.552819, abs=1e-6)
        assert davies_bouldin(*data) == pytest.approx(0.661972, abs=1e-6)
        assert calinski_harabasz(*data) == pytest.approx(561.627757, abs=1e-6)

    def test_with_labels_that_leave_out_a_number(self):
        gaps = IRIS_LABELS * 7 + 2
        for measure in MEASURES:
            assert measure(IRIS, gaps) == measure(IRIS, IRIS_LABELS)


class TestTheSimplifiedSilhouetteIsTheConfidence:
    """Both are read side by side: the measure of k is the mean of the customers'."""

    def test_of_each_point(self):
        fit = fit_kmeans(IRIS, 3)
        first, second = np.sort(metrics.pairwise_distances(IRIS, fit.centroids)).T[:2]
        found = simplified_silhouette(IRIS, fit.centroids)
        assert_allclose(found, 1 - first / second, rtol=1e-9)

    def test_that_is_one_at_a_centroid_and_zero_half_way(self):
        points = [[0.0], [1.0], [2.0]]
        assert simplified_silhouette(points, [[0.0], [2.0]]).tolist() == [1, 0, 1]

    def test_that_is_zero_where_two_centroids_coincide(self):
        assert simplified_silhouette([[1.0]], [[1.0], [1.0]]).tolist() == [0]

    def test_that_one_centroid_has_none_of(self):
        assert np.isnan(simplified_silhouette([[1.0], [2.0]], [[1.0]])).all()


class TestAnOffsetCostsNoDigits:
    """Years since 0 or sales in cents are far from the origin and close together."""

    # Multiples of 1/16 stay exact after an offset of 2**30.
    points = np.round(IRIS * 16) / 16

    @pytest.mark.parametrize("measure", MEASURES)
    def test_in_any_measure(self, measure):
        near = measure(self.points, IRIS_LABELS)
        far = measure(self.points + 2.0**30, IRIS_LABELS)
        assert far == pytest.approx(near, rel=1e-12)

    def test_unlike_in_scikit_learn(self):
        near = metrics.silhouette_score(self.points, IRIS_LABELS)
        far = metrics.silhouette_score(self.points + 2.0**30, IRIS_LABELS)
        assert abs(far - near) > 0.01


class TestTheSameDataGiveTheSameBits:
    """The choice of k compares these numbers: a shuffle must not change the winner."""

    points, truth = make_blobs(3000, 5, centers=4, cluster_std=3.0, random_state=1)

    @pytest.mark.parametrize("measure", [*MEASURES[1:], sampled_euclidean])
    def test_in_any_order_and_number_of_threads(self, measure):
        reference = measure(self.points, self.truth)
        for seed in range(3):
            order = np.random.default_rng(seed).permutation(len(self.points))
            for threads in (1, 2):
                with threadpool_limits(threads):
                    value = measure(self.points[order], self.truth[order])
                assert value == reference

    def test_for_each_point(self):
        reference = silhouette_squared(self.points, self.truth)
        order = np.random.default_rng(0).permutation(len(self.points))
        shuffled = silhouette_squared(self.points[order], self.truth[order])
        assert_array_equal(shuffled, reference[order])


class TestDegenerateClustersAreDefined:
    """A scan of k must go on: scikit-learn raises on most of these."""

    @pytest.mark.parametrize("measure", MEASURES)
    @pytest.mark.parametrize("n", [1, 2, 50])
    def test_as_nan_for_one_cluster(self, measure, n):
        assert np.isnan(measure(IRIS[:n], np.zeros(n, dtype=int)))

    def test_as_nan_for_one_cluster_in_a_sample(self):
        assert np.isnan(sampled_euclidean(IRIS, np.zeros(150, dtype=int))).all()

    def test_as_zero_or_nan_when_every_point_is_a_cluster(self):
        data = IRIS[:4], np.arange(4)
        assert silhouette_squared(*data).tolist() == [0, 0, 0, 0]
        assert mean_euclidean(*data) == 0
        assert np.isnan(davies_bouldin(*data))
        assert np.isnan(calinski_harabasz(*data))

    def test_as_zero_for_the_only_point_of_a_cluster(self):
        values = silhouette_squared([[0.0], [0.1], [9.0]], [1, 1, 0])
        assert values[2] == 0
        assert values[:2].min() > 0.99

    @pytest.mark.parametrize("value", [0.1, 1e6 + 0.1, -3.3e-9])
    def test_as_zero_for_clusters_at_one_place(self, value):
        # 0 / 0 in exact numbers; with rounding, any number from -1 to 1.
        points, labels = np.full((7, 2), value), [0, 0, 0, 1, 1, 1, 1]
        assert silhouette_squared(points, labels).tolist() == [0] * 7
        assert silhouette_euclidean(points, labels).value == 0

        assert np.isnan(davies_bouldin(points, labels))
        assert np.isnan(calinski_harabasz(points, labels))

    def test_as_zero_for_clusters_at_one_place_among_others(self):
        points = np.vstack([np.full((7, 2), 0.1), [[9.0, 8.3], [9.1, 8.0]]])
        labels = [0, 0, 1, 1, 1, 1, 1, 2, 2]
        assert silhouette_squared(points, labels)[:7].tolist() == [0] * 7

    @pytest.mark.parametrize("offset", [0.0, 0.1, 1e6 + 0.1])
    def test_as_perfect_for_points_of_zero_spread(self, offset):
        # As many clusters as distinct rows: the end of any scan over ordered bands.
        points = np.repeat([[0.1], [0.7]], 3, axis=0) + offset
        labels = [0, 0, 0, 1, 1, 1]
        assert silhouette_squared(points, labels).tolist() == [1] * 6
        assert silhouette_euclidean(points, labels) == (1, 1, 1)
        assert davies_bouldin(points, labels) == 0
        assert calinski_harabasz(points, labels) == np.inf


class TestASampleSaysHowFarItMayBeOff:
    """Above 5000 points the exact value is too slow: its error must be known."""

    @pytest.mark.parametrize("spread", [1.0, 4.0])
    def test_with_an_interval_that_covers_the_exact_value(self, spread):
        covered, cases = 0, 200
        points, labels = make_blobs(
            [1500, 400, 60, 20], 3, cluster_std=spread, random_state=7
        )
        exact = mean_euclidean(points, labels)
        for seed in range(cases):
            estimate = silhouette_euclidean(
                points, labels, exact_up_to=100, sample_size=200, random_state=seed
            )
            assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1
            assert estimate.high - estimate.low < 0.1
            covered += estimate.low <= exact <= estimate.high
        assert 0.9 * cases <= covered < cases  # not by being wide

    def test_that_narrows_with_its_size(self):
        points, labels = make_blobs(4000, 3, cluster_std=4.0, random_state=7)
        widths = [
            estimate.high - estimate.low
            for estimate in (
                silhouette_euclidean(points, labels, exact_up_to=1, sample_size=size)
                for size in (100, 1000)
            )
        ]
        assert widths[1] < widths[0] / 2.5

    def test_that_is_nothing_for_few_points(self):
        value, low, high = silhouette_euclidean(IRIS, IRIS_LABELS)
        assert low == value == high

    def test_that_is_nothing_when_all_are_drawn(self):
        drawn = silhouette_euclidean(
            IRIS, IRIS_LABELS, exact_up_to=149, sample_size=1000
        )
        exact = silhouette_euclidean(IRIS, IRIS_LABELS, exact_up_to=150)
        assert drawn.low == drawn.value == drawn.high
        assert drawn.value == pytest.approx(exact.value, abs=1e-12)

    def test_with_a_share_for_the_smallest_cluster(self):
        # Proportionally, none of these 5 would be among the 100 that are drawn.
        points, labels = make_blobs([3000, 3000, 5], 2, random_state=3)
        found = silhouette_euclidean(points, labels, exact_up_to=1, sample_size=100)
        assert found.low <= mean_euclidean(points, labels) <= found.high

    def test_in_blocks_of_any_size(self, monkeypatch):
        whole = sampled_euclidean(IRIS, IRIS_LABELS)
        monkeypatch.setattr("customer_segmentation.validity._CELLS", 400)
        assert sampled_euclidean(IRIS, IRIS_LABELS) == whole


class TestTheElbowIsWhereTheCurveBends:
    """People look for it by eye: it must be the point that they would show."""

    def test_most(self):
        assert elbow(range(1, 8), [100, 60, 22, 19, 16, 13, 10]) == 3

    def test_on_iris(self):
        k = range(1, 9)
        assert elbow(k, [fit_kmeans(IRIS, i, n_init=3).inertia for i in k]) in (2, 3)

    def test_by_the_distance_to_the_chord(self):
        k = np.arange(2, 11)
        inertia = 1000 / k**1.5
        x = (k - 2) / 8
        y = (inertia - inertia[-1]) / (inertia[0] - inertia[-1])
        # Distance of a point to the line through (0, 1) and (1, 0).
        distance = np.abs(x + y - 1) / np.sqrt(2)
        assert elbow(k, inertia) == k[distance.argmax()]

    def test_in_any_unit_and_order(self):
        k, inertia = np.array([2, 3, 4, 6, 9]), np.array([90.0, 40, 30, 25, 20])
        found = elbow(k, inertia)
        for scale, offset in [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e6)]:
            assert elbow(k[::-1], inertia[::-1] * scale + offset) == found

    def test_at_the_smaller_k_of_equals(self):
        assert elbow([1, 2, 3, 4], [8, 4, 2, 2]) == 2

    @pytest.mark.parametrize(
        "inertia",
        [
            [],
            [3.0],
            [3.0, 1.0],
            [0.9, 0.6, 0.3, 0.0],  # a line, but for rounding
            [5.0, 5.0, 5.0],
            [1.0, 2.0, 3.0],
            [10.0, 9.0, 1.0],  # bends the other way
        ],
    )
    def test_or_nowhere(self, inertia):
        assert elbow(range(1, len(inertia) + 1), inertia) is None


class TestWhatCannotBeMeasuredIsRefused:
    """A wrong label or length gives a plausible number, unless it is refused."""

    @pytest.mark.parametrize("measure", [silhouette_squared, *MEASURES[1:]])
    @pytest.mark.parametrize(
        ("points", "labels", "words"),
        [
            ([[1.0], [2.0]], [0], "2 rows, labels shape (1,)"),
            ([[1.0], [2.0]], [[0], [1]], "2 rows, labels shape (2, 1)"),
            (np.empty((0, 2)), [], "at least 1 row"),
            ([[1.0], [2.0]], [0.0, 1.0], "labels have float64"),
            ([[1.0], [2.0]], [-1, 0], "labels have a least value of -1"),
            ([[1.0], [np.nan]], [0, 1], "nan in row 1, column 0"),
        ],
    )
    def test_as_clusters(self, measure, points, labels, words):
        with pytest.raises(SegmentationError) as error:
            measure(points, labels)
        assert words in str(error.value)

    @pytest.mark.parametrize("option", ["exact_up_to", "sample_size"])
    def test_as_options(self, option):
        with pytest.raises(SegmentationError, match=f"{option} = 0"):
            silhouette_euclidean(IRIS, IRIS_LABELS, **{option: 0})

    @pytest.mark.parametrize(
        ("k", "inertia", "words"),
        [
            ([1, 2, 3], [3, 2], "(3,), inertias (2,)"),
            ([1, 2, 3], [3, np.nan, 1], "inertias hold nan in row 1"),
            ([1, 2, 2], [3, 2, 1], "1 of 3 k_values are repeated"),
            ([1.0, 2.0, 3.0], [3, 2, 1], "k_values have float64"),
        ],
    )
    def test_as_an_elbow(self, k, inertia, words):
        with pytest.raises(SegmentationError) as error:
            elbow(k, inertia)
        assert words in str(error.value)
