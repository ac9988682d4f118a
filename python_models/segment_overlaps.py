from customer_segmentation import tables
from customer_segmentation.frames import stored


def model(dbt, session):
    """Count the entities that the segments of two versions share."""
    dbt.config(materialized="table")
    sources = {
        "customer": dbt.ref("customer_features"),
        "sale": dbt.ref("sale_features"),
        "published": dbt.ref("int_published_customer_features"),
    }
    return tables.segment_overlaps(
        dbt.ref("segmentations"),
        sources,
        dbt.ref("segmentation_models"),
        previous=stored(session, dbt.this),
    )
