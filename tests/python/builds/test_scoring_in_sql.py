"""The macro score_customers gives every row the segment that Python gave it."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import product
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Build

from customer_segmentation.definitions import Feature, definitions_table
from customer_segmentation.errors import SegmentationError
from customer_segmentation.tables import (
    customer_segments,
    k_selection,
    segmentation_models,
)

SOURCES = {
    ("customer", "grain"): ("customer_features", "customer_id"),
    ("sale", "grain"): ("sale_features", "transaction_line_id"),
    ("customer", "published"): ("int_published_customer_features", "customer_id"),
}
NOW = datetime(2024, 3, 1)


def assert_alike(both: pd.DataFrame, name: str) -> None:
    """Compare the columns of Python with those of SQL, which end in ``_1``."""
    assert len(both) > 0
    for column in ("segment_id", "segment_name", "second_segment_id"):
        python, sql = both[column], both[f"{column}_1"]
        same = python.astype("string") == sql.astype("string")
        assert same.fillna(python.isna() & sql.isna()).all(), (name, column)
    assert (both.is_outlier == both.is_outlier_1).all(), name
    for column in ("distance", "second_distance", "confidence"):
        np.testing.assert_allclose(
            both[f"{column}_1"], both[column], rtol=1e-9, atol=1e-12, err_msg=name
        )


@pytest.fixture(params=["demo_build", "real_build"])
def build(request):
    return request.getfixturevalue(request.param)


class TestSqlScoresAsPython:
    """For every segmentation: labels, second labels, distances and outliers."""

    def test_every_row_of_every_segmentation(self, build):
        definitions = build.query(
            "select segmentation, dataset, grain, features_from, row_condition "
            "from segmentations where segmentation in "
            "(select segmentation from customer_segments) order by segmentation"
        )
        calls = []
        for row in definitions.itertuples():
            relation, _ = SOURCES[row.grain, row.features_from]
            calls.append(
                f"-- {row.segmentation}\n"
                f"{{{{ score_customers(ref('{relation}'), '{row.segmentation}') }}}}"
            )
        compiled = build.compiled("\n".join(calls))
        queries = dict(part.split("\n", 1) for part in compiled.split("-- ")[1:])
        assert len(queries) == len(definitions) > 10
        for row in definitions.itertuples():
            _, key = SOURCES[row.grain, row.features_from]
            both = build.query(
                f"with scored as ({queries[row.segmentation]}) "
                "select python.*, scored.* from customer_segments as python "
                f"left join scored on scored.{key} = python.entity_id "
                "and scored.dataset = python.dataset "
                f"and ({row.row_condition or 'true'}) "
                f"where python.segmentation = '{row.segmentation}' "
                "order by python.entity_id"
            )
            assert_alike(both, row.segmentation)


TRANSFORMS = ["none", "log1p", "signed_log1p", "yeo_johnson"]
OUTLIERS = ["none", "winsorise", "iqr_filter"]
CATEGORIES = ["low", 'it\'s "mid"', "high"]
CATEGORICAL: dict[str, dict[str, Any]] = {
    name: {"categories": CATEGORIES} | keys
    for name, keys in {
        "band": {"encoding": "ordered", "missing_indicator": True},
        "step": {"encoding": "ordered", "missing": 2, "transform": "yeo_johnson"},
        "kind": {"encoding": "one_hot", "missing_indicator": True, "weight": 2},
        "type": {"encoding": "one_hot"},
    }.items()
}
NUMBERS = {
    f"{transform}_{outliers}": {"transform": transform, "outliers": outliers}
    for transform, outliers in product(TRANSFORMS, OUTLIERS)
}
WIDE = [f"feature_{number}" for number in range(200)]


def definition(features: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {"dataset": "own", "features": features, "k": 4, "k_range": [4, 4]} | keys


def every_way() -> dict[str, dict[str, Any]]:
    """Every transform, treatment of outliers, scaler, encoding and missing value."""
    definitions = {
        f"scaler_{scaler}": definition(
            {
                name: keys | {"missing": missing, "missing_indicator": scaler == "none"}
                for name, keys in NUMBERS.items()
            }
            | CATEGORICAL,
            scaler=scaler,
        )
        for scaler, missing in {
            "standard": "median",
            "robust": 0.25,
            "min_max": 3,
            "none": "median",
        }.items()
    }
    for name in ("none_winsorise", "type"):
        definitions[f"refuses_{name}"] = definition(
            {name: (NUMBERS | CATEGORICAL)[name] | {"missing": "refuse"}},
            k=3,
            k_range=[3, 3],
        )
    raw = {"outliers": "none"}
    definitions["ties"] = definition({"x": raw, "y": raw}, scaler="none")
    definitions["wide"] = definition(dict.fromkeys(WIDE, {}), k=10, k_range=[10, 10])
    return definitions


def entities(n: int, seed: int) -> pd.DataFrame:
    """Make entities of four kinds, some with missing values."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"customer_id": [f"{number:05}" for number in range(n)]})
    frame["dataset"], frame["as_of_date"] = "own", NOW
    group = random.integers(0, 4, n)
    for name in NUMBERS:
        values = random.lognormal(group, 1).round(2)
        if not name.startswith("log1p"):
            values -= 5
        frame[name] = np.where(random.random(n) < 0.1, np.nan, values)
    for name in CATEGORICAL:
        texts = np.array([*CATEGORIES, None], dtype=object)
        frame[name] = texts[random.integers(0, 10, n) // 3]
    frame[["x", "y"]] = random.choice([-1.0, 1.0], (n, 2))
    wide = pd.DataFrame(random.normal(size=(n, len(WIDE))), columns=WIDE)
    return pd.concat([frame, wide], axis=1)


def new_entities(n: int) -> pd.DataFrame:
    """Entities that the fit has not seen the like of."""
    frame, random = entities(n, seed=1), np.random.default_rng(2)
    odd = [np.nan, 0.0, -0.0, -1e-9, -7.5, 1e-9, 1e6, -1e6, 1e20, -1e20]
    for name in NUMBERS:
        frame[name] = np.where(
            random.random(n) < 0.3, random.choice(odd, n), frame[name]
        )
    for name in CATEGORICAL:
        frame[name] = np.where(random.random(n) < 0.1, "unheard of", frame[name])
    # Half-way between the four places of the fit.
    frame[["x", "y"]] = random.choice([-1.0, 0.0, 1.0], (n, 2))
    return frame


@pytest.fixture(scope="module")
def scoring(tmp_path_factory):
    build = Build(tmp_path_factory.mktemp("scoring"), {})
    fitted = entities(400, seed=0)
    whole = {name: {**fitted[[name]].mode().iloc[0]} for name in NUMBERS}
    complete = fitted.fillna({"type": "low", **whole["none_winsorise"]})
    definitions = every_way()
    with duckdb.connect(str(build.database)) as connection:

        def stored(name: str, frame: pd.DataFrame):
            connection.from_df(frame).create(name)
            return connection.table(name)

        sources = {"customer": stored("fitted", complete)}
        defined = stored("segmentations", definitions_table(definitions))
        chosen = stored("k_selection", k_selection(defined, sources))
        seed = connection.sql(
            "select '' as archetype_set, '' as archetype, '' as feature, "
            "'' as level where false"
        )
        stored(
            "segmentation_models",
            segmentation_models(defined, sources, chosen, seed, NOW),
        )
        stored("new", new_entities(500).assign(order=1, **{"My Column": 2}))
        stored("infinite", new_entities(3))
        for place, value in enumerate(("infinity", "-infinity", "1e200")):
            connection.execute(
                f"update infinite set none_winsorise = '{value}' "
                f"where customer_id = '0000{place}'"
            )
    calls = [
        f"-- {relation} {name}\n{{{{ score_customers(api.Relation.create("
        f"schema='main', identifier='{relation}'), '{name}') }}}}"
        for name in definitions
        for relation in ("new", "infinite")
    ]
    calls += [
        f"-- dimensions {name}\n"
        f"{{{{ tojson(dimensions_of('{name}', {NUMBERS | CATEGORICAL}['{name}'])) }}}}"
        for name in ("none_none", *CATEGORICAL)
    ]
    compiled = build.compiled("\n".join(calls))
    queries = dict(part.split("\n", 1) for part in compiled.split("-- ")[1:])
    return build, queries


class TestSqlScoresAsPythonWhateverTheDefinition:
    """New rows hold what the fit has not seen: it must mean the same to both."""

    def both(self, scoring, name: str, where: str = "true") -> pd.DataFrame:
        """Score the new entities in Python and in SQL, side by side."""
        build, queries = scoring
        with duckdb.connect(str(build.database), read_only=True) as connection:
            scored = customer_segments(
                connection.sql(
                    f"select * from segmentations where segmentation = '{name}'"
                ),
                {"customer": connection.sql(f"select * from new where {where}")},
                connection.table("segmentation_models"),
                NOW,
            )
            connection.register("python", scored)
            return connection.sql(
                f"select python.*, scored.* from python left join "
                f"({queries[f'new {name}']}) as scored "
                "on python.entity_id = scored.customer_id order by entity_id"
            ).df()

    @pytest.mark.parametrize(
        "name", ["scaler_standard", "scaler_robust", "scaler_min_max", "scaler_none"]
    )
    def test_every_way_of_every_step(self, scoring, name):
        both = self.both(scoring, name)
        assert both.is_outlier.sum() > 100
        # Beside 1e20 all centroids stand in one place: rounding would decide.
        clear = both.confidence > 1e-9
        assert clear.sum() > 100
        assert_alike(both[clear], name)

    def test_ties(self, scoring):
        both = self.both(scoring, "ties")
        assert (both.confidence == 0).sum() > 10
        assert_alike(both, "ties")

    def test_200_features(self, scoring):
        assert_alike(self.both(scoring, "wide"), "wide")

    @pytest.mark.parametrize(
        ("column", "is_known"),
        [
            ("none_winsorise", "not isnan(none_winsorise)"),
            ("type", "type in ('low', 'it''s \"mid\"', 'high')"),
        ],
    )
    def test_what_must_not_be_missing(self, scoring, column, is_known):
        name = f"refuses_{column}"
        with pytest.raises(SegmentationError, match=f'"{column}" is missing for'):
            self.both(scoring, name)
        assert_alike(self.both(scoring, name, is_known), name)
        build, queries = scoring
        unknown = build.query(
            f"select * from ({queries[f'new {name}']}) as scored "
            f"where coalesce(not {is_known}, true)"
        )
        assert len(unknown) > 10
        assert unknown[["segment_id", "segment_name", "distance"]].isna().all(None)

    @pytest.mark.parametrize("name", ["scaler_standard", "refuses_none_winsorise"])
    def test_infinity_has_no_segment(self, scoring, name):
        build, queries = scoring
        scored = build.query(queries[f"infinite {name}"])
        assert len(scored) == 3
        assert scored[["segment_id", "segment_name", "confidence"]].isna().all(None)

    def test_other_columns_keep_their_names(self, scoring):
        build, queries = scoring
        scored = build.query(queries["new ties"])
        assert scored["order"].eq(1).all()
        assert scored["My Column"].eq(2).all()
        assert scored.columns.is_unique

    @pytest.mark.parametrize("column", ["segment_id", "Confidence", "scaled_1"])
    def test_a_relation_that_was_scored_already_is_refused(self, scoring, column):
        """Its own columns would stand before the new ones, without a word."""
        build, _ = scoring
        with duckdb.connect(str(build.database)) as connection:
            connection.execute(
                f"create or replace table scored as select *, 1 as {column} from new"
            )
        result = build.dbt(
            *("compile", "--inline"),
            "{{ score_customers(api.Relation.create(schema='main', "
            "identifier='scored'), 'ties') }}",
        )
        assert result.returncode != 0
        assert f"has a column {column}, which score_customers" in result.stdout

    @pytest.mark.parametrize("name", ["none_none", *CATEGORICAL])
    def test_the_dimensions_have_the_same_names(self, scoring, name):
        """The profile of a segment is measured under them."""
        _, queries = scoring
        of_sql = json.loads(queries[f"dimensions {name}"])
        keys = (NUMBERS | CATEGORICAL)[name]
        of_python = Feature.model_validate(keys).dimensions(name)
        assert [
            (dimension, keys["encoding"], keys["category"])
            for dimension, keys in of_sql.items()
        ] == of_python

    def test_the_model_holds_every_dimension(self, scoring):
        build, _ = scoring
        rows = build.query(
            "select feature, category, categories, center, scale "
            "from segmentation_models where segmentation = 'scaler_standard' "
            "and segment_id = 1 and source_column = 'kind' order by feature_position"
        )
        assert rows.feature.tolist() == [
            *(f"kind_is_{category}" for category in CATEGORIES),
            "kind_is_missing",
        ]
        assert rows.category.tolist() == [*CATEGORIES, None]
        assert {*rows.categories.map(json.loads).map(tuple)} == {tuple(CATEGORIES)}
        assert rows.center[:3].eq(0).all()
        assert rows.scale[:3].eq(0.5).all()
