"""Names of segments: taken from the data, one to one, and never two alike."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from customer_segmentation.definitions import Feature
from customer_segmentation.errors import SegmentationError
from customer_segmentation.naming import FARTHEST, name_segments, read_level
from customer_segmentation.transforms import learn, prepare

FEATURES = ["spend", "orders", "recency_days"]


@st.composite
def profiles(draw, features: int = 3) -> np.ndarray:
    """Coarse values: many segments are alike or equal, as near the average."""
    k = draw(st.integers(1, 6))
    cell = st.sampled_from([-2.0, -1.0, -0.6, -0.4, 0.0, 0.4, 0.6, 1.0, 2.0])
    values = draw(st.lists(cell, min_size=k * features, max_size=k * features))
    return np.reshape(values, (k, features))


signatures = st.dictionaries(
    st.sampled_from(FEATURES),
    st.sampled_from(["high", "low"]) | st.floats(-2, 2),
    min_size=1,
)
archetype_sets = st.dictionaries(
    st.sampled_from(["Champions", "Lapsed", "Regulars", "High spend"]), signatures
)


def lacks(row: np.ndarray, signature: dict) -> np.ndarray:
    """What a segment lacks in each feature: the definition, written plainly."""
    found = []
    for feature, level in signature.items():
        z = row[FEATURES.index(feature)]
        reached = (level == "high" and z >= 1) or (level == "low" and z <= -1)
        target = {"high": 1.0, "low": -1.0}.get(level, level)
        found.append(0.0 if reached else abs(z - target))
    return np.array(found)


class TestNoTwoSegmentsShareAName:
    """A name stands for one action list, in every report."""

    @given(profiles(), archetype_sets)
    @settings(max_examples=200, deadline=None)
    def test_whatever_they_are_like(self, profile, archetypes):
        names = name_segments(profile, FEATURES, archetypes)
        assert len(names) == len(set(names)) == len(profile)
        assert all(names)

    def test_if_they_are_equal(self):
        names = name_segments(np.ones((3, 1)), ["spend"], {})
        assert names == ["High spend", "High spend (2)", "High spend (3)"]

    def test_if_an_archetype_is_called_like_a_description(self):
        archetypes = {"High spend": {"spend": 3.0}}
        names = name_segments(np.array([[1.0], [3.0]]), ["spend"], archetypes)
        assert names == ["High spend (2)", "High spend"]


class TestArchetypesAreAssignedOneToOne:
    """Each name goes where it fits best in the whole, and nowhere by force."""

    @given(profiles(), archetype_sets)
    @settings(max_examples=200, deadline=None)
    def test_within_the_limit_only(self, profile, archetypes):
        names = name_segments(profile, FEATURES, archetypes)
        for name, row in zip(names, profile, strict=True):
            near = name in archetypes and max(lacks(row, archetypes[name])) <= FARTHEST
            assert near or name not in archetypes or name == "High spend"

    @given(st.integers(0, 10**6))
    @settings(max_examples=60, deadline=None)
    def test_as_many_as_can_be_at_the_least_distance(self, seed):
        random = np.random.default_rng(seed)
        profile = random.normal(size=(3, 3))
        archetypes = {
            name: dict(zip(FEATURES, row, strict=True))
            for name, row in zip("ABC", random.normal(size=(3, 3)) * 0.7, strict=True)
        }
        best = max(
            (
                [
                    (name, row)
                    for name, row in zip(order, range(3), strict=True)
                    if max(lacks(profile[row], archetypes[name])) <= FARTHEST
                ]
                for order in permutations("ABC")
            ),
            key=lambda pairs: (
                len(pairs),
                -sum(
                    (lacks(profile[row], archetypes[name]) ** 2).mean()
                    for name, row in pairs
                ),
            ),
        )
        names = name_segments(profile, FEATURES, archetypes)
        assert {(name, row) for row, name in enumerate(names) if name in "ABC"} == (
            set(best)
        )

    @given(profiles(), archetype_sets, st.randoms(use_true_random=False))
    @settings(max_examples=200, deadline=None)
    def test_in_any_order_of_segments_and_archetypes(self, profile, archetypes, random):
        """Also where sums are equal, as those of coarse values often are."""
        order = random.sample(range(len(profile)), len(profile))
        shuffled = dict(random.sample(list(archetypes.items()), len(archetypes)))
        names = name_segments(profile, FEATURES, archetypes)
        again = name_segments(profile[order], FEATURES, shuffled)
        # Equal segments may swap their names.
        assert sorted(zip(map(tuple, profile), names, strict=True)) == (
            sorted(zip(map(tuple, profile[order]), again, strict=True))
        )

    @given(profiles(), archetype_sets, signatures, signatures)
    @settings(max_examples=200, deadline=None)
    def test_whatever_an_archetype_is_that_nobody_is_near(
        self, profile, archetypes, first, second
    ):
        """Who edits the seed changes the names of near segments, and no others."""
        for signature in (first, second):
            assume(all(max(lacks(row, signature)) > FARTHEST for row in profile))
        with_first, with_second = (
            name_segments(profile, FEATURES, archetypes | {"Other": signature})
            for signature in (first, second)
        )
        assert with_first == with_second == name_segments(profile, FEATURES, archetypes)

    def test_a_far_segment_does_not_push_a_near_pair_apart(self):
        # The least sum of all distances would take "A" for -3 and "B" for 0.4.
        archetypes = {"A": {"spend": 0.0}, "B": {"spend": 1.0}}
        names = name_segments(np.array([[0.4], [-3.0]]), ["spend"], archetypes)
        assert names == ["A", "Low spend"]

    @pytest.mark.parametrize(
        ("level", "nearest", "away"),
        [("high", 1, -1), ("low", -1, 1), (-0.3, -0.3, 1), (-0.3, -0.3, -1)],
    )
    def test_for_a_level_within_its_limit(self, level, nearest, away):
        for apart, named in ((FARTHEST - 0.01, True), (FARTHEST + 0.01, False)):
            profile = np.array([[nearest + away * apart]])
            (name,) = name_segments(profile, ["spend"], {"A": {"spend": level}})
            assert (name == "A") is named

    @pytest.mark.parametrize(("level", "z"), [("high", 99.0), ("low", -99.0)])
    def test_for_high_and_low_without_an_end(self, level, z):
        names = name_segments(np.array([[z]]), ["spend"], {"A": {"spend": level}})
        assert names == ["A"]

    @pytest.mark.parametrize(("level", "sign"), [("high", 1), ("low", -1)])
    @pytest.mark.parametrize("order", [[1.0, 3.0, 2.0], [3.0, 2.0, 1.0]])
    def test_for_the_most_extreme_of_several(self, level, sign, order):
        profile = sign * np.array(order)[:, None]
        names = name_segments(profile, ["spend"], {"A": {"spend": level}})
        assert names.index("A") == order.index(3.0)

    def test_for_the_features_that_the_signature_names(self):
        profile = np.array([[1.5, 9.0, -9.0]])
        assert name_segments(profile, FEATURES, {"A": {"spend": "high"}}) == ["A"]

    def test_but_not_for_one_with_a_feature_that_is_not_there(self):
        """One set serves segmentations that differ in a feature or two."""
        archetypes = {
            "Young Spenders": {"spend": "high", "age": "low"},
            "Big Spenders": {"spend": "high"},
        }
        names = name_segments(np.ones((1, 3)), FEATURES, archetypes)
        assert names == ["Big Spenders"]

    def test_for_a_feature_of_a_window_as_for_that_of_all_the_time(self):
        archetypes = {"Champions": {"orders": "high"}}
        named = name_segments(np.array([[2.0]]), ["orders_90_days"], archetypes)
        assert named == ["Champions"]
        both = ["orders", "orders_90_days"]
        named = name_segments(np.array([[0.0, 2.0], [2.0, 0.0]]), both, archetypes)
        assert named == ["High orders 90 days", "Champions"]

    def test_unless_that_leaves_none(self):
        with pytest.raises(SegmentationError) as error:
            name_segments(np.ones((1, 3)), FEATURES, {"A": {"spent": "high"}})
        assert str(error.value) == (
            "no archetype of the set can be used with the features 'spend', 'orders', "
            "'recency_days': \"A\" mentions 'spent'. Choose another set, or mend "
            "archetypes.csv."
        )


class TestASurvivorKeepsItsName:
    """A segment that lives on after a retrain is still called what it was."""

    @given(profiles(), archetype_sets, st.data())
    @settings(max_examples=200, deadline=None)
    def test_and_nobody_else_gets_it(self, profile, archetypes, data):
        former = name_segments(profile, FEATURES, archetypes)
        survivors = data.draw(st.sets(st.sampled_from(range(len(profile)))))
        kept = dict(zip(survivors, data.draw(st.permutations(former)), strict=False))
        names = name_segments(profile, FEATURES, archetypes, kept)
        assert {position: names[position] for position in kept} == kept
        assert len(names) == len(set(names)) == len(profile)

    def test_even_where_it_is_no_longer_the_nearest(self):
        archetypes = {"Champions": {"spend": "high"}, "Regulars": {"spend": 0.6}}
        profile = np.array([[0.9], [1.6]])
        kept = {0: "Champions"}
        assert name_segments(profile, ["spend"], archetypes) == [
            *("Regulars", "Champions")
        ]
        assert name_segments(profile, ["spend"], archetypes, kept) == [
            *("Champions", "High spend")
        ]

    def test_but_two_cannot_keep_the_same(self):
        with pytest.raises(SegmentationError, match="no two segments may share one"):
            name_segments(np.ones((2, 1)), ["spend"], {}, {0: "A", 1: "A"})


class TestADescriptionSaysWhatIsNotable:
    """Where no archetype is near, the name is what a report would say first."""

    @pytest.mark.parametrize(
        ("row", "name"),
        [
            ([0.0, 0.0, 0.0], "Near the average"),
            ([0.4, -0.4, 0.4], "Near the average"),
            ([0.5, 0.0, 0.0], "High spend"),
            ([0.0, -0.6, 0.9], "High recency days, low orders"),
            ([1.0, -2.0, 1.5], "Low orders, high recency days"),
        ],
    )
    def test_the_two_most_notable_features_at_most(self, row, name):
        assert name_segments(np.array([row]), FEATURES, {}) == [name]

    def test_one_more_where_two_are_alike(self):
        profile = np.array([[1.0, 0.2, 0.0], [2.0, 0.0, -0.1]])
        assert name_segments(profile, FEATURES, {}) == [
            *("High spend, high orders", "High spend")
        ]

    @pytest.mark.parametrize(
        ("statuses", "name"),
        [
            (["single"], "Marital status is single"),
            (["it's Complicated"], "Marital status is it's Complicated"),
            ([None], "Marital status is missing"),
            (["single", "it's Complicated"], "Marital status is not married"),
        ],
    )
    def test_of_a_column_with_categories_one_thing(self, statuses, name):
        """That nobody in it is married follows from all being single."""
        everybody = np.array(
            ["married"] * 6 + ["single", "it's Complicated"] * 2 + [None] * 2, object
        )
        feature = Feature(
            categories=["married", "single", "it's Complicated"],
            encoding="one_hot",
            missing_indicator=True,
        )
        values = {"marital_status": everybody}
        parameters = learn(values, {"marital_status": feature})
        points = prepare(values, parameters).points
        own = points[[each in statuses for each in everybody]].mean(axis=0)
        z_scores = (own - points.mean(axis=0)) / points.std(axis=0)
        found = name_segments(
            z_scores[None], list(parameters), {}, parameters=parameters
        )
        assert found == [name]

    def test_of_two_categories_the_one_that_it_is(self):
        """They are equally notable, up to rounding."""
        genders = {"gender": np.array(["F", "M"], object)}
        feature = Feature(categories=["F", "M"], encoding="one_hot")
        parameters = learn(genders, {"gender": feature})
        for row, name in (([-1.0, 1.0], "Gender is M"), ([1.0, -1.0], "Gender is F")):
            profile = np.array([row]) * [[1 + 1e-15, 1]]
            found = name_segments(profile, list(parameters), {}, parameters=parameters)
            assert found == [name]


class TestLevelsAreRead:
    """Archetypes stand in a seed that anyone may edit."""

    @pytest.mark.parametrize(
        ("text", "level"),
        [("high", "high"), ("low", "low"), ("-0.5", -0.5), ("1e1", 10.0), (0.7, 0.7)],
    )
    def test_as_words_or_numbers(self, text, level):
        assert read_level(text) == level

    @pytest.mark.parametrize("text", ["High", "hi", "", "1,5", "nan", "-inf", None])
    def test_or_refused_with_what_is_allowed(self, text):
        with pytest.raises(SegmentationError) as error:
            read_level(text)
        assert f"the level {text!r} of an archetype is not allowed" in str(error.value)
        assert "high, low or a number of standard deviations" in str(error.value)
