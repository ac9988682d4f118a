from datetime import UTC, datetime

from customer_segmentation import tables
from customer_segmentation.frames import stored


def model(dbt, session):
    """Score every entity with the current model of its segmentation."""
    dbt.config(materialized="table")
    sources = {
        "customer": dbt.ref("customer_features"),
        "sale": dbt.ref("sale_features"),
        "published": dbt.ref("int_published_customer_features"),
    }
    return tables.customer_segments(
        dbt.ref("segmentations"),
        sources,
        dbt.ref("segmentation_models"),
        scored_at=datetime.now(UTC).replace(tzinfo=None),
        previous=stored(session, dbt.this),
    )
