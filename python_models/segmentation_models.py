from datetime import UTC, datetime

from customer_segmentation import tables
from customer_segmentation.frames import stored


def model(dbt, session):
    """Keep every version of the models; train a new one only where it is time."""
    dbt.config(materialized="table")
    sources = {
        "customer": dbt.ref("customer_features"),
        "sale": dbt.ref("sale_features"),
        "published": dbt.ref("int_published_customer_features"),
    }
    return tables.segmentation_models(
        dbt.ref("segmentations"),
        sources,
        chosen=dbt.ref("k_selection"),
        archetypes=dbt.ref("archetypes"),
        trained_at=datetime.now(UTC).replace(tzinfo=None),
        previous=stored(session, dbt.this),
        retrain=dbt.config.meta_get("retrain"),
        advice=stored(session, dbt.this, "retraining_advice"),
    )
