from customer_segmentation import backtest


def model(dbt, session):
    """Measure how long models trained at each month end of the past would serve."""
    dbt.config(materialized="table")
    sources = {
        "customer": dbt.ref("customer_features_history"),
        "sale": dbt.ref("sale_features"),
    }
    return backtest.retraining_backtest(
        dbt.ref("segmentations"),
        sources,
        dbt.ref("segmentation_models"),
        thresholds=dbt.config.meta_get("retraining_thresholds"),
        months=dbt.config.meta_get("backtest_months"),
        window_days=dbt.config.meta_get("short_window_days"),
    )
