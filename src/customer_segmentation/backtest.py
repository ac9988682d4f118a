"""How long a frozen model would have served, had it been trained earlier.

At each month end of the past a model is trained as it would have been then, kept
frozen, and held against the months that followed: how much have the entities and
their segments shifted, and what would a retrain have changed?
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csc_array

from customer_segmentation import selection
from customer_segmentation.definitions import Segmentation
from customer_segmentation.entities import condition, each_segmentation, values_of
from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import collect, sampled, typed
from customer_segmentation.kmeans import Fit, nearest, squared_distances_to_each
from customer_segmentation.models import fitted_points, refit
from customer_segmentation.stability import adjusted_rand
from customer_segmentation.transforms import (
    Column,
    Parameters,
    Prepared,
    learn,
    prepare,
    rescale,
)

__all__ = ["MEASURES", "History", "Month", "curves", "retraining_backtest"]

MEASURES = ("feature_psi", "mix_psi", "excess_inertia", "disagreement")
MONTHS = 24  # of the past that are looked at, the last ones
LARGEST = 10_000  # entities of a month that are looked at
REPLICATES = 200
QUANTILES = [0.025, 0.5, 0.975]
CHANCES = 10  # models of samples of a month
BINS = 10
DECILES = np.arange(1, BINS) / BINS
PER_BIN, PER_SEGMENT = 5, 10  # entities at least, on average

COLUMNS = {
    "segmentation": "string",
    "measure": "string",
    "lag_months": "int64",
    "cut_offs": "int64",
    "entities": "int64",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "threshold": "float64",
    "is_crossed": "bool",
}

CURVE = ("measure", "lag_months", "cut_offs", "entities", "value", "low", "high")

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Month:
    """The entities as they were at the end of a month.

    Attributes
    ----------
    places : ndarray of int, shape (n,)
        Position of each among all entities of the history.
    values : dict of str to ndarray of shape (n,)
        Features in their own units.
    fit_order : ndarray of int, shape (n,)
        Order in which they are fed to k-means.
    """

    places: Places
    values: dict[str, Column]
    fit_order: Places


@dataclass(frozen=True, eq=False)
class History:
    """The entities of a segmentation, month after month.

    Attributes
    ----------
    ids : sequence of length n
        Of all entities, each once.
    months : dict of int to Month
        By 12 * year + month.
    """

    ids: Any
    months: dict[int, Month] = field(default_factory=dict)


def retraining_backtest(
    definitions: Any,
    sources: Mapping[str, Any],
    stored_models: Any,
    *,
    thresholds: Mapping[str, float],
    months: int,
    window_days: int,
) -> pd.DataFrame:
    """One row per segmentation, measure and lag: what a frozen model came to.

    Parameters
    ----------
    definitions : relation
        The model ``segmentations``.
    sources : mapping of str to relation
        ``customer``: the features of each month end, `as_of_date`. ``sale``: the
        model ``sale_features``; the entities of a month end are the lines of the
        days up to it.
    stored_models : relation
        The model ``segmentation_models``; segments are as many as in the current one.
    thresholds : mapping of str to float
        Of each of `MEASURES`.
    months : int
        Longest lag.
    window_days : int
        Days of sale lines that are segmented at a month end.

    Returns
    -------
    DataFrame
        Columns as in `COLUMNS`. A segmentation without dates, with features of the
        published work, or with too short a history has no rows.

    Raises
    ------
    SegmentationError
        If a threshold or a number is not allowed, or a relation cannot be read.
    """
    _check(thresholds, months, window_days)
    with_history = collect(
        definitions, ["segmentation"], "features_from = 'grain'", "segmentation"
    )
    current = collect(
        stored_models, ["segmentation", "segment_id"], "is_current", "segmentation"
    )
    k_by_name = current.groupby("segmentation").segment_id.nunique()

    def read(definition: Segmentation, relation: Any) -> History:
        return _history(definition, relation, window_days)

    def make(definition: Segmentation, history: History) -> pd.DataFrame:
        k = int(k_by_name[definition.name])
        rows = curves(history, definition, k, longest_lag=months)
        threshold = rows.measure.map(thresholds)
        return rows.assign(
            segmentation=definition.name,
            threshold=threshold,
            is_crossed=rows.low > threshold,
        )

    names = {*with_history.segmentation} & {*k_by_name.index}
    found = each_segmentation(definitions, sources, make, names=names, read=read)
    filled = [rows for rows in found if len(rows)]
    return typed(pd.concat(filled) if filled else [], **COLUMNS).sort_values(
        ["segmentation", "measure", "lag_months"], ignore_index=True
    )


def curves(
    history: History,
    definition: Segmentation,
    k: int,
    *,
    longest_lag: int = 12,
    replicates: int = REPLICATES,
) -> pd.DataFrame:
    """Measure frozen models at each lag, mean over all months that they begin in.

    A month takes part if it holds enough entities to train a model on. That of the
    earlier month is frozen; that of the later month is retrained from it, as a version
    is from the one before. Four measures are taken:

    - ``feature_psi``: the population stability index of each dimension, in decile
      bins of the earlier month; the largest;
    - ``mix_psi``: that of the shares of the frozen segments;
    - ``excess_inertia``: of the frozen centroids over those of the retrain, less 1,
      in the scale of the retrain, on the entities that a fit sees;
    - ``disagreement``: 1 less the adjusted Rand index of the two.

    Entities are drawn anew, each with all its months, and all is measured again on the
    same fits. All four are pushed up by chance, of a draw once more than of the
    data: value and interval are the quantiles of the draws mirrored at the measure,
    which takes that off (Davison and Hinkley, 1997, section 5.2).
    Draws do not show how far two fits differ without drift. That is taken off the last
    two measures in each draw, by fits of samples of the earlier month.

    Parameters
    ----------
    history : History
    definition : Segmentation
    k : int
        Number of segments.
    longest_lag : int
        In months.
    replicates : int
        Number of draws.

    Returns
    -------
    DataFrame
        One row per measure and lag: ``measure``, ``lag_months``, ``cut_offs`` (the
        number of frozen models), ``entities`` (mean number at the later month),
        ``value``, ``low`` and ``high`` (95 % interval), none of them below 0.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap methods and their application, Cambridge.
    Siddiqi (2006), Credit risk scorecards, Wiley (the population stability index).
    Hubert and Arabie (1985), Comparing partitions, J. Classif. 2.

    Examples
    --------
    Who orders much orders one more each month; the two segments stay what they are.

    >>> from customer_segmentation.definitions import read_definitions
    >>> keys = {"dataset": "own", "features": {"orders": {}}}
    >>> [buyers] = read_definitions({"buyers": keys})
    >>> each = np.arange(90)
    >>> months = {
    ...     at: Month(each, {"orders": each / 45 + (20.0 + at) * (each % 2)}, each)
    ...     for at in (1, 2)
    ... }
    >>> rows = curves(History(each, months), buyers, 2)
    >>> rows.set_index("measure").value.round(1).to_dict()
    {'feature_psi': 0.8, 'mix_psi': 0.0, 'excess_inertia': 1.5, 'disagreement': 0.0}
    """
    random = np.random.default_rng(definition.random_state)
    drawn = random.poisson(1.0, (len(history.ids), replicates))
    # The data as they are come first, then the draws.
    weights = np.column_stack([np.ones(len(drawn)), drawn])
    cut_offs: dict[int, tuple[_Model, Floats]] = {}
    found = defaultdict(list)
    for later, month in sorted(history.months.items()):
        own = weights[month.places]
        if (now := _trained(month, definition, k, own)) is None:
            continue
        for earlier, (frozen, chance) in cut_offs.items():
            if later - earlier > longest_lag:
                continue
            if (measured := _measures(frozen, now, definition, own)) is not None:
                measured[2:, 1:] += random.choice(chance, replicates).T
                found[later - earlier].append((len(month.places), measured))
        if len(chance := _chance(month, definition, k, random)):
            cut_offs[later] = now, chance
    rows = []
    for lag, pairs in found.items():
        entities, measured = zip(*pairs, strict=True)
        of_data, *draws = np.mean(measured, axis=0).T
        high, value, low = 2 * of_data - np.quantile(draws, QUANTILES, axis=0)
        # Logarithms differ in the last digits from processor to processor.
        numbers = np.maximum([value, low, high], 0.0).round(9)
        rows += [
            {
                "measure": measure,
                "lag_months": lag,
                "cut_offs": len(pairs),
                "entities": round(np.mean(entities)),
                "value": value,
                "low": low,
                "high": high,
            }
            for measure, (value, low, high) in zip(MEASURES, numbers.T, strict=True)
        ]
    return typed(rows, **{name: COLUMNS[name] for name in CURVE})


# ------------------------------------------------------------------------- inputs


def _check(thresholds: Any, months: Any, window_days: Any) -> None:
    for name, value in {
        "backtest_months": months,
        "short_window_days": window_days,
    }.items():
        if type(value) is not int or value < 1:
            raise SegmentationError(
                f'The var "{name}" is {value!r}; needed is a whole number of at '
                "least 1."
            )
    if (
        not isinstance(thresholds, Mapping)
        or {*thresholds} != {*MEASURES}
        or not all(type(each) in (int, float) for each in thresholds.values())
        or not all(0 < each < np.inf for each in thresholds.values())
    ):
        raise SegmentationError(
            f'The var "retraining_thresholds" is {thresholds!r}; needed is a number '
            f"above 0 for each of {', '.join(MEASURES)}."
        )


def _history(definition: Segmentation, relation: Any, window_days: int) -> History:
    column, window = "as_of_date", timedelta(1)
    if definition.grain == "sale":
        column, window = "sale_date", timedelta(window_days)
    of_dataset = relation.filter(f"dataset = '{definition.dataset}'")
    days = collect(of_dataset.select(column).distinct(), [column], "true", column)
    days = pd.to_datetime(days[column].dropna())
    if days.empty:
        return History([])
    # Before its first day nobody knows what was sold.
    ends = pd.date_range(days.min() + window - timedelta(1), days.max(), freq="ME")
    ends = ends[-MONTHS:]
    if not len(ends):
        return History([])

    def within(first: pd.Timestamp, last: pd.Timestamp) -> str:
        since = first - window
        return (
            f"{column} > date '{since:%Y-%m-%d}' and {column} <= date '{last:%Y-%m-%d}'"
        )

    key = definition.key
    where = sampled(
        relation,
        f"{condition(definition)} and {within(ends[0], ends[-1])}",
        key,
        LARGEST,
        counted=within(ends[-1], ends[-1]),
    )
    order = [] if definition.fit_order == "value" else [definition.fit_order]
    columns = [column, *definition.features, *order]
    frame = collect(relation, columns, where, key)
    places, ids = pd.factorize(frame[key], sort=True)
    day = pd.to_datetime(frame[column])
    months = {}
    for end in ends:
        chosen = ((day > end - window) & (day <= end)).to_numpy()
        rows = frame[chosen].reset_index(drop=True)
        months[12 * end.year + end.month] = Month(
            places=places[chosen],
            values=values_of(rows, definition.has_categories),
            fit_order=np.argsort(
                rows[order[0]] if order else rows.index, kind="stable"
            ),
        )
    return History(ids, months)


# --------------------------------------------------------------- the computations


@dataclass(frozen=True, eq=False)
class _Model:
    """A model as of a month, and the entities that it was trained on."""

    month: Month
    parameters: dict[str, Parameters]
    prepared: Prepared
    fit: Fit
    edges: list[Floats]
    bins: list[Floats]
    mix: Floats

    @property
    def points(self) -> Floats:
        """Scaled entities that the fit sees, in its order."""
        return fitted_points(self.prepared, self.month.fit_order)


def _trained(
    month: Month, definition: Segmentation, k: int, weights: Floats
) -> _Model | None:
    """Train a model from new starts; None if the month does not give one."""
    if len(month.places) < max(BINS * PER_BIN, k * PER_SEGMENT):
        return None
    try:
        parameters = learn(month.values, definition.features, definition.scaler)
        prepared = prepare(month.values, parameters)
        points = fitted_points(prepared, month.fit_order)
        fit = selection.fit(points, k, definition)
    except SegmentationError:
        return None
    if not fit.inertia:
        return None
    edges = [_edges(column) for column in prepared.points.T]
    labels, _, _, _ = nearest(prepared.points, fit.centroids)
    return _Model(
        month,
        parameters,
        prepared,
        fit,
        edges,
        bins=_binned(prepared.points, edges, weights),
        mix=_totals(weights, labels, k),
    )


def _measures(
    frozen: _Model, now: _Model, definition: Segmentation, weights: Floats
) -> Floats | None:
    """Take each of `MEASURES` under each column of weights, (n, m): shape (4, m).

    None if there is no retrain to compare with: a category may be new.
    """
    if list(frozen.parameters) != list(now.parameters):
        return None
    k = len(frozen.fit.centroids)
    scored = prepare(now.month.values, frozen.parameters).points
    kept, _, _, _ = nearest(scored, frozen.fit.centroids)
    start = rescale(frozen.fit.centroids, frozen.parameters, now.parameters)
    try:
        retrained, _ = refit(definition, now.points, start, now.fit)
    except SegmentationError:
        return None
    points = now.prepared.points
    to_start = squared_distances_to_each(points, start)
    to_new = squared_distances_to_each(points, retrained.centroids)
    new = to_new.argmin(axis=1)
    is_in_fit = now.prepared.is_in_fit
    one = np.zeros_like(new)
    before, after = (
        _totals(weights, one, 1, squared[np.arange(len(one)), labels] * is_in_fit)[0]
        for squared, labels in ((to_start, kept), (to_new, new))
    )
    shared = _totals(weights, k * kept + new, k * k).reshape(k, k, -1)
    bins = _binned(scored, frozen.edges, weights)
    return np.array(
        [
            np.max([*map(_psi, frozen.bins, bins)], axis=0),
            _psi(frozen.mix, shared.sum(axis=1)),
            # A draw may lack all entities that lie off their centroid.
            (before - after) / np.where(after > 0, after, np.inf),
            1 - adjusted_rand(shared),
        ]
    )


def _chance(
    month: Month, definition: Segmentation, k: int, random: np.random.Generator
) -> Floats:
    """Take the last two measures, without drift: shape (pairs, 2).

    Between models of samples of one month, each drawn with replacement: two models of
    as many entities of the same kind.
    """
    n = len(month.places)
    each, ones = np.arange(n), np.ones((n, 1))
    models = []
    for _ in range(CHANCES):
        rows = month.fit_order[np.sort(random.integers(n, size=n))]
        values = {name: column[rows] for name, column in month.values.items()}
        models.append(_trained(Month(each, values, each), definition, k, ones))
    measured = [
        _measures(first, second, definition, ones)
        for first, second in zip(models, models[1:] + models[:1], strict=True)
        if first and second
    ]
    return np.array([each[2:, 0] for each in measured if each is not None])


def _edges(column: Floats) -> Floats:
    """Deciles; a heap at the top is a bin of its own."""
    below = column[column < column.max()].max()
    deciles = np.quantile(column, DECILES, method="inverted_cdf")
    return np.unique(np.minimum(deciles, below))


def _binned(points: Floats, edges: list[Floats], weights: Floats) -> list[Floats]:
    return [
        _totals(weights, np.searchsorted(inner, column), len(inner) + 1)
        for inner, column in zip(edges, points.T, strict=True)
    ]


def _totals(
    weights: Floats, codes: Places, size: int, of: Floats | None = None
) -> Floats:
    """Sum weights, (n, draws), by code: (size, draws). Always in the same order."""
    of = np.ones(len(codes)) if of is None else of
    each = np.arange(len(codes) + 1)
    return csc_array((of, codes, each), shape=(size, len(codes))) @ weights


def _psi(before: Floats, after: Floats) -> Floats:
    """Compare counts, (bins, draws), by the population stability index."""
    before, after = ((n + 0.5) / (n + 0.5).sum(axis=0) for n in (before, after))
    return ((after - before) * np.log(after / before)).sum(axis=0)
