"""Ids that survive a retrain, models that stay, customers that do not flicker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from placing import placed
from sklearn.metrics import adjusted_rand_score

from customer_segmentation import tables
from customer_segmentation.definitions import definitions_table
from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import stored
from customer_segmentation.identity import hold, match_segments, shared_members

MEANS = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])
BUYERS = {
    "dataset": "own",
    "features": {"orders": {"outliers": "none"}, "spend": {"outliers": "none"}},
    "k": 3,
    "k_range": [2, 4],
    "archetypes": "own",
}
ARCHETYPES = pd.DataFrame(
    [("own", "Frequent", "orders", "high"), ("own", "Big", "spend", "high")],
    columns=["archetype_set", "archetype", "feature", "level"],
)
NOW = datetime(2024, 1, 31, 12)


def customers(
    n: int = 150, seed: int = 0, means=MEANS, prefix: str = "c", noise: float = 0.5
) -> pd.DataFrame:
    """Make customers of as many kinds as there are means."""
    random = np.random.default_rng(seed)
    values = random.normal(np.asarray(means)[np.arange(n) % len(means)], noise)
    return pd.DataFrame(
        {
            "dataset": "own",
            "customer_id": [f"{prefix}{number:04}" for number in range(n)],
            "orders": values[:, 0],
            "spend": values[:, 1],
        }
    )


class This(str):
    """What dbt.this is to a Python model."""

    @property
    def identifier(self) -> str:
        return str(self)


class Warehouse:
    """Tables that outlive a build, as those of dbt do."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.builds = 0

    def build(
        self,
        frame: pd.DataFrame | None = None,
        month: int = 1,
        *,
        definition: dict[str, Any] | None = None,
        archetypes: pd.DataFrame = ARCHETYPES,
        retrain: Any = False,
        advice: pd.DataFrame | None = None,
        inputs: tuple[str, ...] = ("own",),
    ) -> Warehouse:
        """Build all tables for the last day of a month."""
        frame = customers() if frame is None else frame
        frame = frame.assign(as_of_date=pd.Timestamp(2024, month, 28))
        self.builds += 1
        self.customers = frame
        at = NOW + timedelta(hours=self.builds)
        relation = self.connection.from_df(frame)
        sources = dict.fromkeys(["customer", "sale", "published"], relation)
        definitions = {"buyers": definition or BUYERS}
        defined = self.connection.from_df(definitions_table(definitions, (), inputs))
        seed = self.connection.from_df(archetypes)
        advised = None if advice is None else self.connection.from_df(advice)
        again = {"retrain": retrain, "advice": advised}
        in_use = stored(self.connection, This("models"))
        chosen = self.write(
            "k_selection",
            lambda was: tables.k_selection(
                defined, sources, previous=was, in_use=in_use, **again
            ),
        )
        models = self.write(
            "models",
            lambda was: tables.segmentation_models(
                defined, sources, chosen, seed, at, previous=was, **again
            ),
        )
        self.write(
            "shared",
            lambda was: tables.segment_overlaps(defined, sources, models, previous=was),
        )
        return self

    def write(self, name: str, make) -> duckdb.DuckDBPyRelation:
        frame = make(stored(self.connection, This(name)))
        self.connection.execute(f"drop table if exists {name}")
        self.connection.from_df(frame).create(name)
        return self.connection.table(name)

    def __getattr__(self, name: str) -> pd.DataFrame:
        return self.connection.table(name).df()

    @property
    def current(self) -> pd.DataFrame:
        return self.models.query("is_current").reset_index(drop=True)

    @property
    def names(self) -> dict[int, str]:
        return dict(
            zip(self.current.segment_id, self.current.segment_name, strict=True)
        )

    @property
    def ids(self) -> pd.Series:
        """Segment of each customer of the last build."""
        segments = placed(self.current, self.customers)
        return segments.set_index("entity_id").segment_id


class TestAModelIsFrozen:
    """New data must not silently change what a segment means."""

    def test_new_data_do_not_train(self):
        warehouse = Warehouse().build()
        before = warehouse.models
        warehouse.build(customers(seed=1, means=MEANS * 2), month=2)
        assert_frame_equal(warehouse.models, before, check_exact=True)
        chosen = warehouse.k_selection
        assert chosen.k[chosen.is_chosen].tolist() == [3]

    @pytest.mark.parametrize("retrain", [True, "buyers", ["buyers"]])
    def test_until_a_retrain_is_asked_for(self, retrain):
        warehouse = Warehouse().build()
        first = warehouse.models
        warehouse.build(customers(seed=1), month=2, retrain=retrain)
        models = warehouse.models
        assert models.groupby("model_version").is_current.all().to_dict() == {
            1: False,
            2: True,
        }
        kept = models.query("model_version == 1").reset_index(drop=True)
        assert_frame_equal(
            kept.drop(columns="is_current"), first.drop(columns="is_current")
        )

    def test_or_the_definition_changes(self):
        changed = BUYERS | {"scaler": "robust"}
        warehouse = Warehouse().build().build(definition=changed)
        assert warehouse.current.model_version.eq(2).all()
        warehouse.build(definition=changed)
        assert warehouse.models.model_version.max() == 2

    def test_but_not_for_what_the_fit_does_not_depend_on(self):
        changed = BUYERS | {"hysteresis_margin": 0.4, "challenger_margin": 0.1}
        assert (
            Warehouse()
            .build()
            .build(definition=changed)
            .models.model_version.eq(1)
            .all()
        )

    def test_an_empty_period_loses_no_version(self):
        warehouse = Warehouse().build()
        warehouse.build(customers(0), month=2)
        assert len(warehouse.models) > 0
        assert not warehouse.models.is_current.any()
        warehouse.build(month=3)
        assert warehouse.current.model_version.eq(1).all()

    @pytest.mark.parametrize("lost", [[], ["k_selection"]])
    def test_whatever_was_built_in_between(self, lost):
        """Demo data, or none: k is not chosen anew on the data of another day."""
        definition = BUYERS | {"k": "auto"}
        four = customers(200, means=[[0, 0], [9, 0], [0, 9], [9, 9]])
        two = customers(200, seed=1, means=[[0, 0], [9, 9]])
        warehouse = Warehouse().build(four, definition=definition)
        assert len(warehouse.names) == 4
        warehouse.build(two, 2, definition=definition, inputs=())
        assert len(warehouse.names) == 2
        warehouse.build(customers(0), 2, definition=definition)
        for table in lost:
            warehouse.connection.execute(f"drop table {table}")
        warehouse.build(two, 3, definition=definition)
        assert warehouse.current.model_version.eq(1).all()
        chosen = warehouse.k_selection.query("is_chosen")
        assert chosen.k.tolist() == [4]
        assert "frozen" in chosen.reason.iloc[0]

    def test_demo_and_real_data_do_not_share_a_model(self):
        warehouse = Warehouse().build(inputs=())
        warehouse.build(customers(seed=5, means=MEANS * 3))
        real = warehouse.current
        assert real.model_version.eq(2).all()
        assert real.training.eq("first").all()
        assert sorted(warehouse.ids.unique()) == [1, 2, 3]
        warehouse.build(inputs=())
        assert warehouse.current.model_version.eq(1).all()
        warehouse.build(customers(seed=5, means=MEANS * 3), month=2)
        assert warehouse.current.model_version.eq(2).all()
        assert warehouse.shared.empty

    @pytest.mark.parametrize(
        ("verdict", "version", "is_trained"),
        [
            ("retrain", 1, True),
            ("watch", 1, False),
            ("retrain", 9, False),  # of another line of models
            (None, None, False),  # before the first advice
        ],
    )
    def test_auto_trains_what_the_advice_is_for(self, verdict, version, is_trained):
        advice = verdict and pd.DataFrame(
            {
                "segmentation": ["buyers", "gone"],
                "model_version": version,
                "verdict": verdict,
            }
        )
        warehouse = Warehouse().build()
        warehouse.build(month=2, retrain="auto", advice=advice)
        assert warehouse.current.model_version.eq(1 + is_trained).all()
        warehouse.build(month=2, retrain="auto", advice=advice)  # the same once more
        assert warehouse.current.model_version.eq(1 + is_trained).all()

    @pytest.mark.parametrize("retrain", ["byers", ["byers"], 1, None])
    def test_an_unknown_segmentation_is_not_retrained(self, retrain):
        with pytest.raises(SegmentationError, match="needed is true, false, auto, or"):
            Warehouse().build(retrain=retrain)


class TestIdsSurviveARetrain:
    """Whoever wrote a query on segment 2 must still find the same segment there."""

    def test_on_the_same_data_all_of_them(self):
        warehouse = Warehouse().build()
        before = warehouse.ids
        warehouse.build(retrain=True)
        assert warehouse.current.training.eq("warm").all()
        assert_array_equal(warehouse.ids, before)

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 10_000))
    def test_with_five_percent_of_new_customers(self, seed):
        first = customers(seed=seed)
        more = pd.concat([first, customers(8, seed=seed + 1, prefix="new")])
        warehouse = Warehouse().build(first)
        before, names = warehouse.ids, warehouse.names
        warehouse.build(more, month=2, retrain=True)
        assert_array_equal(warehouse.ids[before.index], before)
        assert warehouse.names == names

    def test_a_segment_that_splits_keeps_its_id_for_the_larger_part(self):
        means = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0], [20.0, 0.0]])
        frame = customers(400, means=means)
        two, three = (BUYERS | {"scaler": "none", "k": k} for k in (2, 3))
        warehouse = Warehouse().build(frame, definition=two)
        before = warehouse.ids
        warehouse.build(frame, definition=three)
        assert warehouse.current.training.eq("cold").all()
        assert set(warehouse.ids) - set(before) == {3}
        assert (warehouse.ids == before).mean() == pytest.approx(0.75, abs=0.02)

    def test_an_id_is_never_given_again(self):
        two, three = BUYERS | {"k": 2}, BUYERS
        warehouse = Warehouse().build(definition=three).build(definition=two)
        warehouse.build(definition=three)
        of_version = warehouse.models.groupby("model_version").segment_id.agg(set)
        gone = of_version[1] - of_version[2]
        assert not gone & of_version[3]
        assert max(of_version[3]) > max(of_version[1] | of_version[2])

    def test_with_another_feature_beside_the_old_ones(self):
        frame = customers().assign(lines=np.random.default_rng(3).normal(size=150))
        more = BUYERS | {"features": BUYERS["features"] | {"lines": {}}}
        warehouse = Warehouse().build(frame)
        before = warehouse.ids
        warehouse.build(frame, definition=more)
        assert warehouse.current.training.eq("cold").all()
        assert (warehouse.ids == before).mean() > 0.95


class TestAChallengerTakesOverOnlyWithAMargin:
    """A fit that is better by a hair would number the same customers otherwise."""

    # Four corners, of which the frozen model has two in one segment.
    CORNERS = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0], [9.0, 9.0]])

    def build(self, margin: float) -> Warehouse:
        definition = BUYERS | {"k": 2, "challenger_margin": margin, "scaler": "none"}
        flat = customers(200, means=self.CORNERS * [1.0, 1.1])
        warehouse = Warehouse().build(flat, definition=definition)
        # The better cut is now the other one, but the old one is a local optimum.
        wide = customers(200, means=self.CORNERS * [1.4, 1.0])
        return warehouse.build(wide, 2, definition=definition, retrain=True)

    @pytest.mark.parametrize(
        ("margin", "training"), [(0.02, "challenger"), (0.49, "warm")]
    )
    def test_of_the_definition(self, margin, training):
        assert self.build(margin).current.training.unique().tolist() == [training]

    def test_and_then_half_of_each_segment_is_in_each_new_one(self):
        warehouse = self.build(0.02)
        shares = warehouse.shared.shared_entities / 200
        assert shares.between(0.2, 0.3).all()


class TestNamesStayWithTheirIds:
    """A name in last month's slides must mean the same segment this month."""

    def test_when_a_segment_moves(self):
        warehouse = Warehouse().build()
        names = warehouse.names
        moved = customers(means=MEANS + [[0, 0], [-1.5, 1.5], [1.5, -1.0]])
        warehouse.build(moved, month=2, retrain=True)
        assert warehouse.names == names
        assert "Frequent" in names.values()

    @pytest.mark.parametrize(("retrain", "version"), [(False, 1), (True, 2)])
    def test_until_the_archetypes_are_edited(self, retrain, version):
        warehouse = Warehouse().build()
        renamed = ARCHETYPES.replace("Frequent", "Regulars")
        before = warehouse.names
        warehouse.build(archetypes=renamed, retrain=retrain)
        assert warehouse.names == {
            id_: name.replace("Frequent", "Regulars") for id_, name in before.items()
        }
        assert warehouse.current.model_version.eq(version).all()


class TestACustomerDoesNotFlicker:
    """A campaign must not greet a customer as another one every month."""

    @settings(max_examples=50, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.floats(0, 0.49))
    def test_who_is_held_is_not_far(self, seed, k, margin):
        random = np.random.default_rng(seed)
        distances = random.random((40, k))
        nearest = distances.argmin(axis=1)
        before, nearest_before = random.integers(-1, k, (2, 40))
        found = hold(
            nearest,
            distances,
            before=before,
            nearest_before=nearest_before,
            margin=margin,
        )
        each = np.arange(40)
        held = found != nearest
        assert (found[held] == before[held]).all()
        assert (nearest_before[held] != nearest[held]).all()
        limit = (1 - margin) * distances[each, found]
        assert (distances[each, nearest] > limit)[held].all()


class TestSegmentsAreMatchedByTheirMembers:
    """Centroids move; who is in a segment says which one it is."""

    @settings(max_examples=100, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.integers(1, 8))
    def test_renumbered_segments_are_all_found_back(self, seed, k):
        random = np.random.default_rng(seed)
        before = np.concatenate([np.arange(k), random.integers(0, k, 30)])
        order = random.permutation(k)
        shared = shared_members(before, order[before], segments=(k, k))
        assert shared.sum() == len(before)
        matched = match_segments(shared, random.random((k, k)))
        assert matched == {int(new): old for old, new in enumerate(order)}

    @settings(max_examples=100, deadline=None)
    @given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 6))
    def test_one_to_one_and_never_below_half(self, seed, old, new):
        random = np.random.default_rng(seed)
        shared = random.integers(0, 20, (old, new)) ** 3
        matched = match_segments(shared, random.random((old, new)))
        assert len(set(matched.values())) == len(matched)
        for after, before in matched.items():
            either = (
                shared[before].sum() + shared[:, after].sum() - shared[before, after]
            )
            assert shared[before, after] >= 0.5 * either

    def test_of_two_halves_the_nearer_one_goes_on(self):
        assert match_segments([[50, 50]], [[2.0, 1.0]]) == {1: 0}
        assert match_segments([[50, 50]], [[1.0, 2.0]]) == {0: 0}

    def test_shapes_must_agree(self):
        with pytest.raises(SegmentationError, match="one row per old"):
            match_segments([[1, 2]], [[1.0]])


class TestAFitOfManySeesASample:
    """Millions need not be fitted: a sample finds the same centroids."""

    SAMPLED = BUYERS | {"fit_at_most": 400}

    def test_and_everyone_has_a_segment(self):
        frame = customers(6000)
        sampled = Warehouse().build(frame, definition=self.SAMPLED)
        fitted = sampled.models.fitted_entities
        assert fitted.between(300, 500).all()
        whole = Warehouse().build(frame)
        assert adjusted_rand_score(sampled.ids, whole.ids) > 0.99
        assert len(sampled.ids) == 6000

    def test_the_same_one_for_any_order_of_rows(self):
        frame = customers(2000)
        shuffled = frame.sample(frac=1, random_state=0)
        found = [
            Warehouse().build(rows, definition=self.SAMPLED).models
            for rows in (frame, shuffled)
        ]
        assert_frame_equal(*found, check_exact=True)

    def test_and_so_does_the_count_of_shared_members(self):
        warehouse = Warehouse().build(customers(6000), definition=self.SAMPLED)
        warehouse.build(customers(6000), definition=self.SAMPLED, retrain=True)
        assert 300 < warehouse.shared.shared_entities.sum() < 500

    def test_entities_are_not_read_where_all_is_counted(self):
        warehouse = Warehouse().build().build(retrain=True)
        counted = warehouse.shared
        assert counted.shared_entities.sum() == 150
        again = tables.segment_overlaps(
            warehouse.connection.from_df(definitions_table({"buyers": BUYERS})),
            {},  # nowhere to read from
            warehouse.connection.table("models"),
            previous=warehouse.connection.table("shared"),
        )
        assert_frame_equal(again, counted, check_dtype=False)
