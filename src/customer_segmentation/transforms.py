"""From the features of entities to the scaled space that k-means works in.

The parameters are learnt once from the fitted rows and kept: scoring uses the
training parameters, never those of the rows that are scored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import yeojohnson_llf

from customer_segmentation.definitions import Feature
from customer_segmentation.errors import SegmentationError
from customer_segmentation.kmeans import LARGEST

__all__ = ["Prepared", "learn", "prepare", "rescale", "restore"]

# On fewer entities the most extreme value is no sign of a slip.
FEW = 20
# Of a power, symmetrical about 1, which changes nothing: beyond it large values
# differ by less than a float64 can hold.
POWERS = (-2.0, 4.0)

Floats = NDArray[np.float64]
Column = Floats | NDArray[np.object_]


@dataclass(frozen=True)
class Parameters:
    """What one dimension needs: a feature, a category of it, or its being missing.

    Attributes
    ----------
    source_column
        The feature that it is taken from.
    encoding
        ``number``; ``ordered``: the place in `categories`; ``one_hot``: 1 for
        `category`, 0 for another; ``is_missing``: 1 for a missing value.
    category, categories
        One category, and the JSON list of all. What is not in it counts as missing.
    transform, power
        The transform, and the learnt parameter of ``yeo_johnson``.
    outliers, clip_low, clip_high
        How the limits are used; NaN is no limit.
    fill_value
        NaN refuses missing values.
    center, scale
        Taken off, and divided by, after the transform.
    """

    source_column: str
    encoding: str
    category: str | None
    categories: str | None
    transform: str
    power: float
    outliers: str
    fill_value: float
    clip_low: float
    clip_high: float
    center: float
    scale: float


@dataclass(frozen=True)
class Prepared:
    """Scaled features.

    Attributes
    ----------
    points : ndarray, shape (n, d)
        Scaled, without missing values.
    is_outlier : ndarray of bool, shape (n,)
        True where any feature lies outside its limits.
    is_in_fit : ndarray of bool, shape (n,)
        False where an ``iqr_filter`` leaves the row out of the fit.
    """

    points: Floats
    is_outlier: NDArray[np.bool_]
    is_in_fit: NDArray[np.bool_]


def learn(
    values: Mapping[str, Column],
    features: Mapping[str, Feature],
    scaler: str = "standard",
) -> dict[str, Parameters]:
    """Learn the parameters of every dimension.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        Each feature in its own unit, NaN where missing; texts where the feature has
        categories, None where missing.
    features : mapping of str to Feature
        How each is to be prepared.
    scaler : {"standard", "robust", "min_max", "none"}
        Mean and population standard deviation, median and interquartile range,
        minimum and range, or 0 and 1. What is yes or no stays 0 and 1.

    Returns
    -------
    dict of str to Parameters
        By the names of the dimensions. A category, or an indicator of missing
        values, that is the same for all fitted rows is left out.

    Raises
    ------
    SegmentationError
        If a feature has missing values and refuses them, too many of them, infinite
        values, values that its transform cannot take, texts that are not among its
        categories, or is constant; or if the filters leave no row for the fit.

    References
    ----------
    Yeo and Johnson (2000), A new family of power transformations to improve
    normality or symmetry, Biometrika 87.

    Examples
    --------
    >>> spend = {"spend": np.array([10.0, 20.0, np.nan, 60.0])}
    >>> learnt = learn(spend, {"spend": Feature(missing_indicator=True)})
    >>> [(name, each.center) for name, each in learnt.items()]
    [('spend', 27.425), ('spend_is_missing', 0.0)]
    """
    numbers = {
        name: _known(name, feature, values[name]) for name, feature in features.items()
    }
    fills = {
        name: _fill_value(name, feature, numbers[name])
        for name, feature in features.items()
    }
    unscaled = {}
    for name, feature in features.items():
        # Who has no value has none of the categories either.
        none_of_them = np.nan if feature.missing == "refuse" else 0.0
        limits = _limits(feature, numbers[name], numbers[feature.iqr_of or name])
        for dimension, encoding, category in feature.dimensions(name):
            is_number = encoding in ("number", "ordered")
            unscaled[dimension] = Parameters(
                source_column=name,
                encoding=encoding,
                category=category,
                categories=_json(feature.categories),
                transform=feature.transform if is_number else "none",
                power=np.nan,
                outliers=feature.outliers if is_number else "none",
                fill_value=fills[name] if is_number else none_of_them,
                clip_low=limits[0] if is_number else np.nan,
                clip_high=limits[1] if is_number else np.nan,
                center=0.0,
                scale=1.0,
            )
    filled = {
        name: _filled(values[each.source_column], each)
        for name, each in unscaled.items()
    }
    filters = [n for n, each in unscaled.items() if each.outliers == "iqr_filter"]
    kept = np.ones(len(next(iter(filled.values()))), dtype=bool)
    for name in filters:
        kept &= ~_outside(filled[name], unscaled[name])
    if not kept.any():
        raise SegmentationError(
            f"none of {len(kept)} entities is left for the fit by the iqr_filter of "
            f"{', '.join(filters)}. Raise iqr_factor, or use winsorise."
        )
    learnt = {}
    for name, each in unscaled.items():
        if scaled := _scaled(name, each, filled[name][kept], scaler):
            weight = features[each.source_column].weight
            learnt[name] = replace(scaled, scale=scaled.scale / weight)
    used = {each.source_column for each in learnt.values()}
    if unused := [name for name in features if name not in used]:
        raise SegmentationError(
            f'feature "{unused[0]}" has the same category for all {kept.sum()} fitted '
            "entities, so it cannot tell them apart. Take it out."
        )
    return learnt


def prepare(
    values: Mapping[str, Column], parameters: Mapping[str, Parameters]
) -> Prepared:
    """Scale features with learnt parameters.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        As for `learn`; here a text that is no category counts as missing.
    parameters : mapping of str to Parameters
        From `learn`.

    Returns
    -------
    Prepared
        Columns in the order of the parameters.

    Raises
    ------
    SegmentationError
        If a feature has infinite values, or missing ones that it refuses.
    """
    columns, outside, filtered = [], [], []
    for name, learnt in parameters.items():
        column = _filled(values[learnt.source_column], learnt)
        outside.append(_outside(column, learnt))
        filtered.append(outside[-1] & (learnt.outliers == "iqr_filter"))
        column = _transformed(_clipped(column, learnt), learnt)
        with np.errstate(over="ignore"):
            columns.append(_finite(name, (column - learnt.center) / learnt.scale))
    return Prepared(
        points=np.column_stack(columns),
        is_outlier=np.any(outside, axis=0),
        is_in_fit=~np.any(filtered, axis=0),
    )


def restore(points: Floats, parameters: Mapping[str, Parameters]) -> Floats:
    """Bring scaled points, shape (n, d), back to the units of the features.

    Of a category it is the share that has it.
    """
    return np.column_stack(
        [
            # -0.0 would be printed as such.
            _untransformed(column * learnt.scale + learnt.center, learnt) + 0.0
            for column, learnt in zip(points.T, parameters.values(), strict=True)
        ]
    )


def rescale(
    points: Floats, before: Mapping[str, Parameters], after: Mapping[str, Parameters]
) -> Floats:
    """Bring points, shape (n, d), from one scale of the same dimensions to another.

    What lies beyond its limits comes to lie on them, as entities do.
    """
    return np.column_stack(
        [
            (_transformed(_clipped(column, learnt), learnt) - learnt.center)
            / learnt.scale
            for column, learnt in zip(
                restore(points, before).T, after.values(), strict=True
            )
        ]
    )


# ------------------------------------------------------------------------- encode


def _json(categories: tuple[str, ...] | None) -> str | None:
    return json.dumps(categories, ensure_ascii=False) if categories else None


def _numbers(name: str, categories: Any, values: Column) -> Floats:
    """Values as numbers, those of categories their places; NaN where missing."""
    if not isinstance(categories, str):
        return _finite(name, values)
    places = {each: place for place, each in enumerate(json.loads(categories))}
    return pd.Series(values, dtype=object).map(places).to_numpy(np.float64)


def _known(name: str, feature: Feature, values: Column) -> Floats:
    """Values as numbers, or which of them is not among the categories."""
    numbers = _numbers(name, _json(feature.categories), values)
    if feature.categories:
        unknown = pd.Series(values)[np.isnan(numbers)].dropna()
        if len(unknown):
            counts = unknown.value_counts().sort_index()
            raise SegmentationError(
                f'feature "{name}" is {counts.idxmax()!r} for {counts.max()} of '
                f"{len(values)} entities, which is not among its categories "
                f"{', '.join(map(repr, feature.categories))}. Add it to them, or mend "
                "the data."
            )
    return numbers


def _finite(name: str, values: Floats) -> Floats:
    too_large = (np.abs(values) > LARGEST).sum()
    if too_large:
        raise SegmentationError(
            f'feature "{name}" is infinite or beyond {LARGEST:g} for {too_large} of '
            f"{len(values)} entities. Mend the model that computes it."
        )
    # Of -0.0 and 0.0, which are equal, the order of the rows would choose.
    return values + 0.0


# --------------------------------------------------------------------------- fill


def _fill_value(name: str, feature: Feature, numbers: Floats) -> float:
    known = numbers[~np.isnan(numbers)]
    missing = len(numbers) - len(known)
    if not len(known):
        raise SegmentationError(
            f'feature "{name}" is missing for all {missing} entities. Take it out.'
        )
    if feature.missing == "refuse":
        return np.nan
    if missing > feature.missing_at_most * len(numbers):
        raise SegmentationError(
            f'feature "{name}" is missing for {missing} of {len(numbers)} entities, a '
            f"share above {feature.missing_at_most:g}. Take it out, or raise its key "
            '"missing_at_most".'
        )
    return float(np.median(known)) if feature.missing == "median" else feature.missing


def _filled(values: Column, learnt: Parameters) -> Floats:
    """Numbers of a dimension in its own unit, missing ones filled."""
    name = learnt.source_column
    numbers = _numbers(name, learnt.categories, values)
    missing = np.isnan(numbers)
    if learnt.encoding == "is_missing":
        return missing.astype(np.float64)
    if np.isnan(learnt.fill_value) and missing.any():
        raise SegmentationError(
            f'feature "{name}" is missing for {missing.sum()} of {len(numbers)} '
            'entities and refuses that. Take out its key "missing".'
        )
    if learnt.encoding == "one_hot":
        place = json.loads(learnt.categories).index(learnt.category)
        numbers = (numbers == place).astype(np.float64)
    return np.where(missing, learnt.fill_value, numbers)


# ----------------------------------------------------------------------- outliers


def _limits(feature: Feature, numbers: Floats, iqr_numbers: Floats):
    """Lowest and highest value that is no outlier, NaN for no limit."""
    values = np.sort(numbers[~np.isnan(numbers)])
    if feature.outliers == "none":
        return np.nan, np.nan
    if feature.outliers == "iqr_filter":
        first, third = np.quantile(values, [0.25, 0.75])
        quartiles = np.nanquantile(iqr_numbers, [0.75, 0.25])
        reach = feature.iqr_factor * np.subtract(*quartiles)
        return float(first - reach), float(third + reach)
    below, above = feature.winsorise_at
    low, high = np.quantile(values, [below, 1 - above])
    if len(values) >= FEW:
        # Of 100 values the 99.5 % quantile lies half-way to an absurd one.
        low = max(low, values[1]) if below else low
        high = min(high, values[-2]) if above else high
    return float(low), float(high)


def _outside(numbers: Floats, learnt: Parameters) -> NDArray[np.bool_]:
    return (numbers < learnt.clip_low) | (numbers > learnt.clip_high)


def _clipped(numbers: Floats, learnt: Parameters) -> Floats:
    if learnt.outliers != "winsorise":
        return numbers
    return np.clip(numbers, learnt.clip_low, learnt.clip_high)


# ---------------------------------------------------------------------- transform


def _transformed(numbers: Floats, learnt: Parameters) -> Floats:
    # New rows may fall below what was fitted, and log1p takes nothing below 0.
    above = np.maximum(numbers, 0.0)
    match learnt.transform:
        case "log1p":
            return np.log1p(above)
        case "signed_log1p":
            return np.sign(numbers) * np.log1p(np.abs(numbers))
        case "yeo_johnson":
            below = np.maximum(-numbers, 0.0)
            return _raised(above, learnt.power) - _raised(below, 2 - learnt.power)
    return numbers


def _untransformed(numbers: Floats, learnt: Parameters) -> Floats:
    match learnt.transform:
        case "log1p":
            return np.expm1(numbers)
        case "signed_log1p":
            return np.sign(numbers) * np.expm1(np.abs(numbers))
        case "yeo_johnson":
            above, below = np.maximum(numbers, 0.0), np.maximum(-numbers, 0.0)
            return _lowered(above, learnt.power) - _lowered(below, 2 - learnt.power)
    return numbers


def _raised(values: Floats, power: float) -> Floats:
    """Box-Cox transform of 1 + values, which are at least 0."""
    if power == 0:
        return np.log1p(values)
    with np.errstate(over="ignore"):
        return ((1 + values) ** power - 1) / power


def _lowered(values: Floats, power: float) -> Floats:
    if power == 0:
        return np.expm1(values)
    # A power below 0 has an upper bound, which rounding may reach.
    return np.maximum(1 + values * power, np.finfo(float).eps) ** (1 / power) - 1


def _power(values: Floats) -> float:
    """Power of Yeo and Johnson by maximum likelihood.

    To three decimals, far below its standard error: then it is the same on every
    machine, and ``(x ** power - 1) / power`` keeps 13 decimals for one close to 0.
    """
    values = np.sort(values)

    def cost(power: float) -> float:
        return np.nan_to_num(-yeojohnson_llf(power, values), nan=np.inf)

    with np.errstate(all="ignore"):
        best = minimize_scalar(cost, bounds=POWERS, method="bounded")
    return round(float(best.x), 3) + 0.0


# -------------------------------------------------------------------------- scale


def _scaled(
    name: str, learnt: Parameters, values: Floats, scaler: str
) -> Parameters | None:
    """Parameters with power, centre and scale of the fitted values.

    Or what is wrong with these; None for a category or an indicator that is constant.
    """
    clipped = _clipped(values, learnt)
    if learnt.encoding in ("one_hot", "is_missing"):
        # Not divided by a deviation: what is rare would lie far from everybody.
        return learnt if values.min() < values.max() else None
    if learnt.transform == "log1p" and clipped.min() < 0:
        raise SegmentationError(
            f'feature "{name}" is below 0 for {(values < 0).sum()} of {len(values)} '
            f"fitted entities (down to {values.min():g}), but log1p takes values of at "
            "least 0. Use the transform signed_log1p."
        )
    if clipped.min() < clipped.max() and learnt.transform == "yeo_johnson":
        learnt = replace(learnt, power=_power(clipped))
    transformed = _transformed(clipped, learnt)
    if not transformed.min() < transformed.max():
        changed = (clipped != values).sum()
        once = f" once {changed} outliers are clipped" if changed else ""
        remedy = ' or set its key "outliers" to none' if changed else ""
        raise SegmentationError(
            f'feature "{name}" is {clipped.min():g} for all {len(values)} fitted '
            f"entities{once}, so it cannot tell them apart. Take it out{remedy}."
        )
    center, scale = _center_and_scale(scaler, transformed)
    if not 0 < scale < np.inf:
        raise SegmentationError(
            f'feature "{name}" has no spread for the scaler "{scaler}": at least '
            f"half of its {len(values)} values are equal, or nearly so. Use another "
            "scaler or take it out."
        )
    return replace(learnt, center=center, scale=scale)


def _center_and_scale(scaler: str, values: Floats) -> tuple[float, float]:
    # Sums depend on the order of their terms, unless they are sorted.
    values = np.sort(values)
    if scaler == "standard":
        return float(values.mean()), float(values.std())
    if scaler == "robust":
        first, median, third = np.quantile(values, [0.25, 0.5, 0.75])
        return float(median), float(third - first)
    if scaler == "min_max":
        return float(values[0]), float(values[-1] - values[0])
    return 0.0, 1.0
