"""What customer_segments must hold, by the library: the oracle of its SQL."""

from __future__ import annotations

import numpy as np
import pandas as pd

from customer_segmentation.identity import hold
from customer_segmentation.kmeans import squared_distances_to_each
from customer_segmentation.models import Model
from customer_segmentation.transforms import prepare

STATE = ["segment_id", "raw_segment_id"]


def placed(
    models: pd.DataFrame,
    entities: pd.DataFrame,
    key: str = "customer_id",
    *,
    margin: float = 0.2,
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Place entities, in their order, by the rows of one version of a model.

    With the segments of the month before they are held.
    """
    model = Model.read(models)
    columns = {each.source_column: each for each in model.parameters.values()}
    values = {
        name: entities[name].to_numpy(dtype="object", na_value=None)
        if isinstance(each.categories, str)
        else entities[name].to_numpy(dtype="float64", na_value=np.nan)
        for name, each in columns.items()
    }
    prepared = prepare(values, model.parameters)
    dates = pd.to_datetime(entities["as_of_date"]).to_numpy()
    if before is None:
        before = pd.DataFrame(columns=["entity_id", *STATE])
    rows = before.set_index("entity_id").reindex(entities[key].astype(str))
    squared = squared_distances_to_each(prepared.points, model.centroids)
    raw = squared.argmin(axis=1)  # the first of equals
    position = {id_: place for place, id_ in enumerate(model.segment_ids)}
    state = [
        pd.Series(rows[column].to_numpy()).map(position).fillna(-1).astype(int)
        for column in STATE
    ]
    own = hold(
        raw, np.sqrt(squared), before=state[0], nearest_before=state[1], margin=margin
    )
    each = np.arange(len(own))
    distance = np.sqrt(squared[each, own])
    squared[each, own] = np.inf
    second = squared.argmin(axis=1)
    has_second = len(model.centroids) > 1
    second_distance = np.sqrt(squared[each, second]) if has_second else np.nan
    with np.errstate(invalid="ignore"):
        confidence = 1 - distance / second_distance
    coordinates = (prepared.points - model.pca_origin) @ model.pca_axes.T
    return pd.DataFrame(
        {
            "entity_id": entities[key].astype(str).to_numpy(),
            "segment_id": model.segment_ids[own],
            "segment_name": np.array(model.names, dtype=object)[own],
            "raw_segment_id": model.segment_ids[raw],
            "second_segment_id": model.segment_ids[second] if has_second else None,
            **{f"previous_{column}": rows[column].to_numpy() for column in STATE},
            "distance": distance,
            "second_distance": second_distance,
            "confidence": np.nan_to_num(confidence, nan=1.0).clip(min=0.0),
            "is_outlier": prepared.is_outlier,
            **{f"pca_{axis}": column for axis, column in enumerate(coordinates.T, 1)},
            "model_version": model.version,
            "as_of_date": dates,
        }
    )
