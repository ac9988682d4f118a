"""From the features of entities to the scaled space that k-means works in.

The parameters are learnt once from the fitted rows and kept: scoring uses the
training parameters, never those of the rows that are scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from customer_segmentation.definitions import Feature
from customer_segmentation.errors import SegmentationError

__all__ = ["Prepared", "learn", "prepare", "restore"]

Floats = NDArray[np.float64]

FORWARD = {
    "none": lambda x: x,
    "log1p": np.log1p,
    "signed_log1p": lambda x: np.sign(x) * np.log1p(np.abs(x)),
}
BACKWARD = {
    "none": lambda x: x,
    "log1p": np.expm1,
    "signed_log1p": lambda x: np.sign(x) * np.expm1(np.abs(x)),
}


@dataclass(frozen=True)
class Parameters:
    """What one feature needs to be scaled; all but the last two in its own unit."""

    transform: str
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
    values: Mapping[str, Floats],
    features: Mapping[str, Feature],
    scaler: str = "standard",
) -> dict[str, Parameters]:
    """Learn the parameters of every feature.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        Each feature in its own unit, NaN where missing.
    features : mapping of str to Feature
        How each is to be prepared.
    scaler : {"standard", "robust", "min_max", "none"}
        Mean and population standard deviation, median and interquartile range,
        minimum and range, or 0 and 1.

    Returns
    -------
    dict of str to Parameters

    Raises
    ------
    SegmentationError
        If a feature has missing values and refuses them, no values at all,
        infinite values, values that its transform cannot take, or is constant.
    """
    limits, fills = {}, {}
    for name, feature in features.items():
        fills[name] = _fill_value(name, feature, values[name])
        limits[name] = _limits(feature, values[name], values[feature.iqr_of or name])
    filled = {
        name: np.where(np.isnan(values[name]), fills[name], values[name])
        for name in features
    }
    kept = ~np.any(
        [
            _outside(filled[name], limits[name])
            for name, feature in features.items()
            if feature.outliers == "iqr_filter"
        ]
        or [np.zeros(len(next(iter(filled.values()))), dtype=bool)],
        axis=0,
    )
    learnt = {}
    for name, feature in features.items():
        low, high = limits[name]
        fitted = filled[name][kept]
        if feature.outliers == "winsorise":
            fitted = np.clip(fitted, low, high)
        if feature.transform == "log1p" and fitted.min() < 0:
            raise SegmentationError(
                f'feature "{name}" has the value {fitted.min():g}, but log1p takes '
                "values of at least 0. Use the transform signed_log1p."
            )
        fitted = FORWARD[feature.transform](fitted)
        if fitted.min() == fitted.max():
            raise SegmentationError(
                f'feature "{name}" is {filled[name][kept][0]:g} for all {len(fitted)} '
                "fitted entities, so it cannot tell them apart. Take it out."
            )
        center, scale = _center_and_scale(scaler, fitted)
        if not scale > 0:
            raise SegmentationError(
                f'feature "{name}" has no spread for the scaler "{scaler}": half of '
                f"its {len(fitted)} values are equal. Use the scaler standard."
            )
        learnt[name] = Parameters(
            feature.transform, feature.outliers, fills[name], low, high, center, scale
        )
    return learnt


def prepare(
    values: Mapping[str, Floats], parameters: Mapping[str, Parameters]
) -> Prepared:
    """Scale features with learnt parameters.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        Each feature in its own unit, NaN where missing.
    parameters : mapping of str to Parameters
        From `learn`.

    Returns
    -------
    Prepared
        Columns in the order of the parameters.
    """
    columns, outside, filtered = [], [], []
    for name, learnt in parameters.items():
        column = np.where(np.isnan(values[name]), learnt.fill_value, values[name])
        limits = learnt.clip_low, learnt.clip_high
        outside.append(_outside(column, limits))
        filtered.append(outside[-1] & (learnt.outliers == "iqr_filter"))
        if learnt.outliers == "winsorise":
            column = np.clip(column, *limits)
        if learnt.transform == "log1p":
            # New rows may fall below what was fitted, and no logarithm there.
            column = np.maximum(column, 0.0)
        column = FORWARD[learnt.transform](column)
        columns.append((column - learnt.center) / learnt.scale)
    return Prepared(
        points=np.column_stack(columns),
        is_outlier=np.any(outside, axis=0),
        is_in_fit=~np.any(filtered, axis=0),
    )


def restore(points: Floats, parameters: Mapping[str, Parameters]) -> Floats:
    """Bring scaled points, shape (n, d), back to the units of the features."""
    return np.column_stack(
        [
            BACKWARD[learnt.transform](column * learnt.scale + learnt.center)
            for column, learnt in zip(points.T, parameters.values(), strict=True)
        ]
    )


def _fill_value(name: str, feature: Feature, values: Floats) -> float:
    missing = np.isnan(values)
    if np.isinf(values).any():
        raise SegmentationError(
            f'feature "{name}" is infinite for {np.isinf(values).sum()} of '
            f"{len(values)} entities. Mend the model that computes it."
        )
    if missing.all() and not isinstance(feature.missing, float):
        raise SegmentationError(
            f'feature "{name}" is missing for all {len(values)} entities. Take it out.'
        )
    if feature.missing == "refuse" and missing.any():
        raise SegmentationError(
            f'feature "{name}" is missing for {missing.sum()} of {len(values)} '
            'entities and refuses that. Set its key "missing" to median or a number.'
        )
    if isinstance(feature.missing, float):
        return feature.missing
    return float(np.median(values[~missing]))


def _limits(feature: Feature, values: Floats, iqr_values: Floats):
    """Lowest and highest value that is no outlier, NaN for no limit."""
    values = values[~np.isnan(values)]
    if feature.outliers == "none" or not len(values):
        return np.nan, np.nan
    if feature.outliers == "winsorise":
        low, high = feature.winsorise_at
        return tuple(map(float, np.quantile(values, [low, 1 - high])))
    first, third = np.quantile(values, [0.25, 0.75])
    reach = feature.iqr_factor * np.subtract(*np.nanquantile(iqr_values, [0.75, 0.25]))
    return float(first - reach), float(third + reach)


def _outside(values: Floats, limits: tuple[float, float]) -> NDArray[np.bool_]:
    low, high = limits
    return (values < low) | (values > high)


def _center_and_scale(scaler: str, values: Floats) -> tuple[float, float]:
    # Sums depend on the order of their terms, unless they are sorted.
    values = np.sort(values)
    if scaler == "standard":
        mean = values.mean()
        return float(mean), float(np.sqrt(np.sort((values - mean) ** 2).mean()))
    if scaler == "robust":
        first, median, third = np.quantile(values, [0.25, 0.5, 0.75])
        return float(median), float(third - first)
    if scaler == "min_max":
        return float(values[0]), float(values[-1] - values[0])
    return 0.0, 1.0
