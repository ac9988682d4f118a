"""The entities of a segmentation, read from the features of a warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_segmentation.definitions import Segmentation, from_table
from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import collect

__all__ = ["Entities", "Sources", "each_segmentation", "named"]

Sources = Mapping[str, Any]

# What pandas infers of a column that can be a feature.
NUMERIC = {"boolean", "decimal", "empty", "floating", "integer"}


@dataclass(frozen=True)
class Entities:
    """What is segmented: ids, the date of the features, and the features."""

    ids: pd.Series
    as_of_date: pd.Series
    values: dict[str, NDArray[np.float64]]
    fit_order: NDArray[np.intp]


def each_segmentation(
    definitions: Any, sources: Sources
) -> Iterator[tuple[Segmentation, Entities]]:
    """Every segmentation whose dataset has entities, with these."""
    column = collect(definitions, ["definition"], "true", "segmentation").definition
    for definition in from_table(column):
        with named(definition):
            entities = _entities(definition, sources[definition.source])
        if len(entities.ids):
            yield definition, entities


def _entities(definition: Segmentation, relation: Any) -> Entities:
    where = f"dataset = '{definition.dataset}'"
    if definition.grain == "customer":
        where += " and customer_id is not null"
    if definition.where:
        where += f" and ({definition.where}\n)"  # it may end in a comment
    order = [] if definition.fit_order == "value" else [definition.fit_order]
    columns = [definition.key, "as_of_date", *definition.features, *order]
    frame = collect(relation, columns, where, definition.key)
    ids = frame[definition.key]
    if repeated := ids.duplicated().sum():
        raise SegmentationError(
            f"{repeated} rows repeat the {definition.key} of another one, such as "
            f'{ids[ids.duplicated()].iloc[0]}. Choose one row each by the key "where".'
        )
    return Entities(
        ids=ids,
        as_of_date=frame["as_of_date"],
        values={feature: _numbers(frame[feature]) for feature in definition.features},
        fit_order=np.argsort(frame[order[0]] if order else frame.index, kind="stable"),
    )


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind not in NUMERIC:
        raise SegmentationError(
            f'feature "{column.name}" holds no numbers ({kind}), such as '
            f"{column.dropna().iloc[0]!r}. Take it out."
        )
    return column.to_numpy(dtype="float64", na_value=np.nan)


@contextmanager
def named(definition: Segmentation) -> Iterator[None]:
    """Say in every error which segmentation it is about."""
    try:
        yield
    except SegmentationError as error:
        raise SegmentationError(
            f'Segmentation "{definition.name}" (dataset {definition.dataset}): {error}'
        ) from None
