from customer_segmentation import tables
from customer_segmentation.frames import stored


def model(dbt, session):
    """Measure every k of every segmentation and choose one."""
    dbt.config(materialized="table")
    sources = {
        "customer": dbt.ref("customer_features"),
        "sale": dbt.ref("sale_features"),
        "published": dbt.ref("int_published_customer_features"),
    }
    return tables.k_selection(
        dbt.ref("segmentations"),
        sources,
        previous=stored(session, dbt.this),
        in_use=stored(session, dbt.this, "segmentation_models"),
        retrain=dbt.config.meta_get("retrain"),
        advice=stored(session, dbt.this, "retraining_advice"),
    )
