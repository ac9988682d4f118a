"""Transforms: learnt once from the fitted rows, applied to any."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import yeojohnson, yeojohnson_normmax
from scipy.stats.mstats import winsorize
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from customer_segmentation.definitions import Feature
from customer_segmentation.errors import SegmentationError
from customer_segmentation.transforms import learn, prepare, rescale, restore

# 201 values: the quantiles at 0.5 % and 99.5 % are the second and the last but one.
SPEND = np.random.default_rng(0).lognormal(3, 2, 201)
RAW = Feature(outliers="none")
SCALERS = ["standard", "robust", "min_max", "none"]
TRANSFORMS = ["none", "log1p", "signed_log1p", "yeo_johnson"]
GENDERS = np.array(["F", "M", None, "F", "X", "M", "F"], dtype=object)
LETTERS = ("X", "M", "F")


def scaled(values, feature: Feature = RAW, scaler: str = "standard") -> np.ndarray:
    """Prepare one feature with what is learnt from it."""
    values = {"x": np.asarray(values, dtype=np.float64)}
    return prepare(values, learn(values, {"x": feature}, scaler)).points[:, 0]


def refusal(values, feature: Feature, scaler: str = "standard") -> str:
    return refusal_of(np.asarray(values, dtype=np.float64), feature, scaler)


def refusal_of(values, feature: Feature, scaler: str = "standard") -> str:
    with pytest.raises(SegmentationError) as error:
        learn({"x": values}, {"x": feature}, scaler)
    return str(error.value)


class TestEachStepIsTheTextbookOne:
    """Whoever checks a segment by hand or elsewhere must get the same numbers."""

    @pytest.mark.parametrize(
        ("scaler", "theirs"),
        [
            ("standard", StandardScaler()),
            ("robust", RobustScaler()),
            ("min_max", MinMaxScaler()),
        ],
    )
    def test_scaling_is_that_of_scikit_learn(self, scaler, theirs):
        expected = theirs.fit_transform(SPEND[:, None])[:, 0]
        assert_allclose(scaled(SPEND, RAW, scaler), expected, rtol=1e-12, atol=1e-14)

    def test_scaling_can_be_left_out(self):
        assert_array_equal(scaled(SPEND, RAW, "none"), SPEND)

    @pytest.mark.parametrize("shares", [(0.005, 0.005), (0.1, 0), (0, 0.25)])
    def test_winsorising_is_that_of_scipy(self, shares):
        ours = scaled(SPEND, Feature(winsorise_at=shares), "none")
        assert_array_equal(ours, winsorize(SPEND, shares))

    def test_winsorising_comes_before_the_transform(self):
        feature = Feature(transform="log1p", winsorise_at=(0.1, 0.1))
        expected = np.log1p(np.clip(SPEND, *np.quantile(SPEND, [0.1, 0.9])))
        assert_array_equal(scaled(SPEND, feature, "none"), expected)

    def test_signed_log1p_is_log1p_on_both_sides_of_zero(self):
        feature = Feature(transform="signed_log1p", outliers="none")
        both = np.concatenate([-SPEND, [0], SPEND])
        expected = np.concatenate([-np.log1p(SPEND), [0], np.log1p(SPEND)])
        assert_array_equal(scaled(both, feature, "none"), expected)

    @pytest.mark.parametrize(
        "values",
        [SPEND, -SPEND, np.sqrt(SPEND) - 20, np.random.default_rng(0).normal(size=99)],
    )
    def test_yeo_johnson_is_that_of_scipy(self, values):
        feature = Feature(transform="yeo_johnson", outliers="none")
        learnt = learn({"x": values}, {"x": feature}, "none")
        # The three decimals are far below the standard error.
        assert abs(learnt["x"].power - yeojohnson_normmax(values)) < 6e-4
        expected = yeojohnson(values, learnt["x"].power)
        assert_allclose(prepare({"x": values}, learnt).points[:, 0], expected, 1e-11)

    @pytest.mark.parametrize("power", [-2.0, -0.001, 0.0, 0.001, 1.0, 2.0, 4.0])
    def test_yeo_johnson_has_no_gap_at_any_power(self, power):
        values = {"x": np.array([-50.0, -1e-9, 0.0, 1e-9, 3.0, 50.0])}
        feature = Feature(transform="yeo_johnson", outliers="none")
        learnt = learn(values, {"x": feature}, "none")
        learnt = {"x": replace(learnt["x"], power=power)}
        points = prepare(values, learnt).points
        assert_allclose(points[:, 0], yeojohnson(values["x"], power), 1e-9, 1e-12)
        assert_allclose(restore(points, learnt)[:, 0], values["x"], 1e-9, 1e-9)

    @pytest.mark.parametrize("scaler", SCALERS)
    def test_one_hot_is_that_of_scikit_learn(self, scaler):
        feature = Feature(categories=LETTERS, encoding="one_hot", weight=3)
        values = {"gender": GENDERS}
        learnt = learn(values, {"gender": feature}, scaler)
        theirs = OneHotEncoder(
            categories=[LETTERS], handle_unknown="ignore", sparse_output=False
        )
        expected = theirs.fit(GENDERS[:2, None]).transform(GENDERS[:, None]) * 3
        assert_array_equal(prepare(values, learnt).points, expected)
        assert list(learnt) == ["gender_is_X", "gender_is_M", "gender_is_F"]

    def test_ordered_is_that_of_scikit_learn(self):
        feature = Feature(categories=LETTERS, encoding="ordered", outliers="none")
        values = {"gender": np.where(GENDERS == None, "M", GENDERS)}  # noqa: E711
        ranks = OrdinalEncoder(categories=[LETTERS]).fit_transform(
            values["gender"][:, None]
        )
        points = prepare(values, learn(values, {"gender": feature})).points
        assert_allclose(points, StandardScaler().fit_transform(ranks), rtol=1e-12)

    def test_a_weight_multiplies_distances(self):
        heavy = Feature(outliers="none", weight=2.5)
        assert_allclose(scaled(SPEND, heavy), 2.5 * scaled(SPEND), rtol=1e-12)

    def test_columns_stand_in_the_order_of_the_definition(self):
        values = {"a": SPEND, "b": -SPEND}
        learnt = learn(values, {"b": RAW, "a": RAW}, "none")
        assert_array_equal(prepare(values, learnt).points, np.c_[-SPEND, SPEND])


class TestRestoreUndoesPrepare:
    """Centroids are shown in the units of the features."""

    @given(
        st.lists(st.floats(0, 1e4), min_size=2, max_size=20, unique=True),
        st.sampled_from(TRANSFORMS),
        st.sampled_from(SCALERS),
    )
    @settings(max_examples=100, deadline=None)
    def test_for_rows_within_the_limits(self, values, transform, scaler):
        values = {"x": np.array(values)}
        feature = Feature(transform=transform, outliers="none")
        try:
            learnt = learn(values, {"x": feature}, scaler)
        except SegmentationError:
            assume(False)
        back = restore(prepare(values, learnt).points, learnt)[:, 0]
        # A power below 0 flattens large values.
        exact = 1e-5 if transform == "yeo_johnson" else 1e-9
        assert_allclose(back, values["x"], rtol=exact, atol=exact * values["x"].max())

    def test_for_rows_beyond_them_up_to_the_limits(self):
        values = {"x": SPEND}
        learnt = learn(values, {"x": Feature(transform="log1p")})
        back = restore(prepare(values, learnt).points, learnt)[:, 0]
        assert_allclose(back, winsorize(SPEND, (0.005, 0.005)), rtol=1e-12)


class TestAPointKeepsItsPlaceInAnotherScale:
    """Centroids in use are compared with entities that are scaled anew."""

    @pytest.mark.parametrize("transform", TRANSFORMS)
    def test_as_if_it_were_an_entity(self, transform):
        """Above the new limits, too: entities there lie on them."""
        values = {"x": np.linspace(0, 100, 50)}
        before = learn(values, {"x": Feature(transform=transform, outliers="none")})
        after = learn(
            {"x": np.linspace(20, 60, 30)}, {"x": Feature(transform=transform)}
        )
        found = rescale(prepare(values, before).points, before, after)
        assert_allclose(found, prepare(values, after).points, atol=1e-9)


class TestOutliersAreTreatedAsAsked:
    """They must not drive the fit, and no entity may get lost."""

    # Half of the unit prices lie close together, the quantities far apart.
    quantity = np.array([0.0, 10, 20, 30, 40, 50, 60, 70, 80, 900])
    unit_price = np.array([5.0, 5, 6, 6, 7, 7, 8, 8, 60, 200])

    def test_winsorise_flags_what_it_clips(self):
        values = {"x": SPEND}
        prepared = prepare(values, learn(values, {"x": Feature()}))
        assert_array_equal(
            np.flatnonzero(prepared.is_outlier),
            sorted([SPEND.argmin(), SPEND.argmax()]),
        )
        assert prepared.is_in_fit.all()

    @pytest.mark.parametrize("shares", [(0.005, 0.005), (0, 0.005), (0.005, 0)])
    def test_winsorise_clips_an_absurd_value_of_few(self, shares):
        """It would take a segment of its own: the quantile lies half-way to it."""
        values = {"x": np.r_[-1e9, SPEND[:98], 1e9]}
        learnt = learn(values, {"x": Feature(winsorise_at=shares)})["x"]
        low, high = SPEND[:98].min(), SPEND[:98].max()
        assert learnt.clip_low == (low if shares[0] else -1e9)
        assert learnt.clip_high == (high if shares[1] else 1e9)

    def test_winsorise_believes_very_few(self):
        values = {"x": np.r_[SPEND[:18], 1e6]}
        learnt = learn(values, {"x": Feature()})["x"]
        assert learnt.clip_high == np.quantile(values["x"], 0.995)

    def test_iqr_filter_keeps_its_rows_out_of_the_fit_only(self):
        values = {"x": self.unit_price}
        learnt = learn(values, {"x": Feature(outliers="iqr_filter")})
        prepared = prepare(values, learnt)
        assert prepared.is_in_fit.tolist() == [True] * 8 + [False] * 2
        assert_array_equal(prepared.is_outlier, ~prepared.is_in_fit)
        # Neither clipped nor dropped, and not part of the mean.
        kept = StandardScaler().fit(self.unit_price[:8, None])
        expected = kept.transform(self.unit_price[:, None])
        assert_allclose(prepared.points, expected, rtol=1e-12)

    @pytest.mark.parametrize("factor", [1.5, 0.5])
    def test_iqr_of_repeats_the_published_fault(self, factor):
        """The work filtered the price with the interquartile range of the boxes."""
        values = {"quantity": self.quantity, "unit_price": self.unit_price}
        filtered = {"outliers": "iqr_filter", "iqr_factor": factor}
        features = {
            "quantity": Feature(**filtered),
            "unit_price": Feature(**filtered, iqr_of="quantity"),
        }
        learnt = learn(values, features)
        first, third = np.quantile(self.unit_price, [0.25, 0.75])
        reach = factor * np.subtract(*np.quantile(self.quantity, [0.75, 0.25]))
        limits = learnt["unit_price"].clip_low, learnt["unit_price"].clip_high
        assert limits == (first - reach, third + reach)
        # With its own range the price of 60 would be left out; here only 200 is.
        assert prepare(values, learnt).is_in_fit.tolist() == (
            [True] * 9 + [False] if factor == 1.5 else [True] * 8 + [False] * 2
        )

    def test_a_row_is_left_out_of_the_fit_of_every_feature(self):
        features = {"quantity": Feature(outliers="iqr_filter"), "unit_price": RAW}
        values = {"quantity": self.quantity, "unit_price": self.unit_price}
        learnt = learn(values, features)
        assert learnt["unit_price"].center == self.unit_price[:9].mean()

    def test_none_flags_and_clips_nothing(self):
        values = {"x": SPEND}
        learnt = learn(values, {"x": RAW})
        assert np.isnan([learnt["x"].clip_low, learnt["x"].clip_high]).all()
        assert not prepare({"x": np.array([1e99, -1e99])}, learnt).is_outlier.any()


class TestMissingValuesFollowThePolicy:
    """A customer who only returned goods has no price, and gets a segment."""

    values = np.array([np.nan, 1.0, 2.0, 9.0])

    @pytest.mark.parametrize(("missing", "fill"), [("median", 2), (0, 0), (-3.5, -3.5)])
    def test_they_are_filled(self, missing, fill):
        feature = Feature(outliers="none", missing=missing)
        assert scaled(self.values, feature, "none").tolist() == [fill, 1, 2, 9]

    def test_or_refused_with_both_numbers(self):
        message = refusal(self.values, Feature(missing="refuse"))
        assert '"x" is missing for 1 of 4 entities and refuses that' in message

    def test_or_refused_above_a_share(self):
        assert scaled(self.values, Feature(missing_at_most=0.25)).shape == (4,)
        message = refusal(self.values, Feature(missing=0, missing_at_most=0.2))
        assert '"x" is missing for 1 of 4 entities, a share above 0.2.' in message

    @pytest.mark.parametrize("scaler", ["standard", "robust", "min_max", "none"])
    def test_and_can_be_a_dimension_that_no_deviation_inflates(self, scaler):
        feature = Feature(outliers="none", missing_indicator=True, weight=2)
        learnt = learn({"x": self.values}, {"x": feature}, scaler)
        assert list(learnt) == ["x", "x_is_missing"]
        points = prepare({"x": self.values}, learnt).points
        assert points[:, 1].tolist() == [2.0, 0.0, 0.0, 0.0]

    def test_which_is_left_out_where_nothing_is_missing(self):
        feature = Feature(missing_indicator=True)
        learnt = learn({"x": SPEND}, {"x": feature}, "none")
        assert list(learnt) == ["x"]
        assert prepare({"x": self.values}, learnt).points.shape == (4, 1)

    def test_in_scoring_too(self):
        features = {"x": Feature(missing="refuse")}
        learnt = learn({"x": SPEND}, features)
        with pytest.raises(SegmentationError, match="missing for 1 of 4 entities"):
            prepare({"x": self.values}, learnt)

    def test_with_the_median_of_the_training(self):
        learnt = learn({"x": self.values}, {"x": RAW}, "none")
        scored = prepare({"x": np.array([np.nan, 50.0, 60.0])}, learnt)
        assert scored.points[:, 0].tolist() == [2, 50, 60]

    def test_which_outliers_do_not_move(self):
        known = np.r_[SPEND, np.nan]
        learnt = learn({"x": known}, {"x": Feature()})
        assert learnt["x"].fill_value == np.median(SPEND)


class TestCategoriesAreThoseOfTheDefinition:
    """A text that nobody expected is a fault of the data, or a new kind of entity."""

    one_hot = Feature(categories=LETTERS, encoding="one_hot", missing_indicator=True)
    ordered = Feature(categories=LETTERS, encoding="ordered", outliers="none")

    def test_another_one_is_refused_in_training(self):
        values = np.array(["M", "D", "F", "D", None, "E"], dtype=object)
        for feature in (self.one_hot, self.ordered):
            with pytest.raises(SegmentationError) as error:
                learn({"x": values}, {"x": feature})
            assert str(error.value).startswith(
                "feature \"x\" is 'D' for 2 of 6 entities, which is not among its "
                "categories 'X', 'M', 'F'. Add it"
            )

    def test_and_missing_in_scoring(self):
        new = np.array(["M", "D", None], dtype=object)
        learnt = learn({"x": GENDERS}, {"x": self.one_hot}, "none")
        assert prepare({"x": new}, learnt).points.tolist() == [
            [0, 1, 0, 0],
            [0, 0, 0, 1],
            [0, 0, 0, 1],
        ]
        learnt = learn({"x": GENDERS}, {"x": self.ordered}, "none")
        assert prepare({"x": new}, learnt).points[:, 0].tolist() == [1, 1.5, 1.5]

    @pytest.mark.parametrize("feature", [one_hot, ordered])
    def test_so_it_can_be_refused_there_too(self, feature):
        feature = feature.model_copy(update={"missing": "refuse"})
        known = np.array(["X", "F", "M"], dtype=object)
        learnt = learn({"x": known}, {"x": feature})
        with pytest.raises(SegmentationError, match="missing for 1 of 2 entities"):
            prepare({"x": np.array(["D", "F"], dtype=object)}, learnt)

    def test_one_that_nobody_has_is_left_out(self):
        values = np.array(["F", "M", "F"], dtype=object)
        learnt = learn({"x": values}, {"x": self.one_hot})
        assert list(learnt) == ["x_is_M", "x_is_F"]
        # It is a category all the same: an entity that has it has neither.
        assert (prepare({"x": np.array(["X"])}, learnt).points == 0).all()

    def test_one_that_everybody_has_is_refused(self):
        message = refusal_of(np.array(["F"] * 3), self.one_hot)
        assert "has the same category for all 3 fitted entities" in message

    def test_categories_that_differ_lie_the_root_of_two_apart(self):
        values = {"x": GENDERS}
        points = prepare(values, learn(values, {"x": self.one_hot}, "none")).points
        assert_allclose(np.linalg.norm(points[0] - points[1]), np.sqrt(2))


class TestWhatCannotBeUsedIsRefused:
    """The user decides what to do: the message gives the numbers and the remedy."""

    @pytest.mark.parametrize(
        ("values", "feature", "words"),
        [
            ([3, 3, 3], RAW, ["is 3 for all 3 fitted", "Take it out."]),
            ([7] + [0] * 999, Feature(), ["is 0 for all 1000", "once 1 outliers"]),
            ([7] + [0] * 999, Feature(), ['set its key "outliers" to none']),
            ([np.nan] * 4, RAW, ["missing for all 4 entities", "Take it out"]),
            ([np.nan] * 4, Feature(missing=1), ["missing for all 4 entities"]),
            ([np.inf, 1, 2], RAW, ["infinite", "1 of 3 entities", "Mend the model"]),
            ([-np.inf, 1, 1e200], Feature(), ["1e+100 for 2 of 3 entities"]),
            (
                [-5, -1, 2, 3],
                Feature(transform="log1p"),
                ["below 0 for 2 of 4", "down to -5", "signed_log1p"],
            ),
            ([], Feature(missing=0), ["missing for all 0 entities"]),
        ],
    )
    def test_with_the_numbers_and_the_remedy(self, values, feature, words):
        message = refusal(values, feature)
        for word in words:
            assert word in message

    @pytest.mark.parametrize(
        ("scaler", "values"),
        [("robust", [1, 1, 1, 1, 1, 9]), ("standard", [0, 1e-200])],
    )
    def test_for_a_scale_of_zero(self, scaler, values):
        message = refusal(values, RAW, scaler)
        assert f'no spread for the scaler "{scaler}"' in message
        assert f"its {len(values)} values" in message

    def test_if_the_filters_leave_nothing(self):
        values = {"a": np.array([0.0, 10.0]), "b": np.array([3.0, 3.5])}
        features = {"a": Feature(outliers="iqr_filter", iqr_of="b"), "b": RAW}
        with pytest.raises(SegmentationError, match="none of 2 .* iqr_filter of a"):
            learn(values, features)

    def test_in_scoring_if_it_is_infinite(self):
        learnt = learn({"x": SPEND}, {"x": Feature()})
        with pytest.raises(SegmentationError, match='"x" is infinite .* 1 of 2'):
            prepare({"x": np.array([1.0, np.inf])}, learnt)

    def test_in_scoring_if_its_power_is_infinite(self):
        feature = Feature(transform="yeo_johnson", outliers="none")
        learnt = learn({"x": SPEND}, {"x": feature})
        learnt["x"] = replace(learnt["x"], power=4.0)
        with pytest.raises(SegmentationError, match='"x" is infinite .* 1 of 2'):
            prepare({"x": np.array([1.0, 1e90])}, learnt)

    @pytest.mark.parametrize("outliers", ["none", "iqr_filter"])
    def test_but_not_in_scoring_if_it_is_below_zero(self, outliers):
        """New rows may be lower than any before: they are as low as log1p goes."""
        feature = Feature(transform="log1p", outliers=outliers)
        learnt = learn({"x": SPEND}, {"x": feature}, "none")
        assert prepare({"x": np.array([-5.0])}, learnt).points[:, 0] == 0


class TestParametersDependOnTheRowsAlone:
    """A file in another order must not move a customer, nor may other customers."""

    value = st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 1.0, 0.1, np.nan])
    rows = st.lists(st.tuples(value, value), min_size=1, max_size=25)
    feature = st.builds(
        Feature,
        transform=st.sampled_from(TRANSFORMS),
        outliers=st.sampled_from(["none", "winsorise", "iqr_filter"]),
        winsorise_at=st.sampled_from([(0.005, 0.005), (0.2, 0.0)]),
        iqr_of=st.sampled_from([None, "a", "b"]),
        missing=st.sampled_from(["median", 0.0]),
        missing_indicator=st.booleans(),
    )

    @given(
        rows,
        feature,
        feature,
        st.sampled_from(SCALERS),
        st.randoms(use_true_random=False),
    )
    @settings(max_examples=200, deadline=None)
    def test_in_any_order(self, rows, a, b, scaler, random):
        def outcome(rows) -> str:
            columns = dict(zip("ab", np.array(rows).T, strict=True))
            try:
                return repr(learn(columns, {"a": a, "b": b}, scaler))
            except SegmentationError as error:
                return str(error)

        assert outcome(random.sample(rows, len(rows))) == outcome(rows)

    @pytest.mark.parametrize("scaler", SCALERS)
    @pytest.mark.parametrize("outliers", ["none", "winsorise", "iqr_filter"])
    def test_and_are_not_learnt_anew_for_other_rows(self, scaler, outliers):
        feature = Feature(outliers=outliers, transform="log1p")
        learnt = learn({"x": SPEND}, {"x": feature}, scaler)
        whole = prepare({"x": SPEND}, learnt)
        part = prepare({"x": SPEND[:7]}, learnt)
        assert part.points.tobytes() == whole.points[:7].tobytes()
        assert_array_equal(part.is_outlier, whole.is_outlier[:7])
        # Two equal rows have no spread of their own.
        assert (prepare({"x": SPEND[[3, 3]]}, learnt).points == whole.points[3]).all()
