"""The tables of the Python models: from definitions and features to segments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from placing import placed
from scipy.spatial.distance import cdist

from customer_segmentation import selection
from customer_segmentation.definitions import definitions_table, read_definitions
from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import typed
from customer_segmentation.models import COLUMNS as MODEL_COLUMNS
from customer_segmentation.tables import k_selection, segmentation_models

PROJECT = Path(__file__).resolve().parents[3]
NOW = datetime(2024, 3, 1, 12, 30)
DAY = date(2024, 2, 29)
BUYERS = {
    "dataset": "online_retail",
    "features": {
        "orders": {"transform": "log1p"},
        "spend": {"transform": "signed_log1p", "winsorise_at": [0.02, 0.02]},
        "recency_days": {"outliers": "iqr_filter"},
    },
    "k_range": [1, 4],
    "archetypes": "retail",
}
ARCHETYPES = pd.DataFrame(
    [
        ("retail", "Champions", "orders", "high"),
        ("retail", "Champions", "spend", "high"),
        ("retail", "Lapsed", "recency_days", "1.5"),
        ("other", "Nobody", "orders", "high"),
    ],
    columns=["archetype_set", "archetype", "feature", "level"],
)


def features(n: int = 120, seed: int = 0) -> pd.DataFrame:
    """Make customers of three kinds; the first has never ordered, only returned."""
    random = np.random.default_rng(seed)
    kind = np.arange(n) % 3
    frame = pd.DataFrame(
        {
            "dataset": "online_retail",
            "customer_id": [f"{number:05}" for number in range(n)],
            "as_of_date": pd.Timestamp(DAY),
            "orders": pd.array(
                random.poisson(np.choose(kind, [2, 30, 5])) + 1, "Int64"
            ),
            "spend": random.lognormal(np.choose(kind, [3, 8, 5]), 0.4).round(2),
            "recency_days": random.integers(0, 30, n) + np.choose(kind, [5, 5, 200]),
            "country": "UK",
        }
    )
    frame.loc[0, ["orders", "spend"]] = None
    frame.loc[1, "recency_days"] = 9999
    return frame


@dataclass(frozen=True)
class Tables:
    """What the two models write, read back from the warehouse."""

    k_selection: pd.DataFrame
    models: pd.DataFrame
    types: dict[str, list[tuple[str, str]]]


def build(
    definitions: dict[str, Any] | None = None,
    customers: pd.DataFrame | None = None,
    *,
    sales: pd.DataFrame | None = None,
    published: pd.DataFrame | None = None,
    archetypes: pd.DataFrame = ARCHETYPES,
    threads: int = 1,
    **stored: pd.DataFrame,
) -> Tables:
    """Run the models as dbt does, each on the stored tables of those before it.

    With `stored` a model is not run, but taken from there.
    """
    definitions = {"buyers": BUYERS} if definitions is None else definitions
    customers = features() if customers is None else customers
    with duckdb.connect(config={"threads": threads}) as connection:

        def ref(name: str, make) -> duckdb.DuckDBPyRelation:
            frame = stored[name] if name in stored else make()
            connection.from_df(frame).create(name)
            return connection.table(name)

        def source(frame: pd.DataFrame | None) -> duckdb.DuckDBPyRelation:
            relation = connection.from_df(customers if frame is None else frame)
            types = "as_of_date::date as as_of_date"
            if "spend" in relation.columns:
                types += ", spend::decimal(18, 2) as spend"
            return relation.project(f"* replace ({types})")

        sources = {
            "customer": source(customers),
            "sale": source(sales),
            "published": source(published),
        }
        defined = ref("segmentations", lambda: definitions_table(definitions))
        seed = ref("archetypes", lambda: archetypes)
        chosen = ref("k_selection", lambda: k_selection(defined, sources))
        models = ref(
            "models",
            lambda: segmentation_models(defined, sources, chosen, seed, trained_at=NOW),
        )
        return Tables(
            *(relation.df() for relation in (chosen, models)),
            types={
                name: [
                    (column, kind)
                    for column, kind, *_ in connection.sql(
                        f"describe {name}"
                    ).fetchall()
                ]
                for name in ("k_selection", "models")
            },
        )


class OnSpark:
    """A relation as a pyspark DataFrame is one, read row by row."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame, self.columns = frame, list(frame)

    def filter(self, where: str) -> OnSpark:
        rows = self.frame.assign(row_number=range(len(self.frame)))
        plain = rows.astype({name: "string" for name in self.columns})
        with duckdb.connect() as connection:
            found = connection.from_df(plain).filter(where).df().row_number
        return OnSpark(self.frame.iloc[found])

    def select(self, *columns: str) -> OnSpark:
        return OnSpark(self.frame[list(columns)])

    def count(self) -> int:
        return len(self.frame)

    def toPandas(self) -> pd.DataFrame:  # noqa: N802
        return self.frame


@cache
def built() -> Tables:
    """Return the tables of the default definition and features."""
    return build()


def refusal(**arguments: Any) -> str:
    with pytest.raises(SegmentationError) as error:
        build(**arguments)
    return str(error.value)


def changed(**keys: Any) -> dict[str, Any]:
    return {"buyers": BUYERS | keys}


class TestTheTablesAreAsDocumented:
    """Dashboards are built on the columns: no data must not change their types."""

    TYPES = {
        "k": "BIGINT",
        "reason": "VARCHAR",
        "structure": "VARCHAR",
        "feature": "VARCHAR",
        "feature_position": "BIGINT",
        "source_column": "VARCHAR",
        "encoding": "VARCHAR",
        "category": "VARCHAR",
        "categories": "VARCHAR",
        "transform": "VARCHAR",
        "outliers": "VARCHAR",
        "as_of_date": "TIMESTAMP",
        "trained_at": "TIMESTAMP",
        "segmentation": "VARCHAR",
        "segment_id": "BIGINT",
        "segment_name": "VARCHAR",
        "training": "VARCHAR",
        "fitted_entities": "BIGINT",
        "fit_digest": "VARCHAR",
        "names_digest": "VARCHAR",
        "model_version": "BIGINT",
    }  # and of the others: BOOLEAN if they begin with "is_", DOUBLE if not

    @pytest.mark.parametrize(
        "arguments",
        [
            {},
            {"definitions": {}},
            {"customers": features(0)},
            {"definitions": changed(where="orders < 0")},
            {"definitions": changed(k=1, features={"orders": {}}, archetypes=None)},
        ],
        ids=["rows", "no definition", "no customer", "none selected", "one segment"],
    )
    @pytest.mark.parametrize(
        ("table", "model"),
        [("k_selection", "k_selection"), ("models", "segmentation_models")],
    )
    def test_in_names_and_types(self, table, model, arguments):
        text = (PROJECT / "python_models/_python__models.yml").read_text()
        (columns,) = (
            [column["name"] for column in documented["columns"]]
            for documented in yaml.safe_load(text)["models"]
            if documented["name"] == model
        )
        assert build(**arguments).types[table] == [
            (
                name,
                self.TYPES.get(name, "BOOLEAN" if name.startswith("is_") else "DOUBLE"),
            )
            for name in columns
        ]

    def test_with_one_row_per_k(self):
        assert built().k_selection.k.tolist() == [1, 2, 3, 4]
        assert built().k_selection.k[built().k_selection.is_chosen].tolist() == [3]

    def test_with_one_row_per_segment_and_feature(self):
        models = built().models
        assert models.segment_id.tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
        assert models.feature.tolist() == ["orders", "spend", "recency_days"] * 3
        assert models.feature_position.tolist() == [1, 2, 3] * 3
        assert models.model_version.eq(1).all()
        assert models.is_current.all()
        assert models.trained_at.eq(NOW).all()

    def test_with_names_from_the_archetypes_of_the_definition(self):
        segments = placed(built().models, features())
        assert sorted(built().models.segment_name.unique())[:2] == [
            "Champions",
            "Lapsed",
        ]
        kinds = segments.segment_name.groupby(segments.index % 3).agg(pd.Series.mode)
        assert kinds[[1, 2]].tolist() == ["Champions", "Lapsed"]

    def test_with_null_where_a_number_is_missing(self):
        """NaN would be larger than every number, and never missing, to SQL."""
        with duckdb.connect() as connection:
            connection.from_df(typed([{"x": float("nan")}], x="float64")).create("t")
            assert connection.execute("select x from t").fetchall() == [(None,)]


def by_hand(tables: Tables, customers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Scale customers and take the centroids as a reader of the model table would."""
    columns, centroids = [], []
    for feature, rows in tables.models.groupby("feature", sort=False):
        model = rows.iloc[0]
        x = customers[feature].astype(float).fillna(model.fill_value)
        if model.outliers == "winsorise":
            x = x.clip(model.clip_low, model.clip_high)
        x = {
            "none": lambda x: x,
            "log1p": np.log1p,
            "signed_log1p": lambda x: np.sign(x) * np.log1p(x.abs()),
        }[model["transform"]](x)
        columns.append((x - model.center) / model.scale)
        centroids.append(rows.sort_values("segment_id").centroid)
    return np.column_stack(columns), np.column_stack(centroids)


class TestEveryEntityIsInTheNearestSegment:
    """The model table alone gives the segment: in SQL or by hand, to any customer."""

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("scaler", ["standard", "robust", "min_max", "none"])
    def test_as_recomputed_from_the_model_table(self, seed, scaler):
        customers = features(seed=seed)
        tables = build(changed(scaler=scaler, minimum_share=0), customers)
        distances = cdist(*by_hand(tables, customers))
        segments = placed(tables.models, customers)
        assert_array_equal(segments.segment_id, distances.argmin(axis=1) + 1)
        ranked = np.sort(distances, axis=1)
        assert_allclose(segments.distance, ranked[:, 0], rtol=1e-9)
        assert_allclose(segments.second_distance, ranked[:, 1], rtol=1e-9)
        assert_array_equal(
            segments.second_segment_id, distances.argsort(axis=1)[:, 1] + 1
        )
        confidence = 1 - ranked[:, 0] / ranked[:, 1]
        assert_allclose(segments.confidence, confidence, atol=1e-9)

    def test_and_the_centroids_are_shown_in_units_of_the_features(self):
        models = built().models.set_index("feature")
        orders, recency = models.loc["orders"], models.loc["recency_days"]
        expected = np.expm1(orders.centroid * orders.scale + orders.center)
        assert_allclose(orders.centroid_original, expected, rtol=1e-12)
        expected = recency.centroid * recency.scale + recency.center
        assert_allclose(recency.centroid_original, expected, rtol=1e-12)

    @pytest.mark.parametrize("axes", [1, 2, 3])
    def test_and_on_the_map_of_principal_axes_at_the_same_distances(self, axes):
        chosen = dict(list(BUYERS["features"].items())[:axes])
        tables = build(changed(features=chosen, archetypes=None))
        segments = placed(tables.models, features())
        coordinates = segments[["pca_1", "pca_2", "pca_3"]].to_numpy()
        assert np.isnan(coordinates[:, axes:]).all()
        points, _ = by_hand(tables, features())
        mapped = coordinates[:, :axes]
        assert_allclose(cdist(mapped, mapped), cdist(points, points), atol=1e-9)
        fitted = np.delete(mapped, 1, axis=0)  # where the outlier is left out
        assert (np.diff(fitted.var(axis=0)) <= 0).all()


class TestTheSameInputGivesTheSameBits:
    """Neither a file in another order nor another machine may move a customer."""

    @pytest.mark.parametrize("seed", range(3))
    @pytest.mark.parametrize("threads", [1, 2])
    def test_for_any_order_of_rows_and_number_of_threads(self, seed, threads):
        shuffled = features().sample(frac=1, random_state=seed)
        tables = build(customers=shuffled, threads=threads)
        for table in ("k_selection", "models"):
            assert_frame_equal(
                getattr(tables, table), getattr(built(), table), check_exact=True
            )

    def test_for_any_ids(self):
        """Those of sale lines come from the order of the file."""
        renamed = features()
        renamed["customer_id"] = renamed.customer_id[::-1].to_numpy()
        models = build(customers=renamed).models
        assert_frame_equal(models, built().models, check_exact=True)

    def test_for_any_order_of_definitions_and_archetypes(self):
        two = {"buyers": BUYERS, "all": BUYERS | {"k": 2}}
        tables = (
            build(two),
            build(
                dict(reversed(two.items())),
                archetypes=ARCHETYPES.sample(frac=1, random_state=0),
            ),
        )
        assert_frame_equal(tables[0].models, tables[1].models, check_exact=True)
        assert tables[0].models.segmentation.unique().tolist() == ["all", "buyers"]


class TestTheFitSeesTheEntitiesOfTheDefinition:
    """All that are meant, and no other one."""

    def fitted(self, **arguments: Any) -> int:
        (fitted,) = build(**arguments).models.fitted_entities.unique()
        return fitted

    def test_where_is_respected(self):
        condition = "orders > 2 or orders is null -- or any"
        expected = features().drop(index=1).query("orders > 2 or orders.isna()")
        assert self.fitted(definitions=changed(where=condition)) == len(expected)

    def test_other_datasets_and_lines_without_customer_are_not_used(self):
        customers = features()
        customers.loc[5:7, "dataset"] = "chocolate_sales"
        customers.loc[8, "customer_id"] = None
        assert self.fitted(customers=customers) == 120 - 1 - 4

    def test_a_customer_who_only_returned_is_filled_in(self):
        fills = built().models.set_index("feature").fill_value
        assert fills["orders"].eq(features().orders.median()).all()
        assert not placed(built().models, features()).is_outlier[0]

    def test_an_outlier_is_left_out_and_has_a_flag(self):
        assert placed(built().models, features()).is_outlier[1]
        # It did not move a centroid: without it they are the same.
        rest = features().drop(index=1)
        recency = built().models.query("feature == 'recency_days'").centroid_original
        assert recency.max() < rest.recency_days.max()

    def test_sales_are_fitted_in_the_order_of_the_file(self):
        random = np.random.default_rng(0)
        sales = pd.DataFrame(
            {
                "dataset": "online_retail",
                # As text "10" is before "9": the key is not the order of the file.
                "transaction_line_id": [str(number) for number in range(200)],
                "line_number": random.permutation(200) + 2,
                "as_of_date": pd.Timestamp(DAY),
                "customer_id": None,
                "quantity": random.normal(size=200),
                "amount": random.normal(size=200),
            }
        )
        raw = {"outliers": "none"}
        definitions = {
            "lines": {
                "dataset": "online_retail",
                "grain": "sale",
                "features": {"quantity": raw, "amount": raw},
                "scaler": "none",
                "k": 6,
                "k_range": [6, 6],
                "n_init": 1,
                "fit_order": "line_number",
            }
        }
        tables = build(definitions, sales=sales)
        (definition,) = read_definitions(definitions)
        in_order = sales.sort_values("line_number")[["quantity", "amount"]].to_numpy()
        expected = selection.fit(in_order, 6, definition).centroids
        found = tables.models.centroid.to_numpy().reshape(6, 2)
        assert found.tobytes() == expected.tobytes()
        by_key = selection.fit(sales[["quantity", "amount"]].to_numpy(), 6, definition)
        assert found.tobytes() != by_key.centroids.tobytes()

    def test_published_features_are_taken_if_asked(self):
        published = pd.concat([features().assign(line_set=s) for s in ("all", "sale")])
        keys = {"features_from": "published", "where": "line_set = 'sale'"}
        tables = build(changed(**keys), features(0), published=published)
        assert_array_equal(tables.models.centroid, built().models.centroid)

    def test_types_are_those_that_spark_gives(self):
        """Decimals, dates and missing values come as Python's objects there."""
        customers = features().astype({"orders": object, "spend": object})
        customers["spend"] = [
            None if pd.isna(spend) else Decimal(str(spend)) for spend in customers.spend
        ]
        customers["orders"] = [
            None if pd.isna(orders) else int(orders) for orders in customers.orders
        ]
        customers["is_known"] = [None, *[True, False] * 59, True]
        definition = changed(
            features=BUYERS["features"] | {"is_known": {}}, archetypes=None
        )
        plain = build(definition, customers)
        relation = OnSpark(customers)
        defined = OnSpark(definitions_table(definition).astype(object))
        models = segmentation_models(
            defined,
            {"customer": relation},
            OnSpark(plain.k_selection.astype(object)),
            OnSpark(ARCHETYPES),
            NOW,
            previous=OnSpark(plain.models.astype(object)),
        )
        expected = typed(plain.models, **MODEL_COLUMNS)
        assert_frame_equal(models, expected, check_exact=True)


class TestAnErrorNamesTheSegmentation:
    """One build holds many: the message must lead to the definition at fault."""

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (
                {"definitions": changed(features={"spent": {}, "orders": {}})},
                ["there is no column 'spent'; the columns are dataset, customer_id"],
            ),
            (
                {"definitions": changed(where="orders >")},
                ["where dataset = 'online_retail'", "(orders >", "syntax error"],
            ),
            ({"definitions": changed(where="orderz > 1")}, ["orderz"]),
            ({"definitions": changed(where="country::int > 1")}, ["Could not convert"]),
            (
                {"definitions": changed(features={"country": {}})},
                ["feature \"country\" holds no numbers (string), such as 'UK'"],
            ),
            (
                {"definitions": changed(features={"as_of_date": {}})},
                ['feature "as_of_date" holds no numbers (datetime'],
            ),
            (
                {"definitions": changed(features={"customer_id": {}})},
                ['feature "customer_id" holds no numbers (string)'],
            ),
            (
                {"customers": pd.concat([features(), features(3)])},
                [
                    "3 rows repeat the customer_id of another one, such as 00000",
                    "where",
                ],
            ),
            ({"customers": features(1)}, ['feature "orders" is missing for all 1']),
            ({"customers": features().assign(spend=1)}, ['feature "spend" is 1 for']),
            (
                {"definitions": changed(features={"orders": {"missing": "refuse"}})},
                ["missing for 1 of 120 entities"],
            ),
            ({"definitions": changed(k=500)}, ["k = 500, but the 119 rows"]),
            (
                {"definitions": changed(archetypes="retial")},
                ['no archetype set "retial" in archetypes.csv; it holds other, retail'],
            ),
            (
                {"definitions": changed(archetypes="other", features={"spend": {}})},
                ['"Nobody" mentions', "'orders'"],
            ),
            (
                {"k_selection": built().k_selection[:0]},
                ['no chosen k "buyers"', "none"],
            ),
        ],
    )
    def test_and_what_is_wrong_with_it(self, arguments, words):
        message = refusal(**arguments)
        assert message.startswith('Segmentation "buyers" (dataset online_retail): ')
        for word in words:
            assert word in message

    def test_or_the_archetype(self):
        archetypes = ARCHETYPES.replace("1.5", "hgih")
        message = refusal(archetypes=archetypes)
        assert message.startswith("Archetype \"Lapsed\" (set retail): the level 'hgih'")
