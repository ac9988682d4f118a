"""Whatever the entities are: a result that keeps its promises, or a clear error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from placing import placed
from scipy.spatial.distance import cdist
from test_tables import DAY, build

from customer_segmentation.errors import SegmentationError
from customer_segmentation.transforms import Parameters, prepare

KINDS = ["a", "b", "c"]
TAME = st.integers(-2, 9).map(float)
NUMBER = (
    TAME
    | st.floats(-1e3, 1e3)
    | st.sampled_from([np.nan, np.inf, -np.inf, 1e99, 1e300, -1e-300])
)


def entities(**columns) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    frame["dataset"], frame["as_of_date"] = "online_retail", pd.Timestamp(DAY)
    frame["customer_id"] = [f"{number:05}" for number in range(len(frame))]
    return frame


def defined(features, **keys):
    return {"buyers": {"dataset": "online_retail", "features": features} | keys}


def assert_promises(tables, customers: pd.DataFrame) -> None:
    """Every entity has one segment: that of the nearest centroid."""
    assert tables.k_selection.is_chosen.sum() == min(len(customers), 1)
    if customers.empty:
        return
    models, segments = tables.models, placed(tables.models, customers)
    fields = Parameters.__dataclass_fields__
    first = models[models.segment_id == 1].to_dict("records")
    parameters = {
        row["feature"]: Parameters(**{field: row[field] for field in fields})
        for row in first
    }
    points = prepare(
        {name: customers[name].to_numpy() for name in ("x", "y", "kind")}, parameters
    ).points
    centroids = models.pivot(
        index="segment_id", columns="feature_position", values="centroid"
    )
    distances = cdist(points, centroids)
    own = distances[np.arange(len(points)), segments.segment_id - 1]
    assert_allclose(own, distances.min(axis=1), rtol=1e-9)
    assert_allclose(segments.distance, own, rtol=1e-9)
    assert segments.confidence.between(0, 1).all()
    assert models.segment_name.groupby(models.segment_id).nunique().eq(1).all()
    assert models.segment_name.nunique() == models.segment_id.nunique()
    assert np.isfinite(models[["center", "scale", "centroid", "z_score"]]).all(None)


class TestAnyEntitiesGiveAResultOrAClearError:
    """A traceback tells a user nothing; a wrong segment tells something false."""

    def columns(n: int) -> st.SearchStrategy:
        def column(value) -> st.SearchStrategy:
            return st.lists(value, min_size=n, max_size=n)

        kind = column(st.sampled_from([*KINDS, None]))
        numbers = {"x": column(TAME), "y": column(TAME) | column(NUMBER)}
        return st.fixed_dictionaries(numbers | {"kind": kind})

    keys = st.fixed_dictionaries(
        {},
        optional={
            "transform": st.sampled_from(["log1p", "signed_log1p", "yeo_johnson"]),
            "outliers": st.sampled_from(["none", "iqr_filter"]),
            "missing": st.sampled_from(["refuse", 0, -1]),
            "missing_at_most": st.just(1),
            "missing_indicator": st.just(True),
            "weight": st.sampled_from([0.001, 1000]),
        },
    )
    categorical = st.sampled_from(
        [
            {"categories": KINDS, "encoding": "one_hot", "missing_indicator": True},
            {"categories": KINDS, "encoding": "ordered"},
            {"categories": KINDS[:2], "encoding": "one_hot"},
        ]
    )
    definition = st.fixed_dictionaries(
        {},
        optional={
            "scaler": st.sampled_from(["robust", "min_max", "none"]),
            "k": st.integers(1, 6),
            "k_range": st.sampled_from([[1, 3], [2, 2], [5, 8]]),
        },
    )

    @given(st.integers(0, 12).flatmap(columns), keys, keys, categorical, definition)
    @settings(
        max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    def test_of_any_kind(self, columns, x, y, kind, definition):
        customers = entities(**columns)
        customers["kind"] = customers.kind.astype("string")
        definitions = defined({"x": x, "y": y, "kind": kind}, **definition)
        try:
            tables = build(definitions, customers)
        except SegmentationError as error:
            assert str(error).startswith('Segmentation "buyers" (dataset online_ret')
        else:
            assert_promises(tables, customers)

    def test_one(self):
        with pytest.raises(SegmentationError, match="is 1 for all 1 fitted"):
            build(defined({"x": {}}), entities(x=[1.0]))

    def test_200_features(self):
        values = np.random.default_rng(0).normal(size=(60, 200))
        names = [f"feature_{number}" for number in range(200)]
        customers = entities(**dict(zip(names, values.T, strict=True)))
        tables = build(defined(dict.fromkeys(names, {}), k=3), customers)
        assert len(tables.models) == 3 * 200
        assert {*placed(tables.models, customers).segment_id} == {1, 2, 3}


class TestOneErrorListsAllSegmentations:
    """Whoever mends one fault at a time builds as often as there are faults."""

    def test_with_what_is_wrong_with_each(self):
        customers = entities(x=[1.0, 2, 3, np.inf], y=[1.0] * 4, z=[1.0, 2, 3, 4])
        definitions = {
            name: {"dataset": "online_retail", "features": {feature: {}}}
            for name, feature in {"a": "x", "b": "y", "c": "z", "d": "w"}.items()
        }
        with pytest.raises(SegmentationError) as error:
            build(definitions, customers)
        lines = str(error.value).splitlines()
        words = ['"x" is infinite', '"y" is 1 for all 4', "there is no column 'w'"]
        for line, name, word in zip(lines, "abd", words, strict=True):
            assert line.startswith(f'Segmentation "{name}" (dataset online_retail): ')
            assert word in line
