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
from customer_segmentation.kmeans import LARGEST

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
    """What one feature needs to be scaled; all but the last two in its own unit.

    NaN is no limit, or no fill value: the feature refuses missing values.
    """

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
        infinite values, values that its transform cannot take, or is constant;
        or if the filters leave no row for the fit.
    """
    values = {name: _finite(name, values[name]) for name in features}
    fills = {
        name: _fill_value(name, feature, values[name])
        for name, feature in features.items()
    }
    limits = {
        name: _limits(feature, values[name], values[feature.iqr_of or name])
        for name, feature in features.items()
    }
    filled = {name: _filled(name, values[name], fills[name]) for name in features}
    filters = [name for name in features if features[name].outliers == "iqr_filter"]
    kept = np.ones(len(next(iter(filled.values()))), dtype=bool)
    for name in filters:
        kept &= ~_outside(filled[name], limits[name])
    if not kept.any():
        raise SegmentationError(
            f"none of {len(kept)} entities is left for the fit by the iqr_filter of "
            f"{', '.join(filters)}. Raise iqr_factor, or use winsorise."
        )
    learnt = {}
    for name, feature in features.items():
        transformed = _transformed(name, feature, filled[name][kept], limits[name])
        center, scale = _center_and_scale(scaler, transformed)
        if not scale > 0:
            raise SegmentationError(
                f'feature "{name}" has no spread for the scaler "{scaler}": at least '
                f"half of its {kept.sum()} values are equal, or nearly so. Use another "
                "scaler or take it out."
            )
        learnt[name] = Parameters(
            feature.transform,
            feature.outliers,
            fills[name],
            *limits[name],
            center,
            scale,
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

    Raises
    ------
    SegmentationError
        If a feature has infinite values, or missing ones that it refuses.
    """
    columns, outside, filtered = [], [], []
    for name, learnt in parameters.items():
        column = _filled(name, _finite(name, values[name]), learnt.fill_value)
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


def _finite(name: str, values: Floats) -> Floats:
    too_large = (np.abs(values) > LARGEST).sum()
    if too_large:
        raise SegmentationError(
            f'feature "{name}" is infinite or beyond {LARGEST:g} for {too_large} of '
            f"{len(values)} entities. Mend the model that computes it."
        )
    # Of -0.0 and 0.0, which are equal, the order of the rows would choose.
    return values + 0.0


def _fill_value(name: str, feature: Feature, values: Floats) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        raise SegmentationError(
            f'feature "{name}" is missing for all {len(values)} entities. Take it out.'
        )
    if isinstance(feature.missing, float):
        return feature.missing
    return float(np.median(known)) if feature.missing == "median" else np.nan


def _filled(name: str, values: Floats, fill_value: float) -> Floats:
    missing = np.isnan(values)
    if np.isnan(fill_value) and missing.any():
        raise SegmentationError(
            f'feature "{name}" is missing for {missing.sum()} of {len(values)} '
            'entities and refuses that. Set its key "missing" to median or a number.'
        )
    return np.where(missing, fill_value, values)


def _limits(feature: Feature, values: Floats, iqr_values: Floats):
    """Lowest and highest value that is no outlier, NaN for no limit."""
    values = values[~np.isnan(values)]
    if feature.outliers == "none":
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


def _transformed(
    name: str, feature: Feature, values: Floats, limits: tuple[float, float]
) -> Floats:
    """Fitted values, clipped and transformed, or what is wrong with them."""
    clipped = np.clip(values, *limits) if feature.outliers == "winsorise" else values
    if feature.transform == "log1p" and clipped.min() < 0:
        raise SegmentationError(
            f'feature "{name}" is below 0 for {(values < 0).sum()} of {len(values)} '
            f"fitted entities (down to {values.min():g}), but log1p takes values of at "
            "least 0. Use the transform signed_log1p."
        )
    transformed = FORWARD[feature.transform](clipped)
    if transformed.min() == transformed.max():
        changed = (clipped != values).sum()
        once = f" once {changed} outliers are clipped" if changed else ""
        remedy = ' or set its key "outliers" to none' if changed else ""
        raise SegmentationError(
            f'feature "{name}" is {clipped[0]:g} for all {len(values)} fitted entities'
            f"{once}, so it cannot tell them apart. Take it out{remedy}."
        )
    return transformed


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
