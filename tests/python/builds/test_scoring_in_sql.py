"""SQL gives every row the segment that the library gives it."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import PROJECT, Build
from placing import placed

from customer_segmentation.definitions import Feature, definitions_table
from customer_segmentation.errors import SegmentationError
from customer_segmentation.tables import k_selection, segmentation_models

SOURCES = {
    ("customer", "grain"): ("customer_features", "customer_id"),
    ("sale", "grain"): ("sale_features", "transaction_line_id"),
    ("customer", "published"): (
        "staging.int_published_customer_features",
        "customer_id",
    ),
}
NOW = datetime(2024, 3, 1)
TODAY, MONTH_END = pd.Timestamp(2024, 3, 28), pd.Timestamp(2024, 2, 29)


def assert_alike(sql: pd.DataFrame, python: pd.DataFrame, name: str) -> None:
    """Compare rows of SQL with those of the oracle, in its columns."""
    assert len(sql) == len(python) > 0
    python = python.reset_index(drop=True)
    sql = sql.set_index("entity_id").loc[python.entity_id].reset_index()
    for column in python.columns.intersection(sql.columns):
        found, expected = sql[column], python[column]
        if expected.dtype.kind == "f":
            np.testing.assert_allclose(
                *(each.astype(float) for each in (found, expected)),
                rtol=1e-12,
                atol=1e-12,
                err_msg=f"{name}, {column}",
            )
        else:
            same = (found == expected) | (found.isna() & expected.isna())
            assert same.all(), (name, column)


class TestSqlScoresAsPython:
    """For every segmentation: labels, distances, outliers and coordinates."""

    def test_every_row_of_every_segmentation(self, build):
        definitions = build.query(
            "select segmentation, dataset, grain, features_from, row_condition "
            "from segmentations where segmentation in "
            "(select segmentation from customer_segments) order by segmentation"
        )
        assert len(definitions) > 10
        before = build.query(
            "select monthly.* from staging.int_monthly_segments as monthly "
            "join staging.int_as_of_dates as dates on monthly.dataset = dates.dataset "
            "and is_last_day and monthly.as_of_date = "
            "date_trunc('month', dates.as_of_date) - interval 1 day"
        )
        for row in definitions.itertuples():
            relation, key = SOURCES[row.grain, row.features_from]
            name = f"where segmentation = '{row.segmentation}'"
            expected = placed(
                build.query(f"from segmentation_models {name} and is_current"),
                build.query(
                    f"from {relation} where dataset = '{row.dataset}' "
                    f"and {key} is not null and ({row.row_condition or 'true'})"
                ),
                key,
                before=before[before.segmentation == row.segmentation],
            )
            found = build.query(f"from customer_segments {name}")
            assert_alike(found, expected, row.segmentation)

    def test_every_month_of_every_history(self, build):
        """One month after the other, each held by the one before."""
        months = build.query(
            "select segmentation, dataset, as_of_date, model_version, "
            "cast(json_extract(definition, 'hysteresis_margin') as double) as margin, "
            "json_extract_string(definition, 'where') as condition "
            "from staging.int_monthly_models order by segmentation, as_of_date"
        )
        assert months.segmentation.nunique() == 4
        held = 0
        for name, rows in months.groupby("segmentation"):
            before = None
            for month in rows.itertuples():
                found = build.query(
                    f"from staging.int_monthly_segments where segmentation = '{name}' "
                    f"and as_of_date = '{month.as_of_date:%Y-%m-%d}'"
                )
                expected = placed(
                    build.query(
                        "from segmentation_models where "
                        f"segmentation = '{name}' "
                        f"and model_version = {month.model_version}"
                    ),
                    build.query(
                        "from customer_features_history "
                        f"where dataset = '{month.dataset}' and "
                        f"as_of_date = '{month.as_of_date:%Y-%m-%d}' "
                        f"and ({month.condition or 'true'})"
                    ),
                    margin=month.margin,
                    before=before,
                )
                assert_alike(
                    found,
                    expected[[*found.columns.intersection(expected.columns)]],
                    name,
                )
                held += (found.segment_id != found.raw_segment_id).sum()
                before = found
        assert held > 100


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
    walk = {"walk_x": raw, "walk_y": raw}
    for name, margin in {"held": 0.2, "loose": 0.0}.items():
        definitions[name] = definition(
            walk,
            k=3,
            k_range=[3, 3],
            where="walk_x < 100 -- or any",
            hysteresis_margin=margin,
        )
    definitions["one"] = definition(walk, k=1, k_range=[1, 1])
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
    means = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])[np.arange(n) % 3]
    frame[["walk_x", "walk_y"]] = random.normal(means, 0.8)
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


def columns() -> list[dict[str, Any]]:
    """List the columns of customer_segments, as documented."""
    path = PROJECT / "models/marts/segments/_customer_segments__models.yml"
    (model,) = yaml.safe_load(path.read_text())["models"]
    return model["columns"]


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
        types = ", ".join(f"{each['name']} {each['data_type']}" for each in columns())
        connection.execute(f"create table customer_segments ({types})")
        connection.execute(
            "create schema staging; create table staging.int_as_of_dates "
            "(dataset varchar, as_of_date date, is_last_day boolean); "
            "create table staging.int_monthly_segments (segmentation varchar, "
            "dataset varchar, entity_id varchar, as_of_date date, "
            "segment_id bigint, raw_segment_id bigint)"
        )
        stored("customer_features", fitted)
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

    def both(self, scoring, name: str, where: str = "true"):
        """Score the new entities in SQL and by the oracle."""
        build, queries = scoring
        models = build.query(f"from segmentation_models where segmentation = '{name}'")
        expected = placed(models, build.query(f"from new where {where}"))
        found = build.query(f"from ({queries[f'new {name}']}) where {where}")
        return found.rename(columns={"customer_id": "entity_id"}), expected

    @pytest.mark.parametrize(
        "name", ["scaler_standard", "scaler_robust", "scaler_min_max", "scaler_none"]
    )
    def test_every_way_of_every_step(self, scoring, name):
        found, expected = self.both(scoring, name)
        assert expected.is_outlier.sum() > 100
        # Beside 1e20 all centroids stand in one place: rounding would decide.
        clear = expected[expected.confidence > 1e-9]
        assert len(clear) > 100
        assert_alike(found[found.entity_id.isin(clear.entity_id)], clear, name)

    def test_ties(self, scoring):
        found, expected = self.both(scoring, "ties")
        assert (expected.confidence == 0).sum() > 10
        assert_alike(found, expected, "ties")

    def test_200_features(self, scoring):
        assert_alike(*self.both(scoring, "wide"), "wide")

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
        assert_alike(*self.both(scoring, name, is_known), name)
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

    @pytest.mark.parametrize("column", ["Confidence", "scaled_1"])
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


@pytest.fixture(scope="module")
def assignment(scoring) -> tuple[Build, str]:
    """Compile the model customer_segments, for all but the widest definition."""
    build, _ = scoring
    with duckdb.connect(str(build.database)) as connection:
        connection.execute("delete from segmentations where segmentation = 'wide'")
    result = build.dbt("compile", "--select", "customer_segments")
    assert result.returncode == 0, result.stdout
    (path,) = build.folder.glob("target/compiled/**/customer_segments.sql")
    return build, path.read_text()


class Warehouse:
    """A copy of the database that customer_segments is built in."""

    def __init__(self, assignment, folder) -> None:
        build, self.sql = assignment
        copy = shutil.copy(build.database, folder)
        self.connection = duckdb.connect(str(copy))
        self.models = self.connection.table("segmentation_models").df()

    def build(
        self, frame: pd.DataFrame, before: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Build customer_segments for a day in March, after the month ends before."""
        frame = frame.assign(as_of_date=TODAY)
        self.connection.register("frame", frame)
        self.connection.execute(
            "create or replace table customer_features as "
            "select * replace (cast(as_of_date as date) as as_of_date) from frame; "
            "delete from staging.int_as_of_dates; "
            "insert into staging.int_as_of_dates "
            "select distinct dataset, as_of_date, true from customer_features "
            f"union all select distinct dataset, date '{MONTH_END:%Y-%m-%d}', false "
            "from customer_features; "
            "delete from staging.int_monthly_segments"
        )
        if before is not None:
            self.connection.register("before", before)
            self.connection.execute(
                "insert into staging.int_monthly_segments by name select segmentation, "
                "dataset, entity_id, as_of_date, segment_id, raw_segment_id from before"
            )
        return self.connection.execute(self.sql).df()

    def of(self, name: str) -> pd.DataFrame:
        return self.models[self.models.segmentation == name]


@pytest.fixture
def warehouse(assignment, tmp_path):
    warehouse = Warehouse(assignment, tmp_path)
    yield warehouse
    warehouse.connection.close()


def moved(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Some customers come, some go, and all walk a little."""
    random = np.random.default_rng(seed)
    frame = frame.sample(frac=0.9, random_state=seed)
    step = random.normal(0, 1, (len(frame), 2))
    return frame.assign(**dict(zip(("walk_x", "walk_y"), step.T, strict=True))).assign(
        walk_x=lambda walked: walked.walk_x + frame.walk_x,
        walk_y=lambda walked: walked.walk_y + frame.walk_y,
    )


class TestEveryoneIsAssigned:
    """In the engine's own SQL: nobody is fetched, and nobody left out."""

    FRAME = entities(400, seed=0).fillna({"none_winsorise": 1.0, "type": "low"})

    def test_held_by_the_month_before_as_the_library_holds_them(self, warehouse):
        margins, before, held = {"loose": 0.0}, None, 0
        for seed in range(4):
            frame = moved(self.FRAME, seed)
            found = warehouse.build(frame, before)
            assert {*found.segmentation} == {*every_way()} - {"wide"}
            for name, rows in found.groupby("segmentation"):
                expected = placed(
                    warehouse.of(name),
                    frame.assign(as_of_date=TODAY),
                    margin=margins.get(name, 0.2),
                    before=None
                    if before is None
                    else before[before.segmentation == name],
                )
                assert_alike(rows, expected, f"{name}, build {seed}")
            before = found.assign(as_of_date=MONTH_END)
            own = found[found.segmentation == "held"]
            held += (own.segment_id != own.raw_segment_id).sum()
        assert held > 20
        loose = found[found.segmentation == "loose"]
        assert (loose.segment_id == loose.raw_segment_id).all()

    @pytest.mark.parametrize("is_gone", [True, False], ids=["gone", "months ago"])
    def test_who_was_in_no_segment_of_the_month_before_goes_to_the_nearest(
        self, warehouse, is_gone
    ):
        before = warehouse.build(self.FRAME).assign(as_of_date=MONTH_END)
        if is_gone:
            before[["segment_id", "raw_segment_id"]] = 9
        else:
            before["as_of_date"] -= pd.Timedelta(days=31)
        found = warehouse.build(moved(self.FRAME, 1), before)
        assert (found.segment_id == found.raw_segment_id).all()
        assert found.previous_segment_id.isna().all() != is_gone

    def test_the_entities_are_those_of_the_definition(self, warehouse):
        frame = self.FRAME.copy()
        frame.loc[5:7, "dataset"] = "chocolate_sales"
        frame.loc[8, "customer_id"] = None
        frame.loc[9, "walk_x"] = 100.0
        found = warehouse.build(frame).groupby("segmentation").entity_id.agg(set)
        expected = {*frame.customer_id.drop([5, 6, 7, 8])}
        assert found["one"] == expected
        assert found["held"] == expected - {"00009"}

    def test_who_cannot_be_scored_has_a_row_without_a_segment(self, warehouse):
        """A test of the project, every_entity_can_be_scored, fails for them."""
        frame = self.FRAME.copy()
        frame.loc[3, "none_winsorise"] = np.nan
        frame.loc[4, "none_winsorise"] = np.inf
        found = warehouse.build(frame)
        rows = found[found.segmentation == "refuses_none_winsorise"]
        unscored = rows[rows.segment_id.isna()]
        assert {*unscored.entity_id} == {"00003", "00004"}
        assert unscored[["segment_name", "distance", "confidence"]].isna().all(None)
        assert found.groupby("segmentation").size().eq(400).all()

    def test_the_only_segment_has_no_second(self, warehouse):
        found = warehouse.build(self.FRAME)
        one = found[found.segmentation == "one"]
        assert one.confidence.eq(1).all()
        assert one[["second_segment_id", "second_distance"]].isna().all(None)

    def test_times_and_dates(self, warehouse):
        found = warehouse.build(self.FRAME)
        (scored_at,) = found.scored_at.unique()
        now = datetime.now().astimezone().utctimetuple()
        assert abs(datetime(*now[:6]) - scored_at) < timedelta(minutes=10)
        assert found.as_of_date.eq(TODAY).all()

    def test_without_a_model_it_is_an_error_where_there_are_entities(self, assignment):
        build, _ = assignment
        with duckdb.connect(str(build.database)) as connection:
            connection.execute("create table kept as from segmentations")
            connection.execute(
                "update segmentations set fit_digest = '' where segmentation = 'held'; "
                "insert into segmentations by name select * replace (segmentation || "
                "'_new' as segmentation, replace(definition, '\"name\":\"one\"', "
                '\'"name":"one_new"\') as definition) '
                "from segmentations where segmentation = 'one'; "
                "insert into segmentations by name select * replace ("
                "'nobody' as segmentation, replace(definition, 'walk_x < 100', "
                "'walk_x > 1e9') as definition, '' as fit_digest) "
                "from segmentations where segmentation = 'held'; "
                "update segmentations set definition = replace(definition, "
                '\'"name":"held"\', \'"name":"nobody"\') '
                "where segmentation = 'nobody'"
            )
        result = build.dbt("compile", "--select", "customer_segments")
        with duckdb.connect(str(build.database)) as connection:
            connection.execute("create or replace table segmentations as from kept")
        assert result.returncode != 0
        for words in (
            '"held" (dataset own): its model was trained for another definition',
            'Segmentation "one_new" (dataset own): it has no model.',
        ):
            assert words in result.stdout
        assert '"nobody"' not in result.stdout
