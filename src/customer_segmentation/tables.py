"""The tables that the dbt Python models write, one function each.

A relation here is what ``dbt.ref`` gives: something with ``columns``,
``filter`` and ``select`` that can become a pandas frame, on DuckDB or Spark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from customer_segmentation import models, selection
from customer_segmentation.definitions import Segmentation, digest
from customer_segmentation.entities import Entities, Sources, each_segmentation
from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import collect, typed
from customer_segmentation.identity import shared_members
from customer_segmentation.kmeans import nearest
from customer_segmentation.models import Model
from customer_segmentation.naming import Level, read_level
from customer_segmentation.transforms import learn, prepare

__all__ = [
    "k_selection",
    "segment_overlaps",
    "segmentation_models",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

K_COLUMNS = selection.COLUMNS | {"fit_digest": "string"}

ADVICE_COLUMNS = {
    "segmentation": "string",
    "model_version": "int64",
    "verdict": "string",
}

OVERLAP_COLUMNS = {
    "segmentation": "string",
    "model_version": "int64",
    "previous_model_version": "int64",
    "previous_segment_id": "int64",
    "segment_id": "int64",
    "shared_entities": "int64",
}


def k_selection(
    definitions: Any,
    sources: Sources,
    *,
    previous: Any = None,
    in_use: Any = None,
    retrain: bool | str | Iterable[str] = False,
    advice: Any = None,
) -> pd.DataFrame:
    """One row per segmentation and k, with the reason for or against it.

    What was measured when the model in use was trained stays, until a retrain is
    asked for or what the fit depends on in the definition changes. Where that was
    lost, all is measured anew, but a frozen model keeps its k.

    Parameters
    ----------
    definitions : relation
        The model ``segmentations``.
    sources : mapping of str to relation
        Features by the key `Segmentation.source`.
    previous : relation, optional
        This table as it was written the last time.
    in_use : relation, optional
        The model ``segmentation_models`` as it was written the last time.
    retrain : bool, str or iterable of str
        Whether all segmentations, or which ones, are measured anew; ``auto``: those
        that the advice is for.
    advice : relation, optional
        The model ``retraining_advice`` as it was written the last time.

    Returns
    -------
    DataFrame
        Columns as in `K_COLUMNS`. A segmentation whose dataset has no entities has
        no rows.
    """
    stored = _stored(previous, K_COLUMNS)
    versions = _stored(in_use, models.COLUMNS)
    recipes = _recipes(definitions)
    wanted = _wanted(retrain, recipes, advice, versions)

    def make(definition: Segmentation, entities: Entities) -> pd.DataFrame:
        recipe = recipes[definition.name]
        model = _latest(_line(versions, definition.name, recipe))
        if model and model.fit_digest != recipe.fit_digest:
            model = None
        before = stored[
            (stored.segmentation == definition.name)
            & (stored.fit_digest == recipe.fit_digest)
        ]
        is_frozen = definition.name not in wanted
        if len(before) and is_frozen:
            return before
        parameters = learn(entities.values, definition.features, definition.scaler)
        points = models.fitted_points(
            prepare(entities.values, parameters), entities.fit_order
        )
        measured = selection.select_k(
            points,
            definition,
            current_k=len(model.segment_ids) if model else None,
            is_frozen=is_frozen,
        )
        return measured.assign(fit_digest=recipe.fit_digest)

    found = each_segmentation(definitions, sources, make)
    return _stack(found, K_COLUMNS)


def segmentation_models(
    definitions: Any,
    sources: Sources,
    chosen: Any,
    archetypes: Any,
    trained_at: datetime,
    *,
    previous: Any = None,
    retrain: bool | str | Iterable[str] = False,
    advice: Any = None,
) -> pd.DataFrame:
    """One row per segmentation, version, segment and feature: all versions.

    A model is frozen: a new version is trained only if a retrain is asked for, if
    what the fit depends on in the definition changes, or if there is none yet.
    Models of the demo data and of real data take turns, with ids of their own.

    Parameters
    ----------
    definitions, sources, previous, retrain, advice
        As for `k_selection`.
    chosen : relation
        The model ``k_selection``.
    archetypes : relation
        The seed ``archetypes``: archetype_set, archetype, feature, level.
    trained_at : datetime
        Time of the fit, in UTC.

    Returns
    -------
    DataFrame
        Columns as in `models.COLUMNS`. One version of each segmentation that has
        entities is current; its segments are numbered from 1 in the first version,
        in the order of their centroids.
    """
    stored = _stored(previous, models.COLUMNS).assign(is_current=False)
    recipes = _recipes(definitions)
    wanted = _wanted(retrain, recipes, advice, stored)
    k_by_name = _k_by_name(chosen)
    sets = _signatures(archetypes)

    def make(definition: Segmentation, entities: Entities) -> pd.DataFrame:
        recipe = recipes[definition.name]
        k = _entry(k_by_name, definition.name, "chosen k", "the model k_selection")
        signatures = (
            _entry(sets, definition.archetypes, "archetype set", "archetypes.csv")
            if definition.archetypes
            else {}
        )
        names_digest = digest(signatures)
        history = stored[stored.segmentation == definition.name]
        own = _line(stored, definition.name, recipe)
        model = _latest(own)
        if (
            model is None
            or definition.name in wanted
            or model.fit_digest != recipe.fit_digest
            or len(model.segment_ids) != k
        ):
            model = models.train(
                definition,
                entities.values,
                entities.fit_order,
                k,
                signatures,
                previous=model,
                labels_before=_labels(model, entities),
                version=int(history.model_version.max()) + 1 if len(history) else 1,
                next_id=int(own.segment_id.max()) + 1 if len(own) else 1,
                as_of_date=entities.as_of_date,
                trained_at=trained_at,
                is_demo=recipe.is_demo,
                fit_digest=recipe.fit_digest,
                names_digest=names_digest,
            )
        elif model.names_digest != names_digest:
            model = models.named_anew(model, signatures, names_digest)
        return model.rows(definition.name)

    found = each_segmentation(definitions, sources, make)
    current = _stack(found, models.COLUMNS)
    version = ["segmentation", "model_version"]
    is_old = ~pd.MultiIndex.from_frame(stored[version]).isin(
        pd.MultiIndex.from_frame(current[version])
    )
    return _stack([stored[is_old], current], models.COLUMNS).sort_values(
        [*version, "segment_id", "feature_position"], ignore_index=True
    )


def segment_overlaps(
    definitions: Any, sources: Sources, stored_models: Any, *, previous: Any = None
) -> pd.DataFrame:
    """One row per pair of segments of a version and the one before it.

    Counted once, when the version is new, on the entities of that time that a fit
    would see.

    Parameters
    ----------
    definitions, sources, previous
        As for `k_selection`.
    stored_models : relation
        The model ``segmentation_models``.

    Returns
    -------
    DataFrame
        Columns as in `OVERLAP_COLUMNS`; pairs without a shared entity too.
    """
    versions = _stored(stored_models, models.COLUMNS)
    stored = _stored(previous, OVERLAP_COLUMNS)
    recipes = _recipes(definitions)
    uncounted = {
        name: [
            pair
            for pair in pairwise(
                sorted(set(_line(versions, name, recipe).model_version))
            )
            if pair[1] not in set(stored.model_version[stored.segmentation == name])
        ]
        for name, recipe in recipes.items()
    }

    def make(definition: Segmentation, entities: Entities) -> pd.DataFrame:
        of_version = dict(
            list(
                versions[versions.segmentation == definition.name].groupby(
                    "model_version"
                )
            )
        )
        found = [
            _overlaps(*(Model.read(of_version[version]) for version in pair), entities)
            for pair in uncounted[definition.name]
        ]
        return _stack(found, OVERLAP_COLUMNS).assign(segmentation=definition.name)

    names = {name for name, pairs in uncounted.items() if pairs}
    found = each_segmentation(definitions, sources, make, names=names)
    return _stack([stored, *found], OVERLAP_COLUMNS)


# ------------------------------------------------------------------------- inputs


class _Recipe(NamedTuple):
    is_demo: bool
    fit_digest: str


def _recipes(definitions: Any) -> dict[str, _Recipe]:
    columns = ["segmentation", *_Recipe._fields]
    rows = collect(definitions, columns, "true", "segmentation")
    return {row.segmentation: _Recipe(*row[2:]) for row in rows.itertuples()}


def _wanted(
    retrain: bool | str | Iterable[str],
    recipes: Mapping[str, _Recipe],
    advice: Any,
    versions: pd.DataFrame,
) -> set[str]:
    """Names of the segmentations that are to be trained anew."""
    if isinstance(retrain, bool):
        return set(recipes) if retrain else set()
    if retrain == "auto":
        rows = _stored(advice, ADVICE_COLUMNS)
        # Advice on another model than the latest has been acted on.
        return {
            row.segmentation
            for row in rows[rows.verdict == "retrain"].itertuples()
            if row.segmentation in recipes
            and row.model_version
            == _line(
                versions, row.segmentation, recipes[row.segmentation]
            ).model_version.max()
        }
    names = [retrain] if isinstance(retrain, str) else retrain
    if not isinstance(names, Iterable) or not {*names} <= {*recipes}:
        raise SegmentationError(
            f'The var "retrain" is {retrain!r}; needed is true, false, auto, or one '
            f"or several of {', '.join(sorted(recipes))}."
        )
    return set(names)


def _stored(relation: Any, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read what a table held before, if it has all columns."""
    # A table that an earlier version of the project wrote cannot be continued.
    if relation is None or not {*columns} <= {*relation.columns}:
        return typed([], **columns)
    return typed(collect(relation, list(columns), "true", "segmentation"), **columns)


def _line(versions: pd.DataFrame, name: str, recipe: _Recipe) -> pd.DataFrame:
    """Versions of a segmentation on the demo, or of that on the user's data."""
    return versions[
        (versions.segmentation == name) & (versions.is_demo == recipe.is_demo)
    ]


def _latest(rows: pd.DataFrame) -> Model | None:
    if rows.empty:
        return None
    return Model.read(rows[rows.model_version == rows.model_version.max()])


def _labels(model: Model | None, entities: Entities) -> Ints | None:
    """Position of each entity's segment; None if there are no such features now."""
    if model is None:
        return None
    values = entities.values_for(model.parameters)
    if values is None:
        return None
    return nearest(prepare(values, model.parameters).points, model.centroids)[0]


def _k_by_name(chosen: Any) -> dict[str, int]:
    rows = collect(chosen, ["segmentation", "k"], "is_chosen", "segmentation")
    return dict(zip(rows.segmentation, rows.k.astype(int), strict=True))


def _entry(entries: Mapping[str, Any], name: str, what: str, where: str) -> Any:
    if name not in entries:
        raise SegmentationError(
            f'there is no {what} "{name}" in {where}; it holds '
            f"{', '.join(sorted(entries)) or 'none'}"
        )
    return entries[name]


def _signatures(archetypes: Any) -> dict[str, dict[str, dict[str, Level]]]:
    """Read the seed: set to archetype to feature to level."""
    columns = ["archetype_set", "archetype", "feature", "level"]
    rows = collect(archetypes, columns, "true", "feature")
    rows = rows.sort_values(["archetype_set", "archetype"], kind="stable")
    signatures: dict[str, dict[str, dict[str, Level]]] = {}
    for row in rows.itertuples():
        of_set = signatures.setdefault(row.archetype_set, {})
        try:
            level = read_level(row.level)
        except SegmentationError as error:
            raise SegmentationError(
                f'Archetype "{row.archetype}" (set {row.archetype_set}): {error}'
            ) from None
        of_set.setdefault(row.archetype, {})[row.feature] = level
    return signatures


# ------------------------------------------------------------------------ results


def _overlaps(before: Model, after: Model, entities: Entities) -> pd.DataFrame:
    labels = _labels(before, entities), _labels(after, entities)
    if any(found is None for found in labels):
        return typed([], **OVERLAP_COLUMNS)
    shared = shared_members(
        *labels, segments=(len(before.segment_ids), len(after.segment_ids))
    )
    return pd.DataFrame(
        {
            "model_version": after.version,
            "previous_model_version": before.version,
            "previous_segment_id": before.segment_ids[old],
            "segment_id": after.segment_ids[new],
            "shared_entities": count,
        }
        for (old, new), count in np.ndenumerate(shared)
    )


def _stack(frames: list[pd.DataFrame], columns: Mapping[str, str]) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return typed(pd.concat(filled) if filled else [], **columns)
