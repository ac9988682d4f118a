from datetime import UTC, datetime

from customer_segmentation import tables


def model(dbt, session):
    """Fit the chosen k and keep all that scoring needs."""
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
    )
