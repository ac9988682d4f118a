"""The entities of a segmentation, read from the features of a warehouse."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_segmentation.definitions import Segmentation, from_table
from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import collect, sampled
from customer_segmentation.transforms import Parameters

__all__ = ["Entities", "Sources", "condition", "each_segmentation", "values_of"]

Sources = Mapping[str, Any]
Made = TypeVar("Made")

# What pandas infers of a column that can be a feature.
NUMERIC = {"boolean", "decimal", "empty", "floating", "integer"}
TEXT = {"categorical", "empty", "string"}


@dataclass(frozen=True)
class Entities:
    """What is segmented, or a sample of it: ids and features.

    Those with categories are texts, None where missing. The date is that up to which
    the features go, NaT for data without dates.
    """

    ids: pd.Series
    as_of_date: pd.Timestamp
    values: dict[str, NDArray[Any]]
    fit_order: NDArray[np.intp]
    read: Callable[[Mapping[str, bool]], dict[str, NDArray[Any]]]

    def values_for(
        self, parameters: Mapping[str, Parameters]
    ) -> dict[str, NDArray[Any]] | None:
        """Features that a model was trained on; None if there are none such now."""
        has_categories = {
            each.source_column: isinstance(each.categories, str)
            for each in parameters.values()
        }
        if {*has_categories} <= {*self.values}:
            return self.values
        try:
            return self.read(has_categories)
        except SegmentationError:
            return None


def each_segmentation(
    definitions: Any,
    sources: Sources,
    make: Callable[[Segmentation, Any], Made],
    *,
    names: Container[str] | None = None,
    read: Callable[[Segmentation, Any], Any] | None = None,
) -> list[Made]:
    """Make something of every segmentation whose dataset has entities.

    Of more than `fit_at_most` entities a sample is read, always the same one.

    Parameters
    ----------
    definitions : relation
        The model ``segmentations``.
    sources : mapping of str to relation
        Features by the key `Segmentation.source`.
    make : callable
        Of a definition and its entities.
    names : container of str, optional
        Which segmentations; by default all.
    read : callable, optional
        Of a definition and its relation: something with ``ids``; by default the
        `Entities`.

    Returns
    -------
    list
        In the order of the names.

    Raises
    ------
    SegmentationError
        With what is wrong with each segmentation, one a line: who mends one fault at
        a time builds as often as there are faults.
    """
    made, faults = [], []
    column = collect(definitions, ["definition"], "true", "segmentation").definition
    for definition in from_table(column):
        if names is not None and definition.name not in names:
            continue
        try:
            entities = (read or _entities)(definition, sources[definition.source])
            if len(entities.ids):
                made.append(make(definition, entities))
        except SegmentationError as error:
            faults.append(
                f'Segmentation "{definition.name}" (dataset {definition.dataset}): '
                f"{error}"
            )
    if faults:
        raise SegmentationError("\n".join(faults))
    return made


def condition(definition: Segmentation) -> str:
    """Write the SQL condition on the rows that are segmented."""
    where = f"dataset = '{definition.dataset}'"
    if definition.grain == "customer":
        where += " and customer_id is not null"
    if definition.where:
        where += f" and ({definition.where}\n)"  # it may end in a comment
    return where


def values_of(
    frame: pd.DataFrame, has_categories: Mapping[str, bool]
) -> dict[str, NDArray[Any]]:
    """Take the features out of a frame: texts where they have categories."""
    return {
        name: _texts(frame[name]) if is_text else _numbers(frame[name])
        for name, is_text in has_categories.items()
    }


def _entities(definition: Segmentation, relation: Any) -> Entities:
    where = condition(definition)
    where = sampled(relation, where, definition.key, definition.fit_at_most)
    order = [] if definition.fit_order == "value" else [definition.fit_order]
    has_categories = definition.has_categories

    def read(has_categories: Mapping[str, bool]) -> dict[str, NDArray[Any]]:
        frame = collect(relation, list(has_categories), where, definition.key)
        return values_of(frame, has_categories)

    columns = [definition.key, "as_of_date", *has_categories, *order]
    frame = collect(relation, columns, where, definition.key)
    ids = frame[definition.key]
    if repeated := ids.duplicated().sum():
        raise SegmentationError(
            f"{repeated} rows repeat the {definition.key} of another one, such as "
            f'{ids[ids.duplicated()].iloc[0]}. Choose one row each by the key "where".'
        )
    return Entities(
        ids=ids,
        as_of_date=pd.to_datetime(frame.as_of_date).max(),
        values=values_of(frame, has_categories),
        fit_order=np.argsort(frame[order[0]] if order else frame.index, kind="stable"),
        read=read,
    )


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind not in NUMERIC:
        remedy = " or list its categories" if kind == "string" else ""
        raise SegmentationError(
            f'feature "{column.name}" holds no numbers ({kind}), such as '
            f"{column.dropna().iloc[0]!r}. Take it out{remedy}."
        )
    return column.to_numpy(dtype="float64", na_value=np.nan)


def _texts(column: pd.Series) -> NDArray[np.object_]:
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind not in TEXT:
        raise SegmentationError(
            f'feature "{column.name}" has categories, but holds no texts ({kind}), '
            f'such as {column.dropna().iloc[0]!r}. Take its key "categories" out.'
        )
    return column.to_numpy(dtype="object", na_value=None)
