"""The back-test: how long frozen models of the past would have served."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from scipy.stats import entropy

from customer_segmentation import backtest
from customer_segmentation.backtest import (
    MEASURES,
    History,
    Month,
    _edges,
    _history,
    _measures,
    _psi,
    _totals,
    _trained,
    curves,
    retraining_backtest,
)
from customer_segmentation.definitions import definitions_table, read_definitions
from customer_segmentation.errors import SegmentationError

BUYERS = {
    "dataset": "own",
    "features": {"orders": {"outliers": "none"}, "spend": {"outliers": "none"}},
    "k": 3,
}
LINES = {
    "dataset": "own",
    "grain": "sale",
    "features": {"net_amount": {"outliers": "none"}},
    "k": 2,
}
THRESHOLDS = dict(zip(MEASURES, (0.25, 0.25, 0.1, 0.2), strict=True))
MEANS = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])


def defined(definition: dict[str, Any] = BUYERS):
    return read_definitions({"buyers": definition})[0]


def month(values: Any, **more: Any) -> Month:
    """Make a month of the same entities in any month."""
    each = np.arange(len(values))
    return Month(each, {"orders": np.asarray(values, dtype=float), **more}, each)


def customers(
    months: int = 7, n: int = 90, seed: int = 0, moved: Any = None
) -> pd.DataFrame:
    """Make customers of three kinds, all drawn anew each month.

    The spend of the third kind is higher by what `moved` says for each month.
    """
    random = np.random.default_rng(seed)
    kind = np.arange(n) % 3
    ends = pd.date_range("2024-01-31", periods=months, freq="ME")
    frames = []
    for end, by in zip(ends, [0] * months if moved is None else moved, strict=True):
        values = random.normal(MEANS[kind], 0.7)
        frames.append(
            pd.DataFrame(
                {
                    "dataset": "own",
                    "customer_id": [f"c{place:04}" for place in range(n)],
                    "as_of_date": end,
                    "orders": values[:, 0],
                    "spend": values[:, 1] + by * (kind == 2),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def sales(days: int = 200, a_day: int = 2, seed: int = 0) -> pd.DataFrame:
    """Make sale lines of every day from 10 January 2024 on."""
    amounts = np.random.default_rng(seed).normal(0, 1, days * a_day)
    lines = np.arange(days * a_day)
    return pd.DataFrame(
        {
            "dataset": "own",
            "transaction_line_id": [f"l{line:05}" for line in lines],
            "sale_date": pd.Timestamp(2024, 1, 10)
            + pd.to_timedelta(lines // a_day, "D"),
            "net_amount": amounts + 9 * (lines % 2),
        }
    )


def backtested(
    frame: pd.DataFrame | None = None,
    lines: pd.DataFrame | None = None,
    definitions: dict[str, Any] | None = None,
    *,
    k: int = 3,
    threads: int = 1,
    **options: Any,
) -> pd.DataFrame:
    """Make the table as the dbt model does."""
    definitions = {"buyers": BUYERS} if definitions is None else definitions
    in_use = pd.DataFrame(
        [
            (name, segment_id, is_current)
            for name in definitions
            for segment_id, is_current in [(9, False), *((s, True) for s in range(k))]
        ],
        columns=["segmentation", "segment_id", "is_current"],
    )
    options = {"thresholds": THRESHOLDS, "months": 12, "window_days": 90} | options
    with duckdb.connect(config={"threads": threads}) as connection:

        def relation(frame: pd.DataFrame, day: str):
            found = connection.from_df(frame).project(
                f"* replace ({day}::date as {day})"
            )
            found.create(day)
            return connection.table(day)

        return retraining_backtest(
            connection.from_df(definitions_table(definitions)),
            {
                "customer": relation(
                    customers(2) if frame is None else frame, "as_of_date"
                ),
                "sale": relation(sales(2) if lines is None else lines, "sale_date"),
            },
            connection.from_df(in_use),
            **options,
        )


def curve(rows: pd.DataFrame, measure: str, column: str = "value") -> list[Any]:
    return rows[rows.measure == measure].sort_values("lag_months")[column].tolist()


class TestAMeasureIsWhatItsFormulaSays:
    """Who computes a figure by hand must find it."""

    # Two pairs of heaps; then the one at 1 goes over to the one at 9.
    before = np.repeat([-1.0, 1.0, 9.0, 11.0], 15)
    after = np.repeat([-1.0, 9.0, 9.0, 11.0], 15)

    def measured(self, scaler: str = "standard") -> dict[str, float]:
        definition = defined(
            {
                "dataset": "own",
                "features": {"orders": {"outliers": "none"}},
                "scaler": scaler,
            }
        )
        ones = np.ones((60, 1))
        models = [
            _trained(month(values), definition, 2, ones)
            for values in (self.before, self.after)
        ]
        found = _measures(*models, definition, ones)
        return dict(zip(MEASURES, found[:, 0].tolist(), strict=True))

    @pytest.mark.parametrize("scaler", ["standard", "min_max", "none"])
    def test_all_four(self, scaler):
        found = self.measured(scaler)
        # One bin for each heap, half an entity added to each.
        then, now = np.array([15.5] * 4) / 62, np.array([15.5, 0.5, 30.5, 15.5]) / 62
        assert found["feature_psi"] == pytest.approx(
            sum((now - then) * np.log(now / then))
        )
        then, now = np.array([30.5, 30.5]) / 61, np.array([15.5, 45.5]) / 61
        assert found["mix_psi"] == pytest.approx(sum((now - then) * np.log(now / then)))
        # All lie 1 from the frozen centroids 0 and 10; the retrain's are -1 and 29/3.
        assert found["excess_inertia"] == pytest.approx(60 / 40 - 1)
        assert found["disagreement"] == pytest.approx(0)

    counts = st.lists(st.integers(0, 99), min_size=4, max_size=4).map(np.array)

    @given(counts, counts)
    def test_psi_is_the_sum_of_both_relative_entropies(self, before, after):
        expected = entropy(before + 0.5, after + 0.5) + entropy(
            after + 0.5, before + 0.5
        )
        assert _psi(before, after) == pytest.approx(expected, abs=1e-12)

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
    def test_a_weight_counts_an_entity_as_often(self, drawn):
        codes, weights = np.array(drawn).T
        found = _totals(weights[:, None].astype(float), codes, 4)
        expected = np.bincount(np.repeat(codes, weights), minlength=4)
        assert_array_equal(found[:, 0], expected)

    @given(
        st.lists(st.integers(0, 9), min_size=2, max_size=60).filter(
            lambda values: len({*values}) > 1
        )
    )
    def test_no_bin_is_empty_when_the_model_is_trained(self, values):
        column = np.array(values, dtype=float)
        edges = _edges(column)
        bins = np.bincount(np.searchsorted(edges, column), minlength=len(edges) + 1)
        assert len(bins) > 1
        assert bins.min() > 0

    def test_a_value_is_the_mean_of_all_cut_offs(self):
        """The third kind moves before the last of seven months: one pair of each
        lag holds the move, of 7 - lag.
        """
        rows = backtested(customers(moved=[0, 0, 0, 0, 0, 0, 6]))
        assert curve(rows, "excess_inertia", "cut_offs") == [6, 5, 4, 3, 2, 1]
        sums = np.multiply(curve(rows, "excess_inertia"), [6, 5, 4, 3, 2, 1])
        assert_allclose(sums, sums.mean(), rtol=0.15)


class TestWithoutDriftNothingIsAdvised:
    """Who trains again for nothing gives customers other segments for nothing."""

    @pytest.mark.parametrize("seed", range(4))
    def test_of_groups(self, seed):
        rows = backtested(customers(seed=seed))
        assert len(rows) == 4 * 6
        assert not rows.is_crossed.any()

    @pytest.mark.parametrize("seed", range(2))
    def test_of_a_cloud_that_each_fit_cuts_elsewhere(self, seed):
        """Two fits of it differ, whether or not anything changed."""
        cloud = np.random.default_rng(seed).normal(size=(5, 2, 150))
        months = {at: month(x, spend=y) for at, (x, y) in enumerate(cloud)}
        definition, ones = defined(), np.ones((150, 1))
        first, last = (_trained(months[at], definition, 4, ones) for at in (0, 4))
        differ = _measures(first, last, definition, ones)[2:, 0]
        assert all(differ > [THRESHOLDS["excess_inertia"], THRESHOLDS["disagreement"]])
        rows = curves(History(range(150), months), definition, 4)
        assert (rows.low <= rows.measure.map(THRESHOLDS)).all()


class TestADriftIsSeenAtItsLag:
    """The advice is the first lag at which a threshold is crossed."""

    def test_that_follows_from_its_speed(self):
        """The third kind moves by 0.4 a month. An entity lies 2 * 0.7² from its
        centroid, squared, so the excess is (0.4 lag)² / 3 / 0.98: 0.05, 0.22, 0.49.
        """
        rows = backtested(customers(moved=0.4 * np.arange(7), n=240))
        assert_allclose(curve(rows, "excess_inertia")[:3], [0.05, 0.22, 0.49], rtol=0.3)
        assert curve(rows, "excess_inertia", "is_crossed") == [False] + 5 * [True]
        assert not any(curve(rows, "disagreement", "is_crossed"))

    def test_the_threshold_decides(self):
        frame = customers(4, moved=0.4 * np.arange(4))
        low = curve(backtested(frame), "excess_inertia", "low")[-1]
        for threshold, crossed in ((0.9 * low, True), (1.1 * low, False)):
            wanted = THRESHOLDS | {"excess_inertia": threshold}
            rows = backtested(frame, thresholds=wanted)
            assert curve(rows, "excess_inertia", "is_crossed")[-1] == crossed
            assert curve(rows, "excess_inertia", "threshold") == [threshold] * 3


class TestTheSameRowsGiveTheSameTable:
    """A figure that moves from build to build convinces nobody."""

    @pytest.mark.parametrize("threads", [1, 2])
    def test_in_any_order_on_any_number_of_threads(self, threads):
        frame, lines = customers(4), sales()
        definitions = {"buyers": BUYERS, "lines": LINES}
        expected = backtested(frame, lines, definitions)
        assert {*expected.segmentation} == {"buyers", "lines"}
        found = backtested(
            frame.sample(frac=1, random_state=1),
            lines.sample(frac=1, random_state=2),
            definitions,
            threads=threads,
        )
        assert_frame_equal(found, expected, check_exact=True)

    def test_of_many_customers_the_same_in_every_month(self, monkeypatch):
        monkeypatch.setattr(backtest, "LARGEST", 60)
        months = _history(defined(), duckdb.from_df(customers(3, 300)), 90).months
        first, *others = [each.places for each in months.values()]
        assert 30 < len(first) < 90
        for places in others:
            assert_array_equal(places, first)


class TestMonthsAreThoseThatWereOver:
    """A month that is half over looks like a drop in sales."""

    def months(self, lines: pd.DataFrame, window: int = 90) -> dict[str, int]:
        history = _history(defined(LINES), duckdb.from_df(lines), window)
        return {
            f"{(at - 1) // 12}-{(at - 1) % 12 + 1:02}": len(each.places)
            for at, each in history.months.items()
        }

    def test_of_sales_with_whole_windows(self):
        """Lines from 10 January to 27 July."""
        found = self.months(sales(200))
        assert found == {"2024-04": 180, "2024-05": 180, "2024-06": 180}

    def test_the_last_day_counts(self):
        """From 10 January to 30 April and to 29 April."""
        assert self.months(sales(112)) == {"2024-04": 180}
        assert self.months(sales(111)) == {}

    def test_of_a_long_history_the_last_two_years(self):
        found = self.months(sales(1500, 1))
        assert len(found) == 24
        assert max(found) == "2028-01"

    def test_no_longer_lag_than_was_asked_for(self):
        rows = backtested(customers(5), months=2)
        assert {*rows.lag_months} == {1, 2}


class TestTooLittleIsNoFault:
    """The build goes on, and the table says nothing where there is nothing to say."""

    @pytest.mark.parametrize(
        "frame",
        [
            customers(1),
            customers(4, n=49),
            customers(3).assign(as_of_date=pd.NaT),
            customers(3).assign(dataset="other"),
            customers(3).iloc[:0],
        ],
        ids=["one month", "few customers", "no dates", "other data", "no rows"],
    )
    def test_no_rows_but_all_columns(self, frame):
        rows = backtested(frame)
        assert rows.empty
        assert list(rows.columns) == list(backtest.COLUMNS)
        assert rows.dtypes.equals(backtested(customers(2)).dtypes)

    def test_features_of_the_published_work_have_no_history(self):
        published = {"dataset": "mall_customers", "features_from": "published"}
        assert backtested(definitions={"mall": BUYERS | published}).empty

    def test_a_month_without_a_model_is_passed_over(self):
        frame = customers(4)
        frame.loc[frame.as_of_date == "2024-02-29", "orders"] = 1.0
        assert curve(backtested(frame), "mix_psi", "cut_offs") == [1, 1, 1]

    def test_a_month_with_a_new_category_is_not_compared(self):
        """It is a dimension that the frozen model does not have."""
        country = {"categories": ["UK", "France"], "encoding": "one_hot"}
        country |= {"missing_indicator": True}
        definition = BUYERS | {"features": BUYERS["features"] | {"country": country}}
        frame = customers(3)
        frame["country"] = np.where(np.arange(len(frame)) % 2, "UK", "France")
        frame.loc[
            (frame.as_of_date == "2024-03-31") & (frame.index % 3 == 0), "country"
        ] = None
        rows = backtested(frame, definitions={"buyers": definition})
        assert {*rows.lag_months} == {1}
        assert {*rows.cut_offs} == {1}


class TestAWrongVarIsNamed:
    """Whoever wrote it reads the message, not the code."""

    @pytest.mark.parametrize(
        ("option", "value", "var"),
        [
            ("months", 0, "backtest_months"),
            ("months", "12", "backtest_months"),
            ("months", None, "backtest_months"),
            ("window_days", 1.5, "short_window_days"),
            ("thresholds", None, "retraining_thresholds"),
            ("thresholds", {"mix_psi": 0.2}, "retraining_thresholds"),
            ("thresholds", THRESHOLDS | {"mix": 0.2}, "retraining_thresholds"),
            ("thresholds", THRESHOLDS | {"mix_psi": 0}, "retraining_thresholds"),
            ("thresholds", THRESHOLDS | {"mix_psi": True}, "retraining_thresholds"),
            ("thresholds", THRESHOLDS | {"mix_psi": "1"}, "retraining_thresholds"),
        ],
    )
    def test_with_what_is_allowed(self, option, value, var):
        with pytest.raises(SegmentationError, match=f'The var "{var}" is .* needed is'):
            backtested(**{option: value})

    def test_of_all_segmentations_in_one_error(self):
        missing = BUYERS | {"features": {"none_such": {}}}
        with pytest.raises(SegmentationError) as error:
            backtested(definitions={"one": missing, "two": missing})
        assert str(error.value).count("there is no column 'none_such'") == 2
