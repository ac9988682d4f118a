"""Rules that say in a line of SQL who is in a segment.

A segment is all that is nearest to a centroid, which nobody can read. A shallow
decision tree comes close to it with a few conditions on the features; fidelity and
coverage tell how close.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.tree import DecisionTreeClassifier

from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import collect, sampled, typed
from customer_segmentation.models import COLUMNS as MODEL_COLUMNS
from customer_segmentation.models import Model
from customer_segmentation.sql import portable_literal
from customer_segmentation.transforms import Parameters

__all__ = ["Rule", "find_rules", "segment_rules"]

DEPTH = 4  # conditions of a rule, before those on one feature are merged
SPARE_LEAVES = 2  # more leaves than segments: with many a rule is no sentence
LEAST_COVERAGE = 0.5  # of a segment by its leaves of the common tree
LARGEST_FIT = 200_000  # entities that are looked at

COLUMNS = {
    "segmentation": "string",
    "dataset": "string",
    "segment_id": "int64",
    "segment_name": "string",
    "rule": "string",
    "fidelity": "float64",
    "coverage": "float64",
    "entities": "int64",
    "entities_under_rule": "int64",
    "accuracy": "float64",
}

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Features = Mapping[str, Floats]
Box = dict[str, tuple[float, float]]  # feature: at least, and below


@dataclass(frozen=True, eq=False)
class Rule:
    """A condition that holds for most of a segment and for few others.

    Attributes
    ----------
    condition : str
        In SQL, such as ``orders >= 4 and recency_days < 60``.
    is_met : ndarray of bool, shape (n,)
        Whether each entity meets it.
    """

    condition: str
    is_met: Flags


def find_rules(
    values: Features,
    segments: ArrayLike,
    *,
    is_missing: Mapping[str, Flags] | None = None,
    parameters: Mapping[str, Parameters] | None = None,
) -> dict[int, Rule]:
    """Find a readable rule for every segment.

    One shallow tree tells all segments apart (Breiman et al., 1984): the rule of a
    segment is its leaves, so that no entity meets two. A small segment whose leaves
    hold less than half of it gets a tree of its own against all others. Thresholds
    have the fewest digits that part the same entities.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        Each feature in its own unit, missing values filled.
    segments : array_like of int, shape (n,)
        Segment of each entity.
    is_missing : mapping of str to ndarray of bool, shape (n,), optional
        Where the value of a feature was filled: a rule that takes the fill value
        says so of missing ones.
    parameters : mapping of str to Parameters, optional
        Of the features that are dimensions of others, such as a category: the rule
        speaks of the column that they are taken from.

    Returns
    -------
    dict of int to Rule
        By segment. ``true`` for the only segment, ``false`` for one that no
        feature tells from the others.

    References
    ----------
    Breiman, Friedman, Olshen and Stone (1984), Classification and regression
    trees, Wadsworth.

    Examples
    --------
    >>> rules = find_rules({"orders": np.array([1.0, 2.0, 7.0, 9.0])}, [1, 1, 2, 2])
    >>> {segment: rule.condition for segment, rule in rules.items()}
    {1: 'orders < 5', 2: 'orders >= 5'}
    """
    segments = np.asarray(segments)
    found = np.unique(segments)
    leaves = _leaves(values, segments, len(found) + SPARE_LEAVES)
    rules = {}
    for segment in found:
        boxes, is_own = leaves.get(segment, []), segments == segment
        told = _is_in_any(boxes, values) & is_own
        if told.sum() < LEAST_COVERAGE * is_own.sum():
            own = _leaves(values, is_own, 2 + SPARE_LEAVES, "balanced")
            boxes = [box for box in own.get(True, []) if box]
        # The part of a rule that most entities meet is read first.
        boxes = sorted(_simplest(boxes), key=lambda box: -_is_met(box, values).sum())
        rules[int(segment)] = Rule(
            _condition(boxes, values, is_missing or {}, parameters or {}),
            _is_in_any(boxes, values),
        )
    return rules


def segment_rules(segments: Any, features: Any, models: Any = None) -> pd.DataFrame:
    """One row per segmentation and segment: its rule, and how well that tells it.

    Parameters
    ----------
    segments : relation
        The model ``customer_segments``.
    features : relation
        The model ``int_scaled_features``.
    models : relation, optional
        The model ``segmentation_models``: which feature is a category of what. By
        default each is a column of its own.

    Returns
    -------
    DataFrame
        Columns as in `COLUMNS`. Above `LARGEST_FIT` entities the rules are found,
        and measured, on a sample of about as many; a segment of which nobody is in
        it has none.

    Raises
    ------
    SegmentationError
        If the two are not of the same entities, or one has no segment.
    """
    distinct = segments.select("segmentation").distinct()
    names = collect(distinct, ["segmentation"], "true", "segmentation").segmentation
    current = (
        typed([], **MODEL_COLUMNS)
        if models is None
        else collect(models, list(MODEL_COLUMNS), "is_current", "model_version")
    )
    rows: list[dict[str, Any]] = []
    for segmentation in names:
        where = f"segmentation = '{segmentation}'"
        where = sampled(segments, where, "entity_id", LARGEST_FIT)
        columns = ["dataset", "segment_id", "segment_name"]
        entities = collect(segments, columns, where, "entity_id")
        if unscored := entities.segment_id.isna().sum():
            raise SegmentationError(
                f'Segmentation "{segmentation}": {unscored} entities have no segment. '
                "dbt test --select every_entity_can_be_scored says why."
            )
        columns = ["feature", "feature_value", "filled_value"]
        wide = collect(features, columns, where, "entity_id").pivot(
            index="entity_id", columns="feature"
        )
        if set(wide.index) != set(entities.entity_id):
            raise SegmentationError(
                f'Segmentation "{segmentation}": {len(entities)} entities have '
                f"segments, and {len(wide)} have features, not all of them the same. "
                "Build segmentations and all that follows from it."
            )
        rules = find_rules(
            _columns(wide["filled_value"].astype("float64")),
            entities.segment_id,
            is_missing=_columns(wide["feature_value"].isna()),
            parameters=_parameters(current[current.segmentation == segmentation]),
        )
        is_own = {segment: entities.segment_id == segment for segment in rules}
        told = {
            segment: (rule.is_met & is_own[segment]).sum()
            for segment, rule in rules.items()
        }
        rows += (
            {
                "segmentation": segmentation,
                "dataset": entities.dataset[0],
                "segment_id": segment,
                "segment_name": entities.segment_name[is_own[segment]].iloc[0],
                "rule": rule.condition,
                "fidelity": told[segment] / (rule.is_met.sum() or np.nan),
                "coverage": told[segment] / is_own[segment].sum(),
                "entities": is_own[segment].sum(),
                "entities_under_rule": rule.is_met.sum(),
                "accuracy": sum(told.values()) / len(entities),
            }
            for segment, rule in rules.items()
        )
    return typed(rows, **COLUMNS)


def _columns(table: pd.DataFrame) -> dict[str, NDArray[Any]]:
    return {name: table[name].to_numpy() for name in table}


def _parameters(model: pd.DataFrame) -> Mapping[str, Parameters]:
    return Model.read(model).parameters if len(model) else {}


# ------------------------------------------------------------------- the trees


def _leaves(
    values: Features, labels: NDArray[Any], most: int, weights: str | None = None
) -> dict[Any, list[Box]]:
    """Leaves of a tree by the label that they predict."""
    # The tree compares in single precision, where ranks are exact.
    distinct, ranks = zip(
        *(np.unique(column, return_inverse=True) for column in values.values()),
        strict=True,
    )
    names, table = list(values), np.column_stack(ranks)
    model = DecisionTreeClassifier(
        max_depth=DEPTH, max_leaf_nodes=most, class_weight=weights, random_state=0
    ).fit(table, labels)
    tree = model.tree_

    def walk(node: int, rows: NDArray[np.intp], box: Box) -> list[tuple[Any, Box]]:
        column = tree.feature[node]
        if column < 0:
            return [(model.classes_[tree.value[node].argmax()], box)]
        is_left = rows[:, column] <= tree.threshold[node]
        left, right = rows[is_left], rows[~is_left]
        limit = _between(
            distinct[column][left[:, column].max()],
            distinct[column][right[:, column].min()],
        )
        name = names[column]
        low, high = box.get(name, (-np.inf, np.inf))
        below = walk(tree.children_left[node], left, box | {name: (low, limit)})
        above = walk(tree.children_right[node], right, box | {name: (limit, high)})
        labels = {label for label, _ in below + above}
        return below + above if len(labels) > 1 else [(labels.pop(), box)]

    leaves: dict[Any, list[Box]] = {}
    for label, box in walk(0, table, {}):
        leaves.setdefault(label, []).append(box)
    return leaves


def _between(low: float, high: float) -> float:
    """Find the number above low, up to high, of the fewest digits, near the middle."""
    middle = (Decimal(float(low)) + Decimal(float(high))) / 2
    for digits in range(1, 18):
        step = Decimal(10) ** (middle.adjusted() - digits + 1)
        steps = (middle / step + Decimal("0.5")).to_integral_value(ROUND_FLOOR)
        if low < float(steps * step) <= high:
            return float(steps * step) + 0.0  # -0.0 would be written as such
    return float(high)


# ---------------------------------------------------------------- the condition


def _simplest(boxes: list[Box]) -> list[Box]:
    """Widen every bound, and leave out every box, where the union stays the same."""
    if not any(boxes):
        return boxes
    everything = (-np.inf, np.inf)
    cuts = {
        name: sorted(
            {*everything, *(limit for box in boxes for limit in box.get(name, ()))}
        )
        for name in sorted(set().union(*boxes))
    }
    # Unions that hold the same lower corners of all cells are the same.
    corners = np.meshgrid(*(limits[:-1] for limits in cuts.values()))
    grid = dict(zip(cuts, map(np.ravel, corners), strict=True))

    whole, boxes = _is_in_any(boxes, grid), [dict(box) for box in boxes]
    for box in boxes:
        for name, side in product(list(box), (0, 1)):
            for limit in cuts[name] if side == 0 else reversed(cuts[name]):
                former, other = box[name], box[name][1 - side]
                box[name] = (limit, other) if side == 0 else (other, limit)
                if (_is_in_any(boxes, grid) == whole).all():
                    break
                box[name] = former
    for box in list(boxes):
        others = [other for other in boxes if other is not box]
        if (_is_in_any(others, grid) == whole).all():
            boxes = others
    return [
        {name: limits for name, limits in box.items() if limits != everything}
        for box in boxes
    ]


def _is_met(box: Box, values: Features) -> Flags:
    is_met = np.ones(len(next(iter(values.values()))), bool)
    for name, (low, high) in box.items():
        is_met &= (values[name] >= low) & (values[name] < high)
    return is_met


def _is_in_any(boxes: list[Box], values: Features) -> Flags:
    is_met = np.zeros(len(next(iter(values.values()))), bool)
    for box in boxes:
        is_met |= _is_met(box, values)
    return is_met


def _condition(
    boxes: list[Box],
    values: Features,
    is_missing: Mapping[str, Flags],
    parameters: Mapping[str, Parameters],
) -> str:
    parts = []
    for box in boxes:
        columns: dict[str, Box] = {}
        for name, limits in box.items():
            learnt = parameters.get(name)
            column = learnt.source_column if learnt else name
            columns.setdefault(column, {})[name] = limits
        bounds = [
            bound
            for column, dimensions in columns.items()
            for bound in _bounds(column, dimensions, values, is_missing, parameters)
        ]
        parts.append(" and ".join(bounds) or "true")
    if len(parts) > 1:
        parts = [f"({part})" if " and " in part else part for part in parts]
        # The whole has to stand behind another condition and `and`.
        return f"({' or '.join(parts)})"
    return parts[0] if parts else "false"


def _bounds(
    column: str,
    dimensions: Box,
    values: Features,
    is_missing: Mapping[str, Flags],
    parameters: Mapping[str, Parameters],
) -> list[str]:
    """Say what a box says of one column, where a category excludes all others."""
    bounds, excluded, is_known, takes_missing = [], [], False, False
    for name, (low, high) in dimensions.items():
        learnt = parameters.get(name)
        match learnt.encoding if learnt else "number":
            case "is_missing" if low > 0:
                return [f"{column} is null"]
            case "is_missing":
                is_known = True
            case "one_hot" if low > 0:
                return [f"{column} = {portable_literal(learnt.category)}"]
            case "one_hot":
                excluded.append(portable_literal(learnt.category))
                takes_missing = True
            case "ordered":
                texts = [
                    portable_literal(category)
                    for place, category in enumerate(json.loads(learnt.categories))
                    if low <= place < high
                ]
                bounds.append(f"{column} in ({', '.join(texts)})")
            case _:
                bounds += [
                    f"{column} {sign} {repr(limit).removesuffix('.0')}"
                    for sign, limit in ((">=", low), ("<", high))
                    if np.isfinite(limit)
                ]
        is_met = _is_met({name: (low, high)}, values)
        takes_missing |= (is_missing.get(name, False) & is_met).any()
    if excluded and len(excluded) == len(json.loads(learnt.categories)):
        return [f"{column} is null"]
    if len(excluded) == 1:
        bounds.append(f"{column} <> {excluded[0]}")
    elif excluded:
        bounds.append(f"{column} not in ({', '.join(excluded)})")
    if takes_missing and not is_known:
        return [f"({' and '.join(bounds)} or {column} is null)"]
    return bounds or [f"{column} is not null"]
