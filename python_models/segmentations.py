from customer_segmentation.definitions import definitions_table


def model(dbt, session):
    """Validate the definitions before anything is clustered."""
    dbt.config(materialized="table")
    return definitions_table(
        dbt.config.meta_get("segmentations"),
        dbt.config.meta_get("datasets"),
        dbt.config.meta_get("input_files"),
    )
