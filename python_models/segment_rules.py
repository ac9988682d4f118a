from customer_segmentation import rules


def model(dbt, session):
    """Say in a line of SQL who is in each segment."""
    dbt.config(materialized="table")
    return rules.segment_rules(
        dbt.ref("customer_segments"),
        dbt.ref("int_scaled_features"),
        dbt.ref("segmentation_models"),
    )
