"""K-means: the same result for the same data, and the nearest centroid for all."""

from __future__ import annotations

import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, load_wine, make_blobs
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

from customer_segmentation.errors import SegmentationError
from customer_segmentation.kmeans import Fit, fit_kmeans, nearest, one_thread
from customer_segmentation.validity import silhouette_euclidean

IRIS = load_iris().data
# Without structure, k-means ends elsewhere after the least difference in rounding.
NOISE = np.random.default_rng(0).normal(size=(5000, 4))


@st.composite
def points_and_k(draw) -> tuple[np.ndarray, int]:
    """Few values on a grid: many duplicates and many ties; any offset and scale."""
    n, d = draw(st.integers(1, 25)), draw(st.integers(1, 3))
    cell = st.integers(-3, 3)
    grid = np.array(draw(st.lists(cell, min_size=n * d, max_size=n * d)))
    scale = draw(st.sampled_from([1.0, 0.1, 1e-6, 1e6]))
    offset = draw(st.sampled_from([0.0, 0.1, 1e6]))
    points = grid.reshape(n, d) * scale + offset
    return points, draw(st.integers(1, len(np.unique(points, axis=0))))


def bits(fit: Fit) -> tuple[bytes, float]:
    """Return what must not depend on the order of the rows."""
    return fit.centroids.tobytes(), fit.inertia


def threads() -> list[int]:
    """Return the limit of each library that has threads."""
    return [library["num_threads"] for library in threadpool_info()]


class TestTheSameDataGiveTheSameBits:
    """Two runs that differ only in order or machine load must not move a customer.

    scikit-learn alone fails both on this data (see the last test), so that these
    tests would notice if the sorting or the limit of threads were lost.
    """

    reference = fit_kmeans(NOISE, 6)

    @pytest.mark.parametrize("seed", range(5))
    def test_for_any_order_of_the_rows(self, seed):
        order = np.random.default_rng(seed).permutation(len(NOISE))
        fit = fit_kmeans(NOISE[order], 6)
        assert bits(fit) == bits(self.reference)
        assert_array_equal(fit.labels, self.reference.labels[order])
        assert_array_equal(fit.distances, self.reference.distances[order])

    @pytest.mark.parametrize("threads", [1, 2, 4])
    def test_for_any_number_of_threads(self, threads):
        with threadpool_limits(threads):
            fit = fit_kmeans(NOISE, 6)
        assert bits(fit) == bits(self.reference)
        assert_array_equal(fit.labels, self.reference.labels)

    def test_for_fits_at_the_same_time(self):
        before = threads()
        with ThreadPoolExecutor(3) as pool:
            fits = list(pool.map(lambda _: fit_kmeans(NOISE, 6), range(6)))
        assert {bits(fit) for fit in fits} == {bits(self.reference)}
        assert threads() == before  # without the lock, some restore the others' 1

    def test_for_a_fit_that_outlasts_another_one(self):
        # Without the lock, the end of the first lifts the limit of the second.
        entered, left = Event(), Event()

        def first():
            with one_thread():
                entered.set()
                sleep(0.1)
            left.set()

        def second() -> list[int]:
            entered.wait()
            with one_thread():
                left.wait()
                return threads()

        with ThreadPoolExecutor(2) as pool:
            pool.submit(first)
            assert set(pool.submit(second).result()) == {1}

    def test_for_any_layout_in_memory(self):
        wide = np.zeros((len(NOISE), 9))
        wide[:, ::2][:, :4] = NOISE
        for same in (np.asfortranarray(NOISE), wide[:, ::2][:, :4], NOISE.tolist()):
            assert bits(fit_kmeans(same, 6)) == bits(self.reference)

    def test_for_either_sign_of_zero(self):
        plus = np.array([[0.0], [0.0], [1.0], [5.0]])
        minus = np.array([[0.0], [-0.0], [1.0], [5.0]])
        for k in (1, 2, 3):
            assert bits(fit_kmeans(plus, k)) == bits(fit_kmeans(minus[::-1], k))

    @given(points_and_k(), st.randoms(use_true_random=False))
    @settings(max_examples=60, deadline=None)
    def test_with_duplicates_and_ties(self, case, random):
        points, k = case
        order = random.sample(range(len(points)), len(points))
        fit = fit_kmeans(points, k, n_init=2)
        other = fit_kmeans(points[order], k, n_init=2)
        assert bits(other) == bits(fit)
        assert_array_equal(other.labels, fit.labels[order])

    def test_is_more_than_scikit_learn_promises(self):
        shuffled = np.random.default_rng(0).permutation(NOISE)
        alone = [KMeans(6, n_init=10, random_state=0).fit(x) for x in (NOISE, shuffled)]
        assert alone[0].inertia_ != alone[1].inertia_


class TestAFitIsKMeans:
    """Published segment sizes are those of scikit-learn: ours must be as good."""

    @pytest.mark.parametrize(
        ("k", "inertia"),
        [(1, 681.3706), (2, 152.347952), (3, 78.851441), (4, 57.228473)],
    )
    def test_of_known_inertia_on_iris(self, k, inertia):
        assert fit_kmeans(IRIS, k).inertia == pytest.approx(inertia, abs=1e-6)

    def test_of_known_sizes_on_iris(self):
        assert sorted(np.bincount(fit_kmeans(IRIS, 3).labels)) == [38, 50, 62]

    @pytest.mark.parametrize(
        ("data", "scaled", "inertia", "silhouette", "agreement"),
        [
            (load_iris(), False, 78.851441, 0.5528, 0.7302),
            (load_iris(), True, 139.820496, 0.4599, 0.6201),
            (load_wine(), True, 1277.928489, 0.2849, 0.8975),
        ],
        ids=["iris", "iris, standardised", "wine, standardised"],
    )
    def test_of_known_agreement_with_the_species_and_the_vineyards(
        self, data, scaled, inertia, silhouette, agreement
    ):
        points = StandardScaler().fit_transform(data.data) if scaled else data.data
        fit = fit_kmeans(points, 3)
        found = silhouette_score(points, fit.labels)
        assert fit.inertia == pytest.approx(inertia, abs=1e-6)
        assert found == pytest.approx(silhouette, abs=5e-5)
        assert silhouette_euclidean(points, fit.labels).value == pytest.approx(found)
        assert adjusted_rand_score(data.target, fit.labels) == pytest.approx(
            agreement, abs=5e-5
        )

    def test_with_the_clusters_of_scikit_learn_on_sorted_rows(self):
        rows = IRIS[np.lexsort(IRIS.T[::-1])]
        theirs = KMeans(3, n_init=10, max_iter=500, random_state=0).fit(rows)
        ours = fit_kmeans(rows, 3)
        order = np.lexsort(theirs.cluster_centers_.T[::-1])
        assert_allclose(ours.centroids, theirs.cluster_centers_[order], rtol=1e-12)
        assert_array_equal(order[ours.labels], theirs.labels_)
        assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-12)

    def test_in_the_order_of_the_file_if_asked(self):
        # A published result of one start can be had in no other way.
        order = np.random.default_rng(0).permutation(len(NOISE))
        options = {"n_init": 1, "max_iter": 300, "random_state": 42}
        for points in (NOISE, NOISE[order]):
            with threadpool_limits(1):
                theirs = KMeans(6, **options).fit(points)
            ours = fit_kmeans(points, 6, **options, tolerance=1e-4, keep_order=True)
            assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-12)
            assert sorted(np.bincount(ours.labels)) == sorted(
                np.bincount(theirs.labels_)
            )

    def test_whose_centroids_are_the_means_of_their_points(self):
        fit = fit_kmeans(NOISE, 6)
        means = [NOISE[fit.labels == c].mean(axis=0) for c in range(6)]
        assert_allclose(fit.centroids, means, atol=1e-13)

    def test_that_finds_what_was_put_in(self):
        points, truth = make_blobs(3000, centers=5, cluster_std=0.3, random_state=4)
        pairs = np.unique([truth, fit_kmeans(points, 5).labels], axis=1)
        assert pairs.shape[1] == 5

    def test_that_an_offset_does_not_change(self):
        far = fit_kmeans(IRIS + 1e6, 3)
        assert_array_equal(far.labels, fit_kmeans(IRIS, 3).labels)
        assert far.inertia == pytest.approx(78.851441, abs=1e-6)

    def test_with_another_seed_for_another_start(self):
        inertias = {
            fit_kmeans(NOISE, 6, n_init=1, random_state=seed).inertia
            for seed in range(3)
        }
        assert len(inertias) > 1


class TestAFitAgreesWithItself:
    """The stored centroids are the whole model: labels must follow from them."""

    @given(points_and_k())
    @settings(max_examples=60, deadline=None)
    def test_for_all_data(self, case):
        points, k = case
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # those of scikit-learn must not leak
            fit = fit_kmeans(points, k, n_init=2)
        labels, distances, _, _ = nearest(points, fit.centroids)
        assert fit.centroids.shape == (k, points.shape[1])
        assert_array_equal(fit.labels, labels)
        assert_array_equal(fit.distances, distances)
        assert set(fit.labels) == set(range(k))  # no segment is empty
        assert fit.centroids.tolist() == sorted(fit.centroids.tolist())
        assert fit.inertia == pytest.approx((distances**2).sum(), rel=1e-9)

    def test_in_its_types(self):
        fit = fit_kmeans(IRIS.astype(np.float32), 3)
        types = fit.centroids.dtype, fit.labels.dtype, fit.distances.dtype
        assert types == (np.float64, np.int64, np.float64)
        assert type(fit.inertia) is float
        assert fit.centroids.flags.c_contiguous

    def test_exactly_with_one_cluster_per_distinct_row(self):
        fit = fit_kmeans([[0.3], [0.1], [0.3], [0.2]], 3)
        assert fit.centroids.ravel().tolist() == [0.1, 0.2, 0.3]
        assert fit.inertia == 0

    def test_without_changing_the_input(self):
        points = IRIS.copy()
        fit_kmeans(points, 3)
        assert_array_equal(points, IRIS)


class TestTheNearestCentroidWins:
    """SQL scores the same rows: both must agree, to the last tie."""

    def test_with_ties_to_the_lowest_index(self):
        labels, distances, seconds, second_distances = nearest(
            [[0.0, 0.0]], [[3.0, 4.0], [0.0, 5.0], [5.0, 0.0], [9.0, 9.0]]
        )
        assert (labels[0], seconds[0]) == (0, 1)
        assert (distances[0], second_distances[0]) == (5, 5)

    def test_with_equal_centroids(self):
        labels, _, seconds, _ = nearest([[2.0]], [[9.0], [1.0], [1.0]])
        assert (labels[0], seconds[0]) == (1, 2)

    def test_with_no_second_for_one_centroid(self):
        labels, distances, seconds, second_distances = nearest([[1.0], [4.0]], [[1.0]])
        assert labels.tolist() == [0, 0]
        assert distances.tolist() == [0, 3]
        assert seconds.tolist() == [-1, -1]
        assert np.isnan(second_distances).all()

    def test_as_in_the_full_matrix_of_distances(self):
        random = np.random.default_rng(1)
        points, centroids = random.normal(size=(500, 5)), random.normal(size=(7, 5))
        full = cdist(points, centroids)
        labels, distances, seconds, second_distances = nearest(points, centroids)
        ranks = full.argsort(axis=1)
        assert_array_equal(labels, ranks[:, 0])
        assert_array_equal(seconds, ranks[:, 1])
        full.sort(axis=1)
        assert_allclose(distances, full[:, 0], rtol=1e-14)
        assert_allclose(second_distances, full[:, 1], rtol=1e-14)

    def test_far_from_the_origin_too(self):
        labels, distances, _, _ = nearest([[1e8 + 0.25]], [[1e8], [1e8 + 1]])
        assert (labels[0], distances[0]) == (0, 0.25)

    def test_of_each_row_alone(self):
        random = np.random.default_rng(2)
        points, centroids = random.normal(size=(70_000, 7)), random.normal(size=(4, 7))
        together = nearest(points, centroids)
        for start, stop in [(0, 1), (1, 8), (5, 50_001), (32_767, 32_769)]:
            part = nearest(points[start:stop], centroids)
            for ours, whole in zip(part, together, strict=True):
                assert ours.tobytes() == whole[start:stop].tobytes()

    def test_as_sql_adds(self):
        points, centroids = NOISE[:50], NOISE[50:53]
        by_hand = [
            min(
                sum((x - c) * (x - c) for x, c in zip(p, centroid, strict=True))
                for centroid in centroids
            )
            for p in points
        ]
        assert_array_equal(nearest(points, centroids)[1], np.sqrt(by_hand))

    def test_for_no_rows(self):
        assert [len(part) for part in nearest(np.empty((0, 2)), [[1, 2]])] == [0] * 4

    def test_in_bounded_memory(self):
        points, centroids = np.zeros((300_000, 4)), NOISE[:10]
        tracemalloc.start()
        nearest(points, centroids)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        copy_and_results = points.nbytes + 6 * 8 * len(points)
        assert peak < copy_and_results + 10_000_000  # n * k alone is 24 MB


class TestWhatCannotBeFittedIsRefused:
    """A user of dbt sees one line: it must say what is wrong and how to mend it."""

    @pytest.mark.parametrize(
        ("points", "k", "words"),
        [
            ([1.0, 2.0], 1, ["(2,)", "(n, d)"]),
            (np.empty((3, 0)), 1, ["(3, 0)", "d >= 1"]),
            ([[1.0], [2.0, 3.0]], 1, ["rows of equal length"]),
            ([["a"], ["b"]], 1, ["Encode categories"]),
            ([[1.0, 2.0], [3.0, np.nan]], 1, ["nan in row 1, column 1", "Fill"]),
            ([[1.0, -np.inf], [3.0, np.nan]], 1, ["-inf in row 0, column 1", "2 "]),
            ([[1e300]], 1, ["1e+300", "1e+100"]),
            (IRIS, 0, ["k = 0", "at least 1"]),
            (IRIS, 2.5, ["k = 2.5", "whole number"]),
            (IRIS, True, ["k = True"]),
            ([[1.0], [1.0], [2.0]], 3, ["k = 3", "3 rows", "only 2", "k <= 2"]),
            (np.empty((0, 2)), 1, ["k = 1", "0 rows", "only 0"]),
            ([[0.0], [1e-200], [2e-200], [1.0]], 3, ["k = 3", "only 2 groups"]),
        ],
    )
    def test_with_the_numbers_and_the_remedy(self, points, k, words):
        with pytest.raises(SegmentationError) as error:
            fit_kmeans(points, k)
        for word in words:
            assert word in str(error.value)

    @pytest.mark.parametrize("option", ["n_init", "max_iter"])
    def test_for_the_options_too(self, option):
        with pytest.raises(SegmentationError, match=f"{option} = 0"):
            fit_kmeans(IRIS, 3, **{option: 0})

    @pytest.mark.parametrize(
        ("centroids", "words"),
        [
            ([[1.0]], "points have 4 columns, centroids 1"),
            (np.empty((0, 4)), "centroids have 0 rows"),
            ([[1.0, 2.0, np.nan, 0.0]], "centroids hold nan in row 0, column 2"),
        ],
    )
    def test_for_centroids_that_do_not_fit(self, centroids, words):
        with pytest.raises(SegmentationError, match=words):
            nearest(IRIS, centroids)
