"""Versions of a model: trained, kept as rows of a table, and read back.

A model is frozen once it is trained. A retrain starts from the centroids in use,
and its segments keep their ids and names where their members stay together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

from customer_segmentation import selection
from customer_segmentation.definitions import Segmentation
from customer_segmentation.identity import match_segments, shared_members
from customer_segmentation.kmeans import Fit, nearest, one_thread
from customer_segmentation.naming import Level, name_segments
from customer_segmentation.transforms import (
    Column,
    Parameters,
    Prepared,
    learn,
    prepare,
    rescale,
    restore,
)

__all__ = ["COLUMNS", "Model", "fitted_points", "named_anew", "refit", "train"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Signatures = Mapping[str, Mapping[str, Level]]

PCA_AXES = 3

COLUMNS = {
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
    "pca_origin": "float64",
    "pca_1": "float64",
    "pca_2": "float64",
    "pca_3": "float64",
    "training": "string",
    "fitted_entities": "int64",
    "as_of_date": "datetime64[us]",
    "trained_at": "datetime64[us]",
    "is_demo": "bool",
    "fit_digest": "string",
    "names_digest": "string",
    "is_current": "bool",
}


@dataclass(frozen=True, eq=False)
class Model:
    """One version of the model of a segmentation: all that scoring needs.

    A dimension is a feature, a category of it, or its being missing.

    Attributes
    ----------
    version : int
        From 1.
    training : str
        ``first``; ``warm``: from the centroids in use; ``challenger``: from new
        starts, better by the margin; ``cold``: from new starts, because k or the
        features are others.
    segment_ids : ndarray of int64, shape (k,)
        Ascending. An id is never given to another segment.
    names : tuple of str, length k
    parameters : dict of str to Parameters
        Of each dimension, in the order of the columns below.
    centroids, z_scores : ndarray, shape (k, d)
        In the scaled space; in standard deviations from the mean of the fitted
        entities.
    pca_origin : ndarray, shape (d,)
        Mean of the fitted entities in the scaled space.
    pca_axes : ndarray, shape (3, d)
        Principal axes of the fitted entities; NaN beyond the number of dimensions.
    fitted_entities : int
        Number of entities that the fit saw.
    as_of_date : datetime
        Date up to which their features went; NaT for data without dates.
    trained_at : datetime
        In UTC.
    is_demo : bool
        Whether it was trained on the demo data.
    fit_digest, names_digest : str
        Of what the fit, and the names, depend on in the definition.
    """

    version: int
    training: str
    segment_ids: Ints
    names: tuple[str, ...]
    parameters: dict[str, Parameters]
    centroids: Floats
    z_scores: Floats
    pca_origin: Floats
    pca_axes: Floats
    fitted_entities: int
    as_of_date: datetime
    trained_at: datetime
    is_demo: bool
    fit_digest: str
    names_digest: str

    def rows(self, segmentation: str) -> pd.DataFrame:
        """One row per segment and dimension, in the columns of `COLUMNS`."""
        originals = restore(self.centroids, self.parameters)
        return pd.DataFrame(
            {
                "segmentation": segmentation,
                "model_version": self.version,
                "segment_id": segment_id,
                "segment_name": self.names[segment],
                "feature": feature,
                "feature_position": position + 1,
                **asdict(learnt),
                "centroid": self.centroids[segment, position],
                "centroid_original": originals[segment, position],
                "z_score": self.z_scores[segment, position],
                "pca_origin": self.pca_origin[position],
                **{
                    f"pca_{axis + 1}": self.pca_axes[axis, position]
                    for axis in range(PCA_AXES)
                },
                "training": self.training,
                "fitted_entities": self.fitted_entities,
                "as_of_date": self.as_of_date,
                "trained_at": self.trained_at,
                "is_demo": self.is_demo,
                "fit_digest": self.fit_digest,
                "names_digest": self.names_digest,
                "is_current": True,
            }
            for segment, segment_id in enumerate(self.segment_ids)
            for position, (feature, learnt) in enumerate(self.parameters.items())
        )

    @classmethod
    def read(cls, rows: pd.DataFrame) -> Model:
        """Read the rows of one version back."""
        rows = rows.sort_values(["segment_id", "feature_position"])
        of_segments = rows.drop_duplicates("segment_id")
        of_features = rows[rows.segment_id == rows.segment_id.min()]
        first = rows.iloc[0]
        shape = len(of_segments), len(of_features)
        fields = list(Parameters.__dataclass_fields__)
        return cls(
            version=int(first.model_version),
            training=first.training,
            segment_ids=of_segments.segment_id.to_numpy(dtype="int64"),
            names=tuple(of_segments.segment_name),
            parameters={
                row["feature"]: Parameters(**{field: row[field] for field in fields})
                for row in of_features.to_dict("records")
            },
            centroids=rows.centroid.to_numpy().reshape(shape),
            z_scores=rows.z_score.to_numpy().reshape(shape),
            pca_origin=of_features.pca_origin.to_numpy(),
            pca_axes=of_features[[f"pca_{axis + 1}" for axis in range(PCA_AXES)]]
            .to_numpy()
            .T,
            fitted_entities=int(first.fitted_entities),
            as_of_date=first.as_of_date,
            trained_at=first.trained_at,
            is_demo=bool(first.is_demo),
            fit_digest=first.fit_digest,
            names_digest=first.names_digest,
        )


def train(
    definition: Segmentation,
    values: Mapping[str, Column],
    fit_order: NDArray[np.intp],
    k: int,
    signatures: Signatures,
    *,
    names_digest: str,
    previous: Model | None = None,
    labels_before: Ints | None = None,
    next_id: int = 1,
    **attributes,
) -> Model:
    """Fit a new version, and carry ids and names over from the one before.

    With the same k and features the fit starts from the previous centroids (warm).
    A fit from new starts is the challenger: it takes over only if its inertia is
    lower by more than the definition's `challenger_margin`.

    Parameters
    ----------
    definition : Segmentation
    values : mapping of str to ndarray of shape (n,)
        Features of all entities, in their own units.
    fit_order : ndarray of int, shape (n,)
        Order in which entities are fed to k-means.
    k : int
        Number of segments.
    signatures
        Archetypes that names are taken from.
    names_digest : str
        Of these; a name is kept only where it was taken from the same ones.
    previous : Model, optional
        The version in use.
    labels_before : ndarray of int, shape (n,), optional
        Position of the segment of each entity in that version.
    next_id : int
        Least id that no segment has had.
    **attributes
        Those of `Model` that the data do not give: ``version``, ``as_of_date``,
        ``trained_at``, ``is_demo`` and ``fit_digest``.

    Returns
    -------
    Model

    Raises
    ------
    SegmentationError
        If the features or k cannot be used.
    """
    parameters = learn(values, definition.features, definition.scaler)
    prepared = prepare(values, parameters)
    points = fitted_points(prepared, fit_order)
    start = _rescaled(previous, parameters) if previous else None
    fitted, training = _fit(definition, points, k, previous, start)
    kept = {}
    if previous and labels_before is not None:
        segments = len(previous.segment_ids), k
        labels, *_ = nearest(prepared.points, fitted.centroids)
        kept = match_segments(
            shared_members(labels_before, labels, segments=segments),
            np.zeros(segments) if start is None else cdist(start, fitted.centroids),
        )
    ids = np.zeros(k, dtype=np.int64)
    for after, before in kept.items():
        ids[after] = previous.segment_ids[before]
    ids[ids == 0] = next_id + np.arange(k - len(kept))
    # Ties go to the lowest id, in Python as in SQL.
    order = np.argsort(ids)
    centroids = fitted.centroids[order]
    ordered = np.sort(points, axis=0)
    mean, deviation = ordered.mean(axis=0), ordered.std(axis=0)
    z_scores = (centroids - mean) / deviation
    names = name_segments(
        z_scores,
        list(parameters),
        signatures,
        kept={
            position: previous.names[kept[segment]]
            for position, segment in enumerate(order)
            if segment in kept and previous.names_digest == names_digest
        },
        parameters=parameters,
    )
    return Model(
        training=training,
        segment_ids=ids[order],
        names=tuple(names),
        parameters=parameters,
        centroids=centroids,
        z_scores=z_scores,
        pca_origin=mean,
        pca_axes=_principal_axes(points),
        fitted_entities=len(points),
        names_digest=names_digest,
        **attributes,
    )


def named_anew(model: Model, signatures: Signatures, names_digest: str) -> Model:
    """Name the segments of a model by other archetypes."""
    names = name_segments(
        model.z_scores,
        list(model.parameters),
        signatures,
        parameters=model.parameters,
    )
    return replace(model, names=tuple(names), names_digest=names_digest)


def fitted_points(prepared: Prepared, fit_order: NDArray[np.intp]) -> Floats:
    """Scaled entities that take part in the fit, in its order."""
    return prepared.points[fit_order[prepared.is_in_fit[fit_order]]]


def refit(
    definition: Segmentation, points: Floats, start: Floats, challenger: Fit
) -> tuple[Fit, str]:
    """Fit from the centroids in use, unless new starts are better by the margin.

    Parameters
    ----------
    definition : Segmentation
    points : ndarray, shape (n, d)
        Scaled, in the order of the fit.
    start : ndarray, shape (k, d)
        Centroids in use, in the scale of the points.
    challenger : Fit
        Of the same points from new starts.

    Returns
    -------
    fit : Fit
    training : str
        ``warm`` or ``challenger``.
    """
    warm = selection.fit(points, len(start), definition, start=start)
    if challenger.inertia < (1 - definition.challenger_margin) * warm.inertia:
        return challenger, "challenger"
    return warm, "warm"


def _rescaled(model: Model, parameters: Mapping[str, Parameters]) -> Floats | None:
    """Centroids of a model in the scale of other parameters of its features."""
    if list(model.parameters) != list(parameters):
        return None
    return rescale(model.centroids, model.parameters, parameters)


def _fit(
    definition: Segmentation,
    points: Floats,
    k: int,
    previous: Model | None,
    start: Floats | None,
) -> tuple[Fit, str]:
    cold = selection.fit(points, k, definition)
    if previous is None:
        return cold, "first"
    if start is None or len(start) != k:
        return cold, "cold"
    return refit(definition, points, start, cold)


def _principal_axes(points: Floats) -> Floats:
    """Principal axes (3, d) of the fitted points."""
    axes = np.full((PCA_AXES, points.shape[1]), np.nan)
    found = min(PCA_AXES, *points.shape)
    # Of one row or equal rows the shares of variance, not used here, are 0 / 0.
    with one_thread(), np.errstate(invalid="ignore"):
        pca = PCA(found, svd_solver="full").fit(points[np.lexsort(points.T[::-1])])
    axes[:found] = pca.components_
    return axes
