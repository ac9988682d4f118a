"""Definitions of segmentations, validated when the project is built.

A definition is plain configuration under the dbt var ``segmentations``; it is
turned into a `Segmentation` here, or refused with a message that names the
segmentation, the key, the value and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import typed

__all__ = ["Feature", "Segmentation", "definitions_table", "read_definitions"]

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")

Share = Annotated[float, Field(ge=0, lt=0.5)]
Count = Annotated[int, Field(ge=1)]


class _Definition(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Feature(_Definition):
    """How one feature is prepared for k-means.

    The steps are: fill missing values, treat outliers, transform, scale.

    Attributes
    ----------
    transform
        ``log1p`` for skewed features of at least 0, ``signed_log1p`` for skewed
        ones that may be negative, such as spend net of returns.
    outliers
        ``winsorise`` clips at the quantiles `winsorise_at` of the fitted rows;
        ``iqr_filter`` leaves rows outside `iqr_factor` times the interquartile
        range out of the fit (they are segmented all the same).
    iqr_of
        The feature whose interquartile range is used; by default its own.
    missing
        ``median`` or a number fills missing values, ``refuse`` stops.
    """

    transform: Literal["none", "log1p", "signed_log1p"] = "none"
    outliers: Literal["none", "winsorise", "iqr_filter"] = "winsorise"
    winsorise_at: tuple[Share, Share] = (0.005, 0.005)
    iqr_factor: Annotated[float, Field(gt=0)] = 1.5
    iqr_of: str | None = None
    missing: Literal["median", "refuse"] | float = "median"


class Segmentation(_Definition):
    """What is segmented, by which features, and how k and names are chosen.

    Attributes
    ----------
    grain
        ``customer``: one entity per customer, from ``customer_features``.
        ``sale``: one entity per sale line, from ``sale_features``.
    features_from
        ``published`` takes the published work's own features in place of those
        of the grain.
    where
        SQL condition on the rows that are segmented, such as ``orders > 1``.
    k
        ``auto`` applies the rule of `customer_segmentation.selection`.
    k_range
        Every k from the first to the last stands in ``k_selection``.
    minimum_share
        Smallest share of the entities that a segment may hold; 0 switches the
        rule off.
    tolerance
        0 iterates until nothing changes; more stops earlier.
    fit_order
        ``value`` makes the result independent of the order of the rows;
        ``line_number`` feeds k-means in the order of the source file, which
        published results with a single start depend on.
    archetypes
        The set of archetypes that names are taken from.
    """

    name: str
    dataset: Literal["chocolate_sales", "online_retail"]
    grain: Literal["customer", "sale"] = "customer"
    features_from: Literal["grain", "published"] = "grain"
    where: str | None = None
    features: Annotated[dict[str, Feature], Field(min_length=1)]
    scaler: Literal["standard", "robust", "min_max", "none"] = "standard"
    k: Literal["auto"] | Count = "auto"
    k_range: tuple[Count, Count] = (2, 10)
    minimum_share: Share = 0.03
    n_init: Count = 10
    max_iter: Count = 500
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    random_state: Annotated[int, Field(ge=0)] = 0
    fit_order: Literal["value", "line_number"] = "value"
    archetypes: str | None = None

    @field_validator("name", "archetypes")
    @classmethod
    def _is_identifier(cls, value: str | None) -> str | None:
        if value is not None and not IDENTIFIER.fullmatch(value):
            raise ValueError("small letters, digits and underscores are allowed")
        return value

    @field_validator("features")
    @classmethod
    def _are_columns(cls, value: dict[str, Feature]) -> dict[str, Feature]:
        for name, feature in value.items():
            if not IDENTIFIER.fullmatch(name):
                raise ValueError(f"{name!r} is no column name")
            if feature.iqr_of is not None and feature.iqr_of not in value:
                raise ValueError(
                    f"iqr_of of {name!r} is {feature.iqr_of!r}; the features "
                    f"{', '.join(map(repr, value))} are allowed"
                )
        return value

    @model_validator(mode="after")
    def _k_range_ascends(self) -> Segmentation:
        first, last = self.k_range
        if first > last:
            raise ValueError(f"k_range {self.k_range} must not descend")
        if self.k == "auto" and last < 2:
            raise ValueError("k_range must reach 2 where k is 'auto'")
        if self.fit_order == "line_number" and self.grain != "sale":
            raise ValueError("fit_order 'line_number' is allowed for grain 'sale'")
        return self

    @property
    def source(self) -> str:
        """Key of the relation that holds the features."""
        return "published" if self.features_from == "published" else self.grain

    @property
    def key(self) -> str:
        """Column of that relation that identifies an entity."""
        return "transaction_line_id" if self.grain == "sale" else "customer_id"

    @property
    def k_values(self) -> range:
        """Every k that stands in ``k_selection``, a fixed one included."""
        first, last = self.k_range
        if self.k == "auto":
            return range(first, last + 1)
        return range(min(first, self.k), max(last, self.k) + 1)


def read_definitions(definitions: Any) -> list[Segmentation]:
    """Validate the value of the dbt var ``segmentations``.

    Parameters
    ----------
    definitions : mapping of str to mapping
        Name of the segmentation to its keys, as in ``dbt_project.yml``.

    Returns
    -------
    list of Segmentation
        In the order of the names.

    Raises
    ------
    SegmentationError
        With every fault of every definition, one a line.

    Examples
    --------
    >>> read_definitions({"buyers": {"dataset": "online_retail", "k": 0,
    ...                              "features": {"orders": {}}}})
    Traceback (most recent call last):
    customer_segmentation.errors.SegmentationError: The var "segmentations" ...
    - segmentation "buyers", key "k": 0 is not allowed; ...
    """
    if not isinstance(definitions, Mapping):
        raise SegmentationError(
            'The var "segmentations" must map names to definitions, but is '
            f"{definitions!r}."
        )
    valid, faults = [], []
    for name, definition in sorted(definitions.items(), key=lambda item: str(item[0])):
        if not isinstance(definition, Mapping):
            faults.append(
                f'- segmentation "{name}": {definition!r} is not allowed; '
                "needed is a mapping with the keys dataset and features"
            )
            continue
        try:
            valid.append(Segmentation(**{**definition, "name": name}))
        except ValidationError as error:
            faults += [f'- segmentation "{name}", {fault}' for fault in _faults(error)]
    if faults:
        raise SegmentationError(
            'The var "segmentations" (in dbt_project.yml or --vars) cannot be used:\n'
            + "\n".join(faults)
        )
    return valid


def definitions_table(definitions: Any) -> pd.DataFrame:
    """One row per segmentation: its main choices, and the whole as JSON.

    Parameters
    ----------
    definitions : mapping
        As for `read_definitions`.

    Returns
    -------
    DataFrame
        Columns ``segmentation``, ``dataset``, ``grain``, ``features``, ``k``
        (missing where k is chosen by the rule), ``minimum_share``,
        ``archetypes`` and ``definition``.
    """
    rows = [
        {
            "segmentation": item.name,
            "dataset": item.dataset,
            "grain": item.grain,
            "features": ", ".join(item.features),
            "k": None if item.k == "auto" else item.k,
            "minimum_share": item.minimum_share,
            "archetypes": item.archetypes,
            "definition": item.model_dump_json(),
        }
        for item in read_definitions(definitions)
    ]
    return typed(
        rows,
        segmentation="string",
        dataset="string",
        grain="string",
        features="string",
        k="Int64",
        minimum_share="float64",
        archetypes="string",
        definition="string",
    )


def from_table(definitions: Iterable[str]) -> list[Segmentation]:
    """Read the column ``definition`` of `definitions_table` back."""
    return sorted(
        map(Segmentation.model_validate_json, definitions), key=lambda item: item.name
    )


def _faults(error: ValidationError) -> list[str]:
    """Describe each fault: the key, the value and what is allowed.

    pydantic reports a union such as `int | "auto"` as one fault per member; they
    are joined, and the member's tag at the end of the key is dropped.
    """
    allowed: dict[tuple[str, str], list[str]] = {}
    for fault in error.errors(include_url=False):
        location = [
            str(part)
            for part in fault["loc"]
            if not re.search(r"[\[(]|^(int|float|str)$", str(part))
        ]
        key = ".".join(location) or "its keys"
        match fault["type"]:
            case "extra_forbidden":
                model = Feature if location[0] == "features" else Segmentation
                keys = sorted(set(model.model_fields) - {"name"})
                value, text = "this key", f"allowed are {', '.join(keys)}"
            case "missing":
                value, text = "nothing", "this key is needed"
            case "literal_error":
                value, text = repr(fault["input"]), fault["ctx"]["expected"]
            case _:
                value = repr(fault["input"]) if location else "this"
                text = re.sub("^Value error, ", "", fault["msg"])
                text = text[0].lower() + text[1:]
        allowed.setdefault((key, value), []).append(text)
    return [
        f'key "{key}": {value} is not allowed; {" or ".join(dict.fromkeys(texts))}'
        for (key, value), texts in allowed.items()
    ]
