"""The tables that the dbt Python models write, one function each.

A relation here is what ``dbt.ref`` gives: something with ``columns``,
``filter`` and ``select`` that can become a pandas frame, on DuckDB or Spark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from customer_segmentation import selection
from customer_segmentation.definitions import Segmentation
from customer_segmentation.entities import (
    Entities,
    Sources,
    each_segmentation,
)
from customer_segmentation.errors import SegmentationError
from customer_segmentation.frames import collect, typed
from customer_segmentation.kmeans import nearest, one_thread
from customer_segmentation.naming import Level, name_segments, read_level
from customer_segmentation.transforms import Parameters, learn, prepare, restore

__all__ = ["customer_segments", "k_selection", "segmentation_models"]

PCA_AXES = 3

MODEL_COLUMNS = {
    "segmentation": "string",
    "model_version": "int64",
    "segment_id": "int64",
    "segment_name": "string",
    "feature": "string",
    "feature_position": "int64",
    "source_column": "string",
    "encoding": "string",
    "category": "string",
    "categories": "string",
    "transform": "string",
    "power": "float64",
    "outliers": "string",
    "fill_value": "float64",
    "clip_low": "float64",
    "clip_high": "float64",
    "center": "float64",
    "scale": "float64",
    "centroid": "float64",
    "centroid_original": "float64",
    "z_score": "float64",
    "trained_at": "datetime64[us]",
    "is_current": "bool",
}

SEGMENT_COLUMNS = {
    "segmentation": "string",
    "dataset": "string",
    "entity_id": "string",
    "segment_id": "int64",
    "segment_name": "string",
    "raw_segment_id": "int64",
    "second_segment_id": "Int64",
    "distance": "float64",
    "second_distance": "float64",
    "confidence": "float64",
    "is_outlier": "bool",
    "pca_1": "float64",
    "pca_2": "float64",
    "pca_3": "float64",
    "model_version": "int64",
    "as_of_date": "datetime64[us]",
    "scored_at": "datetime64[us]",
}


def k_selection(definitions: Any, sources: Sources) -> pd.DataFrame:
    """One row per segmentation and k, with the reason for or against it.

    Parameters
    ----------
    definitions : relation
        The model ``segmentations``.
    sources : mapping of str to relation
        Features by the key `Segmentation.source`.

    Returns
    -------
    DataFrame
        Columns as in `selection.COLUMNS`. A segmentation whose dataset has no
        entities has no rows.
    """

    def make(definition: Segmentation, entities: Entities) -> pd.DataFrame:
        _, points = _learnt(definition, entities)
        return selection.select_k(points, definition)

    return _stack(each_segmentation(definitions, sources, make), selection.COLUMNS)


def segmentation_models(
    definitions: Any,
    sources: Sources,
    chosen: Any,
    archetypes: Any,
    trained_at: datetime,
) -> pd.DataFrame:
    """One row per segmentation, segment and dimension: all that scoring needs.

    Parameters
    ----------
    definitions, sources
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
        Columns as in `MODEL_COLUMNS`. Segments are numbered from 1 in the order
        of their centroids.
    """
    k_by_name = _k_by_name(chosen)
    sets = _signatures(archetypes)

    def make(definition: Segmentation, entities: Entities) -> pd.DataFrame:
        parameters, points = _learnt(definition, entities)
        k = _entry(k_by_name, definition.name, "chosen k", "the model k_selection")
        centroids = selection.fit(points, k, definition).centroids
        signatures = (
            _entry(sets, definition.archetypes, "archetype set", "archetypes.csv")
            if definition.archetypes
            else {}
        )
        z_scores = _profile(centroids, points)
        names = name_segments(z_scores, list(parameters), signatures)
        originals = restore(centroids, parameters)
        return pd.DataFrame(
            {
                "segmentation": definition.name,
                "model_version": 1,
                "segment_id": segment + 1,
                "segment_name": names[segment],
                "feature": feature,
                "feature_position": position + 1,
                **asdict(learnt),
                "centroid": centroids[segment, position],
                "centroid_original": originals[segment, position],
                "z_score": z_scores[segment, position],
                "trained_at": trained_at,
                "is_current": True,
            }
            for segment in range(len(centroids))
            for position, (feature, learnt) in enumerate(parameters.items())
        )

    return _stack(each_segmentation(definitions, sources, make), MODEL_COLUMNS)


def customer_segments(
    definitions: Any, sources: Sources, models: Any, scored_at: datetime
) -> pd.DataFrame:
    """One row per segmentation and entity: its segment and how sure that is.

    Only the stored parameters of the current model assign a segment. The principal
    axes, for pictures alone, are those of the scored entities.

    Parameters
    ----------
    definitions, sources
        As for `k_selection`.
    models : relation
        The model ``segmentation_models``.
    scored_at : datetime
        Time of the scoring, in UTC.

    Returns
    -------
    DataFrame
        Columns as in `SEGMENT_COLUMNS`. ``distance`` is Euclidean in the scaled
        space; ``confidence`` is 1 - distance / second_distance, 0 for an entity
        half-way between two segments and 1 for one at its centroid.
    """

    def make(definition: Segmentation, entities: Entities) -> pd.DataFrame:
        model = collect(
            models,
            list(MODEL_COLUMNS),
            f"is_current and segmentation = '{definition.name}'",
            "feature_position",
        )
        if model.empty:
            raise SegmentationError("it has no model. Build segmentation_models.")
        parameters, centroids, names = _read_model(model)
        features = dict.fromkeys(each.source_column for each in parameters.values())
        if list(features) != list(definition.features):
            raise SegmentationError(
                f"its model has the features {', '.join(features)}, but the "
                f"definition {', '.join(definition.features)}. Build "
                "segmentation_models."
            )
        prepared = prepare(entities.values, parameters)
        labels, distance, second, second_distance = nearest(prepared.points, centroids)
        with np.errstate(invalid="ignore"):
            confidence = 1 - distance / second_distance
        return pd.DataFrame(
            {
                "segmentation": definition.name,
                "dataset": definition.dataset,
                "entity_id": entities.ids,
                "segment_id": labels + 1,
                "segment_name": names[labels],
                "raw_segment_id": labels + 1,
                "second_segment_id": pd.Series(second + 1).where(second >= 0),
                "distance": distance,
                "second_distance": second_distance,
                # The only segment there is, or two centroids in one place.
                "confidence": np.nan_to_num(confidence, nan=1.0),
                "is_outlier": prepared.is_outlier,
                **_principal_axes(prepared.points),
                "model_version": model.model_version.iloc[0],
                "as_of_date": entities.as_of_date,
                "scored_at": scored_at,
            }
        )

    return _stack(each_segmentation(definitions, sources, make), SEGMENT_COLUMNS)


# ------------------------------------------------------------------------- inputs


def _learnt(definition: Segmentation, entities: Entities):
    """Parameters of the features, and the scaled entities in the order of the fit."""
    parameters = learn(entities.values, definition.features, definition.scaler)
    prepared = prepare(entities.values, parameters)
    order = entities.fit_order[prepared.is_in_fit[entities.fit_order]]
    return parameters, prepared.points[order]


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
    rows = collect(archetypes, columns, "true", "archetype")
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


def _read_model(model: pd.DataFrame):
    """Parameters by feature, centroids (k, d) and names (k,) of a stored model."""
    first = model[model.segment_id == model.segment_id.min()]
    fields = list(Parameters.__dataclass_fields__)
    parameters = {
        row["feature"]: Parameters(**{field: row[field] for field in fields})
        for row in first.to_dict("records")
    }
    centroids = model.pivot(
        index="segment_id", columns="feature_position", values="centroid"
    ).to_numpy()
    names = model.groupby("segment_id").segment_name.first().to_numpy()
    return parameters, centroids, names


# ------------------------------------------------------------------------ results


def _profile(centroids, points):
    """Centroids in standard deviations from the mean of all fitted points."""
    ordered = np.sort(points, axis=0)
    return (centroids - ordered.mean(axis=0)) / ordered.std(axis=0)


def _principal_axes(points) -> dict[str, NDArray[np.float64] | float]:
    """Coordinates on the first principal axes; missing where there are fewer."""
    axes = min(PCA_AXES, *points.shape)
    # Of one row or equal rows the shares of variance, not used here, are 0 / 0.
    with one_thread(), np.errstate(invalid="ignore"):
        pca = PCA(axes, svd_solver="full").fit(points[np.lexsort(points.T[::-1])])
    coordinates: dict[str, NDArray[np.float64] | float] = {}
    for axis in range(PCA_AXES):
        # Feature after feature: a matrix product may add a row's terms in another
        # order for another number of rows.
        coordinates[f"pca_{axis + 1}"] = (
            sum(
                (points[:, feature] - pca.mean_[feature]) * weight
                for feature, weight in enumerate(pca.components_[axis])
            )
            if axis < axes
            else np.nan
        )
    return coordinates


def _stack(frames: list[pd.DataFrame], columns: Mapping[str, str]) -> pd.DataFrame:
    return typed(pd.concat(frames) if frames else [], **columns)
