"""Rules for segments: valid SQL, short, and as good as they say."""

from __future__ import annotations

from hashlib import md5
from itertools import product
from math import inf

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_segmentation import rules
from customer_segmentation.definitions import Feature
from customer_segmentation.errors import SegmentationError
from customer_segmentation.kmeans import fit_kmeans
from customer_segmentation.rules import find_rules, segment_rules
from customer_segmentation.transforms import learn, prepare, restore

NAMES = ["orders", "spend", "recency_days"]


def customers(seed: int, n: int = 200, k: int = 4) -> tuple[dict, np.ndarray]:
    random = np.random.default_rng(seed)
    values = {
        "orders": random.poisson(3, n).astype(float),
        "spend": random.lognormal(3, 1, n).round(2),
        "recency_days": random.integers(0, 400, n).astype(float),
    }
    points = np.column_stack([np.log1p(column) for column in values.values()])
    return values, fit_kmeans(points, k).labels + 1


def run(condition: str, values: dict) -> np.ndarray:
    """Whom the condition selects, in SQL."""
    table = pd.DataFrame(values).reset_index()
    with duckdb.connect() as connection:
        connection.register("entities", table)
        found = connection.execute(f"select index from entities where {condition}")
        return np.isin(table["index"], found.fetchnumpy()["index"])


class TestARuleIsValidSql:
    """An analyst pastes it into a where clause."""

    @given(seed=st.integers(0, 10**6), k=st.integers(1, 9))
    @settings(max_examples=25, deadline=None)
    def test_that_selects_whom_python_selects(self, seed, k):
        values, segments = customers(seed, k=k)
        found = find_rules(values, segments)
        assert list(found) == sorted(set(segments))
        for rule in found.values():
            assert (run(rule.condition, values) == rule.is_met).all()

    @given(seed=st.integers(0, 10**6))
    @settings(max_examples=25, deadline=None)
    def test_also_where_values_are_missing(self, seed):
        """Whoever has no value has the fill value in the model, and in the rule."""
        values, segments = customers(seed)
        random = np.random.default_rng(seed)
        is_missing = {name: random.random(len(segments)) < 0.2 for name in NAMES}
        filled = {
            name: np.where(is_missing[name], np.median(column), column)
            for name, column in values.items()
        }
        given = {
            name: np.where(is_missing[name], np.nan, column)
            for name, column in values.items()
        }
        found = find_rules(filled, segments, is_missing=is_missing)
        table = {name: pd.array(column, "Float64") for name, column in given.items()}
        for rule in found.values():
            assert (run(rule.condition, table) == rule.is_met).all()

    @pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e9, 1e38, 1e90])
    def test_of_values_of_any_size(self, scale):
        values = {"spend": np.array([-7.25, -7.0, 1.5, 2.5, 2.75, 8.0]) * scale}
        found = find_rules(values, [1, 1, 2, 2, 3, 3])
        for segment, rule in found.items():
            own = np.array([1, 1, 2, 2, 3, 3]) == segment
            assert (rule.is_met == own).all()
            assert (run(rule.condition, values) == own).all()


class TestARuleIsReadable:
    """Nobody remembers orders >= 3.4999998211860657."""

    @pytest.mark.parametrize(
        ("low", "high", "limit"),
        [
            (3, 4, "4"),
            (2, 4, "3"),
            (1, 10, "6"),
            (-3, -2, "-2"),
            (-1, 1, "0"),
            (99.5, 100.7, "100"),
            (1_300.5, 1_402, "1400"),
            (0.123, 0.131, "0.13"),
            (0.1, 0.1 + 1e-17 + 2e-17, "0.10000000000000002"),
        ],
    )
    def test_its_thresholds_have_the_fewest_digits(self, low, high, limit):
        found = find_rules({"orders": np.array([low, high], float)}, [1, 2])
        assert found[1].condition == f"orders < {limit}"
        assert found[2].condition == f"orders >= {limit}"

    @pytest.mark.parametrize(
        ("boxes", "simplest"),
        [
            # Two intervals side by side are one, ...
            ([{"spend": (3, 6)}, {"spend": (6, 9)}], [{"spend": (3, 9)}]),
            (
                [
                    {"spend": (3, 6), "orders": (-inf, 2)},
                    {"spend": (3, 6), "orders": (2, inf)},
                ],
                [{"spend": (3, 6)}],
            ),
            # ... and a bound that the other part makes up for says nothing.
            (
                [{"spend": (-inf, 3)}, {"spend": (3, 9), "orders": (2, inf)}],
                [{"spend": (-inf, 3)}, {"spend": (-inf, 9), "orders": (2, inf)}],
            ),
            (
                [{"spend": (3, 6)}, {"spend": (7, 9)}],
                [{"spend": (3, 6)}, {"spend": (7, 9)}],
            ),
        ],
    )
    def test_what_says_nothing_is_left_out(self, boxes, simplest):
        assert rules._simplest(boxes) == simplest

    @given(seed=st.integers(0, 10**6))
    @settings(max_examples=25, deadline=None)
    def test_simplified_it_selects_the_same(self, seed):
        random = np.random.default_rng(seed)
        cuts = np.sort(random.integers(0, 6, (3, 3, 2)), axis=2) + [0.0, 1.0]
        cuts[random.random(cuts.shape) < 0.3] = np.nan
        boxes = [
            {
                name: (np.nan_to_num(low, nan=-np.inf), np.nan_to_num(high, nan=np.inf))
                for name, (low, high) in zip(NAMES, box, strict=True)
            }
            for box in cuts
        ]
        points = dict(
            zip(NAMES, np.mgrid[-1:8, -1:8, -1:8].reshape(3, -1), strict=True)
        )
        short = rules._simplest(boxes)
        before, after = (
            np.any([rules._is_met(box, points) for box in given], axis=0)
            for given in (boxes, short)
        )
        assert (before == after).all()
        assert sum(map(len, short)) <= sum(map(len, boxes))


class TestEverySegmentHasARule:
    """Also one that a tree would overlook."""

    def test_a_small_segment_has_a_tree_of_its_own(self):
        """Noise among the large ones uses up the leaves of the common tree."""
        random = np.random.default_rng(0)
        values = {name: random.uniform(0, 100, 3_000) for name in NAMES}
        is_small = (values["spend"] < 6) & (values["orders"] < 6)
        segments = np.where(is_small, 3, random.integers(1, 3, 3_000))
        found = find_rules(values, segments)
        assert 0 < is_small.sum() < 20
        assert found[3].is_met[is_small].all()
        assert found[3].is_met.sum() < 2 * is_small.sum()

    def test_the_only_one_holds_all(self):
        (rule,) = find_rules({"spend": np.arange(5.0)}, np.ones(5, int)).values()
        assert rule.condition == "true"
        assert rule.is_met.all()

    def test_one_that_nothing_tells_apart_says_so(self):
        found = find_rules({"spend": np.ones(5)}, [1, 1, 1, 2, 2])
        assert found[2].condition == "false"
        assert not found[2].is_met.any()


class TestTheTableHoldsForAll:
    """A rule that is fitted on a part is measured on the whole."""

    @pytest.fixture
    def relations(self):
        values, segments = customers(1, n=2_000)
        ids = [f"c{number}" for number in range(len(segments))]
        connection = duckdb.connect()
        labels = pd.DataFrame(
            {
                "segmentation": "buyers",
                "dataset": "shop",
                "entity_id": ids,
                "segment_id": segments,
                "segment_name": [f"Segment {segment}" for segment in segments],
            }
        )
        features = pd.concat(
            pd.DataFrame(
                {
                    "segmentation": "buyers",
                    "entity_id": ids,
                    "feature": name,
                    "feature_value": values[name],
                    "filled_value": values[name],
                }
            )
            for name in NAMES
        )
        return connection, labels, features, values

    def read(self, relations, seed=None):
        connection, *frames, _ = relations
        if seed is not None:
            frames = [frame.sample(frac=1, random_state=seed) for frame in frames]
        return segment_rules(*map(connection.from_df, frames))

    @pytest.mark.parametrize("most", [200_000, 300])
    def test_fidelity_and_coverage_are_what_sql_counts(
        self, relations, most, monkeypatch
    ):
        """Above the limit, of a sample that hangs on the ids alone."""
        monkeypatch.setattr(rules, "LARGEST_FIT", most)
        _, labels, _, values = relations
        hashes = [md5(each.encode()).hexdigest() for each in labels.entity_id]
        seen = np.array(hashes) < f"{int(16**8 * min(most / 2_000, 0.9999999)):08x}"
        assert seen.all() if most > 2_000 else 250 < seen.sum() < 350
        table = self.read(relations)
        for row in table.itertuples():
            met = run(row.rule, values) & seen
            own = (labels.segment_id == row.segment_id) & seen
            assert row.entities == own.sum()
            assert row.entities_under_rule == met.sum()
            assert row.fidelity == (met & own).sum() / met.sum()
            assert row.coverage == (met & own).sum() / own.sum()
        told = (table.coverage * table.entities).sum() / seen.sum()
        assert table.accuracy.to_numpy() == pytest.approx(told)
        assert told > 0.8

    def test_the_order_of_the_rows_does_not_matter(self, relations, monkeypatch):
        monkeypatch.setattr(rules, "LARGEST_FIT", 300)
        pd.testing.assert_frame_equal(
            self.read(relations), self.read(relations, seed=1), check_exact=True
        )

    def test_an_entity_without_a_segment_is_an_error(self, relations):
        connection, labels, features, _ = relations
        unscored = labels.assign(segment_id=labels.segment_id.where(labels.index != 7))
        with pytest.raises(SegmentationError, match="1 entities have no segment"):
            segment_rules(*map(connection.from_df, (unscored, features)))

    def test_entities_without_features_are_an_error(self, relations):
        """As after a change of the definitions, if only some tables are built."""
        connection, labels, features, _ = relations
        fewer = features[features.entity_id != "c7"]
        with pytest.raises(SegmentationError) as error:
            segment_rules(connection.from_df(labels), connection.from_df(fewer))
        assert str(error.value) == (
            'Segmentation "buyers": 2000 entities have segments, and 1999 have '
            "features, not all of them the same. Build segmentations and all that "
            "follows from it."
        )

    def test_without_entities_it_is_empty(self, relations):
        connection, labels, features, _ = relations
        table = segment_rules(
            *(connection.from_df(frame).limit(0) for frame in (labels, features))
        )
        assert table.empty
        assert list(table) == list(rules.COLUMNS)


class TestARuleSpeaksOfTheColumns:
    """An analyst has a column gender, and none that is called gender_is_F."""

    VALUES = {"bands": ["low", "mid", None, "high"] * 50, "gender": ["F", "it's"] * 100}
    KEYS = {
        "bands": {
            "categories": ["low", "mid", "high"],
            "encoding": "ordered",
            "missing_indicator": True,
        },
        "gender": {"categories": ["F", "it's"], "encoding": "one_hot"},
    }

    @pytest.mark.parametrize(
        ("segments", "conditions"),
        [
            (
                [1, 2],
                ["(gender <> 'it''s' or gender is null)", "gender = 'it''s'"],
            ),
            ([1, 1, 2, 1], ["bands is not null", "bands is null"]),
            (
                [1, 1, 1, 2],
                ["(bands in ('low', 'mid') or bands is null)", "bands in ('high')"],
            ),
        ],
    )
    def test_that_the_dimensions_are_taken_from(self, segments, conditions):
        frame = pd.DataFrame(self.VALUES)
        segments = np.resize(segments, len(frame))
        features = {name: Feature(**keys) for name, keys in self.KEYS.items()}
        values = {name: frame[name].to_numpy(dtype=object) for name in frame}
        parameters = learn(values, features)
        numbers = restore(prepare(values, parameters).points, parameters)
        missing = frame.bands.isna().to_numpy()
        rules = find_rules(
            dict(zip(parameters, numbers.T.round(9), strict=True)),
            segments,
            is_missing={"bands": missing},
            parameters=parameters,
        )
        found = [rule.condition for rule in rules.values()]
        for segment, condition in enumerate(found, 1):
            rows = duckdb.query(f"select {condition} as met from frame").df()
            assert (rows.met.fillna(False) == (segments == segment)).all()
        assert found == conditions

    @given(st.lists(st.integers(1, 3), min_size=8, max_size=8))
    @settings(max_examples=40, deadline=None)
    def test_once_each_in_a_row_of_conditions(self, segment_of):
        """A category excludes all others, and being missing."""
        frame = pd.DataFrame(
            [*product(["a", "it's", "c", None], ["F", "M"])] * 10,
            columns=["kind", "gender"],
            dtype=object,
        )
        features = {
            "kind": Feature(
                categories=["a", "it's", "c"],
                encoding="one_hot",
                missing_indicator=True,
            ),
            "gender": Feature(categories=["F", "M"], encoding="ordered"),
        }
        values = {name: frame[name].to_numpy(dtype=object) for name in frame}
        parameters = learn(values, features)
        numbers = restore(prepare(values, parameters).points, parameters)
        rules = find_rules(
            dict(zip(parameters, numbers.T.round(9), strict=True)),
            np.resize(segment_of, len(frame)),
            parameters=parameters,
        )
        for rule in rules.values():
            rows = duckdb.query(f"select true and {rule.condition} as met from frame")
            assert (rows.df().met.fillna(False) == rule.is_met).all()
            spoken = rule.condition.replace(" or kind is null)", ")")
            for part in spoken.split(" or "):
                said = [each for each in part.split(" and ") if "kind" in each]
                assert len(said) <= 1, rule.condition
