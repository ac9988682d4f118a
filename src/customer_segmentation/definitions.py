"""Definitions of segmentations, validated when the project is built.

A definition is plain configuration under the dbt var ``segmentations``; it is
turned into a `Segmentation` here, or refused with a message that names the
segmentation, the key, the value and what is allowed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

import pandas as pd
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import typed

__all__ = ["Feature", "Segmentation", "definitions_table", "read_definitions"]

NAME = "small letters, digits and underscores, beginning with a letter"
# Datasets whose published features int_published_customer_features holds.
PUBLISHED = ("ecommerce_orders", "mall_customers", "online_retail")

# Keys that change without a new fit.
NOT_OF_THE_FIT = {"name", "archetypes", "hysteresis_margin", "challenger_margin"}

COUNT = "a whole number of at least 1"
SHARE = "a number of at least 0 and below 0.5"
WHOLE_SHARE = "a number from 0 to 1"
CATEGORIES = "two texts or more, each once and in quotes, such as ['18-24', '25-34']"
ENCODINGS = "'ordered' or 'one_hot'"
K_RANGE = "two whole numbers of at least 1, the smaller one first, such as [2, 10]"
FEATURE = "{} or keys in braces, such as {transform: log1p}"

# A description is what the error message says is allowed; that of a `Literal`
# follows from its type.
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", description=NAME)]
Count = Annotated[int, Field(ge=1, description=COUNT)]
Share = Annotated[float, Field(ge=0, lt=0.5, description=SHARE)]


class _Definition(BaseModel):
    # Strict: "3" and true are no numbers.
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False
    )


class Feature(_Definition):
    """How one feature is prepared for k-means.

    The steps are: encode categories, fill missing values, treat outliers, transform,
    scale.

    Attributes
    ----------
    categories
        Every text that the feature may hold; without them it is a number.
    encoding
        ``ordered`` makes the place in `categories`, from 0, a number like any other;
        ``one_hot`` gives each category a dimension of its own, 0 or 1, that is not
        scaled by its spread: a rare category would lie far from everybody.
    transform
        ``log1p`` for skewed features of at least 0, ``signed_log1p`` for skewed
        ones that may be negative, such as spend net of returns; ``yeo_johnson``
        finds the power that makes the feature as normal as can be.
    outliers
        ``winsorise`` clips at the quantiles `winsorise_at` of the fitted rows;
        ``iqr_filter`` leaves rows outside `iqr_factor` times the interquartile
        range out of the fit (they are segmented all the same).
    iqr_of
        The feature whose interquartile range is used; by default its own.
    missing
        ``median`` or a number fills missing values, ``refuse`` stops.
    missing_at_most
        Share of missing values above which the feature is refused.
    missing_indicator
        Whether being missing is a dimension of its own, where anything is missing.
    weight
        How much a distance in this feature counts.
    """

    categories: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...] | None,
        Field(strict=False, description=CATEGORIES),
    ] = None
    encoding: Annotated[
        Literal["ordered", "one_hot"] | None,
        Field(description=ENCODINGS, validate_default=True),
    ] = None
    transform: Literal["none", "log1p", "signed_log1p", "yeo_johnson"] = "none"
    outliers: Literal["none", "winsorise", "iqr_filter"] = "winsorise"
    winsorise_at: Annotated[
        tuple[Share, Share],
        Field(
            strict=False,  # a list of the YAML file is a tuple here
            description=f"two shares such as [0.005, 0.01], each {SHARE}",
        ),
    ] = (0.005, 0.005)
    iqr_factor: Annotated[float, Field(gt=0, description="a number above 0")] = 1.5
    iqr_of: Annotated[str | None, Field(description="the name of a feature")] = None
    missing: Annotated[
        Literal["median", "refuse"] | float,
        Field(description="'median', 'refuse' or a number"),
    ] = "median"
    missing_at_most: Annotated[float, Field(ge=0, le=1, description=WHOLE_SHARE)] = 0.5
    missing_indicator: Annotated[bool, Field(description="true or false")] = False
    weight: Annotated[
        float, Field(ge=0.001, le=1000, description="a number from 0.001 to 1000")
    ] = 1.0

    @field_validator("categories")
    @classmethod
    def _occur_once(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and len(set(value)) < max(2, len(value)):
            raise ValueError(CATEGORIES)
        return value

    @field_validator("encoding")
    @classmethod
    def _has_categories(cls, value: str | None, info: ValidationInfo) -> str | None:
        if "categories" in info.data:  # otherwise they are at fault
            categories = info.data["categories"]
            if categories is None and value is not None:
                raise ValueError("leave this key out, or list the key categories")
            if categories is not None and value is None:
                raise ValueError(f"beside categories {ENCODINGS}")
        return value

    @field_validator(
        *("transform", "outliers", "winsorise_at", "iqr_factor", "iqr_of", "missing")
    )
    @classmethod
    def _fits_the_encoding(cls, value: Any, info: ValidationInfo) -> Any:
        # In a table that is read back the defaults are written out.
        if info.context and info.data.get("encoding") == "one_hot":
            allowed = {"transform": "none", "outliers": "none", "missing": "refuse"}
            if value != (neutral := allowed.get(info.field_name)):
                raise ValueError(
                    (f"{neutral!r}, or " if neutral else "")
                    + "leave this key out: categories that are 'one_hot' are no numbers"
                )
        return value

    @field_validator("iqr_of")
    @classmethod
    def _is_a_feature(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.context:
            features = info.context["numbers"]
            if value not in features:
                raise ValueError(_either(list(map(repr, features))))
        return value

    def dimensions(self, name: str) -> list[tuple[str, str, str | None]]:
        """List the dimensions of the feature: name, encoding and category.

        Examples
        --------
        >>> Feature(categories=("F", "M"), encoding="one_hot").dimensions("gender")
        [('gender_is_F', 'one_hot', 'F'), ('gender_is_M', 'one_hot', 'M')]
        """
        if self.encoding == "one_hot":
            dimensions = [
                (f"{name}_is_{category}", "one_hot", category)
                for category in self.categories or ()
            ]
        else:
            dimensions = [(name, self.encoding or "number", None)]
        if self.missing_indicator:
            dimensions.append((f"{name}_is_missing", "is_missing", None))
        return dimensions


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
    minimum_jaccard
        Smallest Jaccard similarity of a segment with its like in fits on random
        halves; 0 switches the rule off.
    fit_at_most
        Of more entities the fit sees a sample of about as many, always the same
        ones; all are scored.
    tolerance
        0 iterates until nothing changes; more stops earlier.
    fit_order
        ``value`` makes the result independent of the order of the rows;
        ``line_number`` feeds k-means in the order of the source file, which
        published results with a single start depend on.
    archetypes
        The set of archetypes that names are taken from.
    hysteresis_margin
        An entity changes its segment only if another centroid is nearer by this
        share, or for the second period in a row; 0 switches that off.
    challenger_margin
        Retraining starts from the centroids in use; a fit from new starts takes
        over only if its inertia is lower by more than this share.
    """

    name: Name
    dataset: Annotated[str, Field(description="a dataset such as 'own'")]
    grain: Literal["customer", "sale"] = "customer"
    features_from: Literal["grain", "published"] = "grain"
    where: Annotated[
        str | None,
        Field(
            pattern=r"\S",
            description="an SQL condition in quotes, such as 'orders > 1'",
        ),
    ] = None
    features: Annotated[
        dict[Name, Feature],
        Field(
            min_length=1,
            description="one feature or more, such as {orders: {transform: log1p}}",
        ),
    ]
    scaler: Literal["standard", "robust", "min_max", "none"] = "standard"
    k: Annotated[Literal["auto"] | Count, Field(description=f"'auto' or {COUNT}")] = (
        "auto"
    )
    k_range: Annotated[
        tuple[Count, Count], Field(strict=False, description=K_RANGE)
    ] = (2, 10)
    minimum_share: Share = 0.03
    minimum_jaccard: Annotated[
        float, Field(ge=0, le=1, description="a number from 0 to 1")
    ] = 0.6
    fit_at_most: Annotated[
        int, Field(ge=100, description="a whole number of at least 100")
    ] = 200_000
    n_init: Count = 10
    max_iter: Count = 500
    tolerance: Annotated[float, Field(ge=0, description="a number of at least 0")] = 0.0
    random_state: Annotated[
        int,
        Field(ge=0, lt=2**32, description=f"a whole number from 0 to {2**32 - 1}"),
    ] = 0
    fit_order: Literal["value", "line_number"] = "value"
    archetypes: Annotated[Name | None, Field(description=NAME)] = None
    hysteresis_margin: Share = 0.2
    challenger_margin: Share = 0.02

    @field_validator("name")
    @classmethod
    def _is_the_key(cls, value: str, info: ValidationInfo) -> str:
        if info.context and value != (name := info.context["name"]):
            raise ValueError(f"the name is {name!r}, leave this key out")
        return value

    @field_validator("dataset")
    @classmethod
    def _is_known(cls, value: str, info: ValidationInfo) -> str:
        known = (info.context or {}).get("datasets")
        if known and value not in known:
            raise ValueError(_either(list(map(repr, known))))
        return value

    @field_validator("features")
    @classmethod
    def _have_dimensions(cls, value: dict[str, Feature]) -> dict[str, Feature]:
        names = [name for key in value for name, *_ in value[key].dimensions(key)]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"two dimensions would have the name {repeated[0]!r}: give the column "
                "or the category another one"
            )
        return value

    # The keys that stand above in this class are known here, if they are right.

    @field_validator("features_from")
    @classmethod
    def _is_there(cls, value: str, info: ValidationInfo) -> str:
        for key, needed in {"dataset": PUBLISHED, "grain": ("customer",)}.items():
            if value == "published" and info.data.get(key, needed[0]) not in needed:
                allowed = _either(list(map(repr, needed)))
                raise ValueError(f"'grain', unless the {key} is {allowed}")
        return value

    @field_validator("k_range")
    @classmethod
    def _ascends(cls, value: tuple[int, int], info: ValidationInfo) -> tuple[int, int]:
        first, last = value
        if first > last:
            raise ValueError(K_RANGE)
        if last < 2 and info.data.get("k") == "auto":
            raise ValueError("the second number must be 2 or more where k is 'auto'")
        return value

    @field_validator("fit_order")
    @classmethod
    def _has_lines(cls, value: str, info: ValidationInfo) -> str:
        if value == "line_number" and info.data.get("grain") == "customer":
            raise ValueError("'value', unless the grain is 'sale'")
        return value

    @property
    def source(self) -> str:
        """Key of the relation that holds the features."""
        return "published" if self.features_from == "published" else self.grain

    @property
    def key(self) -> str:
        """Column of that relation that identifies an entity."""
        return "transaction_line_id" if self.grain == "sale" else "customer_id"

    @property
    def has_categories(self) -> dict[str, bool]:
        """Whether each feature holds texts."""
        return {
            name: feature.categories is not None
            for name, feature in self.features.items()
        }

    @property
    def k_values(self) -> list[int]:
        """Every k that stands in ``k_selection``, a fixed one included."""
        first, last = self.k_range
        fixed = set() if self.k == "auto" else {self.k}
        return sorted({*range(first, last + 1), *fixed})


def read_definitions(
    definitions: Any, datasets: Iterable[str] = ()
) -> list[Segmentation]:
    """Validate the value of the dbt var ``segmentations``.

    Parameters
    ----------
    definitions : mapping of str to mapping
        Name of the segmentation to its keys, as in ``dbt_project.yml``.
    datasets : iterable of str, optional
        Names that a dataset may have; by default any.

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
    - segmentation "buyers", key "k": 0 is not allowed; 'auto' or a whole number ...
    """
    if not isinstance(definitions, Mapping):
        raise SegmentationError(
            'The var "segmentations" must map names to definitions, but is '
            f"{_shown(definitions)}."
        )
    valid, faults = [], []
    for name, definition in sorted(definitions.items(), key=lambda item: str(item[0])):
        if not isinstance(definition, Mapping):
            faults.append(
                f'- segmentation "{name}": {_shown(definition)} is not allowed; '
                "needed are at least the keys dataset and features"
            )
            continue
        features = definition.get("features")
        context = {
            "name": name,
            "numbers": [
                feature
                for feature, keys in features.items()
                if not isinstance(keys, Mapping) or keys.get("encoding") != "one_hot"
            ]
            if isinstance(features, Mapping)
            else [],
            "datasets": sorted(datasets),
        }
        try:
            valid.append(
                Segmentation.model_validate(
                    {"name": name, **definition}, context=context
                )
            )
        except ValidationError as error:
            faults += [f'- segmentation "{name}", {fault}' for fault in _faults(error)]
    if faults:
        raise SegmentationError(
            'The var "segmentations" (in dbt_project.yml or --vars) cannot be used:\n'
            + "\n".join(faults)
        )
    return valid


def definitions_table(
    definitions: Any, datasets: Iterable[str] = (), inputs: Iterable[str] = ()
) -> pd.DataFrame:
    """One row per segmentation: its main choices, and the whole as JSON.

    Parameters
    ----------
    definitions, datasets
        As for `read_definitions`.
    inputs : iterable of str, optional
        Datasets that are built from the user's input, not from the demo.

    Returns
    -------
    DataFrame
        Columns ``segmentation``, ``dataset``, ``grain``, ``features_from``,
        ``row_condition`` (missing where all rows are segmented), ``features``,
        ``k`` (missing where k is chosen by the rule), ``minimum_share``,
        ``archetypes``, ``is_demo``, ``fit_digest`` (the same as long as all that the
        fit depends on is the same) and ``definition``.
    """
    rows = [
        {
            "segmentation": item.name,
            "dataset": item.dataset,
            "grain": item.grain,
            "features_from": item.features_from,
            "row_condition": item.where,
            "features": ", ".join(item.features),
            "k": None if item.k == "auto" else item.k,
            "minimum_share": item.minimum_share,
            "archetypes": item.archetypes,
            "is_demo": item.dataset not in inputs,
            "fit_digest": digest(
                [
                    item.model_dump(
                        mode="json", exclude_defaults=True, exclude=NOT_OF_THE_FIT
                    ),
                    item.dataset in inputs,
                ]
            ),
            "definition": item.model_dump_json(),
        }
        for item in read_definitions(definitions, datasets)
    ]
    return typed(
        rows,
        segmentation="string",
        dataset="string",
        grain="string",
        features_from="string",
        row_condition="string",
        features="string",
        k="Int64",
        minimum_share="float64",
        archetypes="string",
        is_demo="bool",
        fit_digest="string",
        definition="string",
    )


def digest(of: Any) -> str:
    """Short fingerprint of something that JSON can hold."""
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()[:16]


def from_table(definitions: Iterable[str]) -> list[Segmentation]:
    """Read the column ``definition`` of `definitions_table` back."""
    return sorted(
        map(Segmentation.model_validate_json, definitions), key=lambda item: item.name
    )


def _faults(error: ValidationError) -> list[str]:
    """Describe each fault: the key, the value and what is allowed."""
    faults = []
    for fault in error.errors(include_url=False):
        match fault["loc"]:
            case "features", _, "[key]":
                fields, key, allowed = {}, "features", NAME
            case "features", feature:
                fields, key, allowed = {}, f"features.{feature}", FEATURE
            case "features", feature, field, *_:
                fields, key = Feature.model_fields, f"features.{feature}.{field}"
                allowed = _allowed(fields, field)
            case field, *_:
                fields, key = Segmentation.model_fields, field
                allowed = _allowed(fields, field)
        what = f"{_shown(fault['input'])} is not allowed"
        match fault["type"]:
            case "extra_forbidden" | "invalid_key":
                what = "this key is not allowed"
                allowed = "the keys are " + ", ".join(sorted({*fields} - {"name"}))
            case "missing" if key == fault["loc"][-1]:
                what = "this key is missing"
            case "value_error":
                allowed = fault["ctx"]["error"]
        faults.append(f'key "{key}": {what}; {allowed}')
    # The members of a union such as `int | "auto"` each report the same fault.
    return list(dict.fromkeys(faults))


def _allowed(fields: Mapping[str, Any], name: str) -> str:
    if name not in fields:
        return ""
    return fields[name].description or _either(
        list(map(repr, get_args(fields[name].annotation)))
    )


def _either(texts: Sequence[str]) -> str:
    """Join texts as in ``a, b or c``."""
    return " or ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def _shown(value: Any) -> str:
    """Show a value briefly: an empty one is written as nothing in YAML."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
