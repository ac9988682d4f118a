"""What distributions are drawn from, checked against NumPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import pairwise_distances, silhouette_samples

VALUES = (
    "select segmentation, entity_id, segment_id, feature, feature_value, scaled_value "
    "from staging.int_scaled_features "
    "join customer_segments using (segmentation, entity_id)"
)
SCALES = {"measured": "feature_value", "transformed": "scaled_value"}


@pytest.fixture
def points(build) -> dict:
    """By segmentation: entities x features in the scaled space, and the segments."""
    found = {}
    for name, rows in build.query(VALUES).groupby("segmentation"):
        wide = rows.pivot(
            index=["entity_id", "segment_id"], columns="feature", values="scaled_value"
        ).sort_index()
        found[name] = (
            wide.to_numpy(),
            wide.index.get_level_values("segment_id").to_numpy(),
        )
    return found


class TestSilhouettesAreThoseOfAllPairs:
    """They are found without a pair, in one pass over entities and segments."""

    def test_as_scikit_learn_has_them(self, build, points):
        found = build.query("from customer_silhouettes order by entity_id")
        compared = 0
        for name, rows in found.groupby("segmentation"):
            matrix, labels = points[name]
            if len(matrix) > 5000:
                continue
            assert (rows.segment_id == labels).all()
            expected = silhouette_samples(matrix, labels, metric="sqeuclidean")
            np.testing.assert_allclose(rows.silhouette, expected, atol=1e-9, rtol=0)
            compared += 1
        assert compared > 5

    def test_the_other_segment_is_the_nearest_by_its_members(self, build, points):
        name = "complete_journey_households"
        rows = build.query(
            f"from customer_silhouettes where segmentation = '{name}' "
            "order by entity_id"
        )
        matrix, labels = points[name]
        squares = pairwise_distances(matrix, metric="sqeuclidean")
        segments = np.unique(labels)
        sums = np.stack([squares[:, labels == one].sum(axis=1) for one in segments], 1)
        sizes = np.array([(labels == one).sum() for one in segments])
        is_own = labels[:, None] == segments
        means = sums / (sizes - is_own)
        np.testing.assert_allclose(rows.own_distance, means[is_own], rtol=1e-9)
        others = np.where(is_own, np.inf, means)
        np.testing.assert_allclose(rows.other_distance, others.min(axis=1), rtol=1e-9)
        assert (rows.other_segment_id == segments[others.argmin(axis=1)]).all()

    def test_their_mean_is_that_of_the_chosen_k(self, build):
        """Where the fit saw exactly these entities, and nobody is held back."""
        rows = build.query(
            "select segmentation, any_value(k_selection.silhouette) as expected, "
            "avg(customer_silhouettes.silhouette) as silhouette "
            "from customer_silhouettes join k_selection using (segmentation) "
            "join customer_segments using (segmentation, entity_id) "
            "join (select distinct segmentation, fitted_entities "
            "from segmentation_models where is_current) using (segmentation) "
            "where is_chosen group by segmentation, fitted_entities "
            "having fitted_entities = count(*) and not bool_or(is_outlier) "
            "and bool_and(customer_segments.segment_id = raw_segment_id)"
        )
        assert len(rows) > 5
        np.testing.assert_allclose(rows.silhouette, rows.expected, atol=1e-9, rtol=0)


class TestFiguresOfFeaturesAreThoseOfNumpy:
    """Of both scales, and over the known values."""

    def test_correlations(self, build):
        found = build.query("from feature_correlations")
        values = build.query(VALUES).groupby("segmentation")
        assert len(found) > 80
        for name, pairs in found.groupby("segmentation"):
            for column, value in (
                ("correlation", "feature_value"),
                ("transformed_correlation", "scaled_value"),
            ):
                expected = (
                    values.get_group(name)
                    .pivot(index="entity_id", columns="feature", values=value)
                    .corr()
                )
                table = pairs.pivot(
                    index="feature", columns="other_feature", values=column
                )
                np.testing.assert_allclose(table, expected, atol=1e-9, rtol=0)

    def test_quantiles_of_a_segment_and_of_all(self, build):
        found = build.query("from feature_quantiles")
        values = build.query(VALUES)
        assert found.segment_id.isna().sum() > 80
        for row in found.itertuples():
            is_of_row = (values.segmentation == row.segmentation) & (
                values.feature == row.feature
            )
            if not pd.isna(row.segment_id):
                is_of_row &= values.segment_id == row.segment_id
            column = values.loc[is_of_row, SCALES[row.scale]]
            known = column.dropna()
            assert (row.entities, row.missing_entities) == (
                len(known),
                len(column) - len(known),
            )
            expected = np.quantile(known, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
            np.testing.assert_allclose(row[9:], expected, rtol=1e-9, atol=1e-12)

    def test_every_bin_holds_the_values_within_its_edges(self, build):
        bins = build.query("from feature_histograms where bin is not null")
        values = build.query(VALUES)
        for (name, feature, scale), rows in bins.groupby(
            ["segmentation", "feature", "scale"]
        ):
            is_of_feature = (values.segmentation == name) & (values.feature == feature)
            known = values.loc[is_of_feature, SCALES[scale]].dropna()
            rows = rows.sort_values("bin")
            if known.nunique() <= 30:
                expected = known.value_counts().sort_index()
                assert (rows.bin_low == expected.index).all()
                assert (rows.bin_high == expected.index).all()
                assert (rows.entities == expected.to_numpy()).all()
                continue
            slack = 1e-9 * (known.max() - known.min())
            for row in rows.itertuples():
                least = known.between(row.bin_low + slack, row.bin_high - slack)
                most = known.between(row.bin_low - slack, row.bin_high + slack)
                assert least.sum() <= row.entities <= most.sum(), row
            assert rows.bin_low.min() == known.min()
            assert rows.bin_high.max() >= known.max() - slack
            if (known % 1 == 0).all():
                assert (rows[["bin_low", "bin_high"]] % 1 == 0).all(axis=None)


def rebuilt(build, *names: str, **variables) -> dict[str, pd.DataFrame]:
    result = build.dbt("run", "--select", *names, **variables)
    assert result.returncode == 0, result.stdout
    return {name: build.query(f"from {name} order by all") for name in names}


class TestTheOrderOfRowsDoesNotMatter:
    """A build on more threads has its rows in another order."""

    def test_every_table_is_the_same_to_the_last_bit(self, copied):
        names = (
            *("feature_histograms", "feature_quantiles", "feature_correlations"),
            *("customer_silhouettes", "segment_points"),
        )
        before = {name: copied.query(f"from {name} order by all") for name in names}
        for table in ("staging.int_scaled_features", "customer_segments"):
            copied.execute(
                f"create or replace table {table} as from {table} order by random()"
            )
        after = rebuilt(copied, *names)
        for name in names:
            assert after[name].equals(before[name]), name


class TestASampleIsOfTheSameEntities:
    """Whoever looks twice sees the same picture."""

    def test_small_segmentations_are_shown_whole(self, build):
        counted = build.query(
            "select segmentation, count(*) as entities, count(points.entity_id) as "
            "sampled from customer_segments left join (select distinct segmentation, "
            "entity_id from segment_points) as points using (segmentation, entity_id) "
            "group by segmentation"
        )
        small = counted[counted.entities <= 1500]
        assert len(small) > 5
        assert (small.sampled == small.entities).all()
        large = counted[counted.entities > 1500]
        assert large.sampled.between(1200, 1800).all()

    def test_of_larger_ones_from_every_segment_by_its_share(self, copied):
        points = rebuilt(copied, "segment_points", points_at_most=300)["segment_points"]
        sizes = points.groupby(["segmentation", "segment_id"]).agg(
            sampled=("entity_id", "nunique"),
            entities=("segment_entities", "first"),
        )
        of_all = sizes.groupby("segmentation").transform("sum")
        quota = np.minimum(
            sizes.entities, np.maximum(300 * sizes.entities / of_all.entities, 30)
        )
        is_whole = quota == sizes.entities
        assert (sizes.sampled[is_whole] == sizes.entities[is_whole]).all()
        assert (~is_whole).sum() > 20
        error = (sizes.sampled - quota) / np.sqrt(quota)
        assert error.abs().max() < 4

    def test_a_number_that_is_none_stops_the_build(self, demo_build):
        result = demo_build.dbt("compile", points_at_most="many")
        assert result.returncode != 0
        assert 'The var "points_at_most" is "many"' in result.stdout
