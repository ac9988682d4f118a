"""Named, stable, tested customer segments: the library under the dbt models."""
