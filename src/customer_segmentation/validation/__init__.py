"""The gate before and after a build: ``segments validate``.

Before it, every input is read as the build will read it, into a temporary table;
after it, the marts are looked at in aggregates. Great Expectations checks; what it is
given is bounded, whatever the size of the data.

dbt tests state exact rules, row by row, of tables that are built. These checks state
shares, ranges and distributions: a few bad rows pass here and become `rejected_rows`
there, a file with the wrong date order, decimal sign or scale does not.
"""

from customer_segmentation.validation.inputs import validate
from customer_segmentation.validation.marts import validate_marts
from customer_segmentation.validation.report import Checked, Report

__all__ = ["Checked", "Report", "validate", "validate_marts"]
