"""What must hold of the data: expectations on the sources' tables and on the marts.

dbt tests state exact rules, row by row, of tables that are built. These state shares,
ranges and distributions: a few bad rows pass here and become `rejected_rows` there,
a file with the wrong date order, decimal sign or scale does not.
"""

from __future__ import annotations

import html
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# Read by Great Expectations when it is imported: nothing is to leave this machine.
os.environ["GX_ANALYTICS_ENABLED"] = "False"

import great_expectations as gx  # noqa: E402
import great_expectations.expectations as gxe  # noqa: E402
import pandas as pd  # noqa: E402
from great_expectations.core.batch_definition import BatchDefinition  # noqa: E402
from great_expectations.core.expectation_validation_result import (  # noqa: E402
    ExpectationSuiteValidationResult,
    expectationSuiteValidationResultSchema,
)
from great_expectations.data_context.types.base import (  # noqa: E402
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.render.renderer import (  # noqa: E402
    ValidationResultsPageRenderer,
)
from great_expectations.render.view import DefaultJinjaPageView  # noqa: E402
from scipy.stats import chi2  # noqa: E402

from customer_segmentation.sources import CANONICAL_DATE, Input, Table  # noqa: E402

__all__ = [
    "Reference",
    "as_date",
    "as_number",
    "expected_of_customers",
    "expected_of_file",
    "expected_of_loads",
    "expected_of_rows",
    "expected_of_segments",
    "expected_of_transactions",
    "expected_spread",
    "explain",
    "frames",
    "is_compared",
    "noise",
    "rendered",
    "run",
    "unreadable",
]

logging.getLogger("great_expectations").setLevel(logging.CRITICAL)

Check = gxe.Expectation

# ---------------------------------------------------------- what the sources are like

READABLE = 0.95
"""Least share of a column's values that can be read. A few bad rows are refused by
dbt; a wrong format spoils far more than one in twenty."""

FILLED = {
    "complete_journey.demographics.home_ownership": 0.5,
    "complete_journey.demographics.marital_status": 0.5,
    "complete_journey.products.package_size": 0.5,
    "online_retail.invoice_lines.country": 0.99,
    "online_retail.invoice_lines.customer_id": 0.5,
    "own.sale_lines.customer_id": 0.5,
}
"""Least share of rows with a value, where it is not `READABLE`."""

FILLED_WHERE_MAPPED = ("own.sale_lines.order_id", "own.sale_lines.quantity")
"""The source may lack them; the rows of one that has them need a value."""

WITHIN = {
    "chocolate_sales.sales.amount": (0, 1_000_000),
    "chocolate_sales.sales.boxes_shipped": (1, 100_000),
    "complete_journey.transactions.coupon_disc": (0, 10_000),
    "complete_journey.transactions.coupon_match_disc": (0, 10_000),
    "complete_journey.transactions.retail_disc": (0, 10_000),
    "complete_journey.transactions.sales_value": (0, 10_000),
    "complete_journey.transactions.week": (1, 53),
    "ecommerce_orders.order_lines.discounts": (None, 0),
    "ecommerce_orders.order_lines.ordered_item_quantity": (0, 10_000),
    "ecommerce_orders.order_lines.returned_item_quantity": (None, 0),
    "ecommerce_orders.order_lines.returns": (None, 0),
    "mall_customers.customers.age": (10, 110),
    "mall_customers.customers.annual_income": (0, 1_000),
    "mall_customers.customers.spending_score": (1, 100),
    "online_retail.invoice_lines.quantity": (-100_000, 100_000),
    "online_retail.invoice_lines.unit_price": (0, 1_000),
    "own.customers.age": (0, 120),
    "sales_records.order_lines.unit_cost": (0, 10_000),
    "sales_records.order_lines.unit_price": (0, 10_000),
    "sales_records.order_lines.units_sold": (1, 1_000_000),
}
ANY_NUMBER = (-100_000_000, 100_000_000)
"""Ids and dates that stand in a column of numbers lie outside."""

FIRST_DATE = datetime(1990, 1, 1)
PLANNED = ("complete_journey.campaign_descriptions.end_date",)
"""Dates that may lie ahead."""

ONE_OF = {
    "complete_journey.campaign_descriptions.campaign_type": [
        *("Type A", "Type B", "Type C")
    ],
    "complete_journey.products.brand": ["National", "Private"],
    "mall_customers.customers.gender": ["Female", "Male"],
    "sales_records.order_lines.order_priority": ["C", "H", "L", "M"],
    "sales_records.order_lines.sales_channel": ["Offline", "Online"],
}
LIKE = {
    "complete_journey.demographics.age": "[0-9]+(?:-[0-9]+|[+])",
    "complete_journey.demographics.household_size": "[0-9]+[+]?",
    "complete_journey.demographics.income": ("Under [0-9]+K|[0-9]+-[0-9]+K|[0-9]+K[+]"),
    "complete_journey.demographics.kids_count": "[0-9]+[+]?",
    "ecommerce_orders.order_lines.customer_id": "[0-9]{1,14}",
    "ecommerce_orders.order_lines.order_id": "[0-9]{1,14}",
    "ecommerce_orders.order_lines.variant_id": "[0-9]{1,14}",
    "online_retail.invoice_lines.invoice_number": "[AaCc]?[0-9]{6}",
    "sales_records.order_lines.ship_days": "[0-9]+ days",
}
KEYS = ("_id", "_number", "_code", "_sku", "_upc")
EXPONENT = "[0-9](?:[.,][0-9]+)?[eE][+-]?[0-9]+"

RENEWED = (
    *("category", "description", "item_type", "product", "product_category"),
    *("product_title", "product_type", "sales_person", "variant_title"),
)
"""Change with the season or the staff: a new mix is told, and stops nothing."""

TIMES = ("week",)
"""Differ from load to load because time goes on."""


def is_compared(column: str) -> bool:
    """Whether a column's distribution should stay from load to load.

    >>> is_compared("country"), is_compared("customer_id")
    (True, False)
    """
    return column not in TIMES and not column.endswith(KEYS)


# ------------------------------------------------------------------ columns of a sample


def as_number(column: str) -> str:
    """Name the column of a sample with the numbers that a column's text stands for."""
    return f"{column} as number"


def as_date(column: str) -> str:
    """Name the column of a sample with the dates that a column's text stands for."""
    return f"{column} as date"


def unreadable(column: str) -> str:
    """Name the column of a sample with the text that is no such number or date.

    It is "" where there is one, and empty where there is no text.
    """
    return f"{column} unreadable"


# ------------------------------------------------------------------------------- suites


@dataclass(frozen=True)
class Reference:
    """How a column's values were spread in the last accepted load.

    Attributes
    ----------
    partition : dict
        As Great Expectations takes it: values or bins, and their weights.
    rows : int
        That had a value.
    rare : float
        Share of the values that are left out of the partition.
    """

    partition: dict[str, list]
    rows: int
    rare: float = 0.0

    def name(self, column: str) -> str:
        """Name the column of a sample that it is about."""
        return as_number(column) if "bins" in self.partition else column


def expected_of_file(*, is_comparable: bool) -> list[Check]:
    """State what holds of a table as a whole.

    Parameters
    ----------
    is_comparable : bool
        Whether there is an accepted load to compare its size with.

    Returns
    -------
    list of Expectation
        On a frame of one row with fault, rows, unreadable_share, lost_lines,
        duplicate_share and rows_to_last_load.
    """
    checks = [
        _expect(
            gxe.ExpectColumnValuesToBeNull,
            "fault",
            "the input can be read",
            why="The build would stop at the same place.",
            remedy="",
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "rows",
            "there is at least one row",
            why="An empty table is a failed export.",
            remedy="Look at the file, and export it anew.",
            min_value=1,
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "unreadable_share",
            "at most 5 % of the lines have too many or too few fields",
            why="More of them are a wrong delimiter or quote, and no slips.",
            remedy="Set the keys delimiter and quote under input_files.",
            max_value=0.05,
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "lost_lines",
            "every line is a row, part of one, or unreadable",
            why="A quote that is not closed makes one field of all that follows it.",
            remedy="Look for a quote that is not closed, or set the key quote.",
            min_value=0,
            max_value=0,
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "duplicate_share",
            "at most 25 % of the rows are exact duplicates of an earlier one",
            why="A file that is loaded twice gives 50 %.",
            remedy="See whether the path or glob finds the same rows twice.",
            max_value=0.25,
        ),
    ]
    if is_comparable:
        checks.append(
            _expect(
                gxe.ExpectColumnValuesToBeBetween,
                "rows_to_last_load",
                "there are at least half as many rows as in the last accepted load",
                why="An export that was cut off looks like any other file.",
                remedy=f"Export it anew. {_ACCEPT}",
                min_value=0.5,
            )
        )
    return checks


def expected_of_rows(
    table: Table,
    given: Input | None,
    sample: pd.DataFrame,
    references: Mapping[str, Reference],
    today: datetime,
) -> list[Check]:
    """State what holds of a table's rows.

    Parameters
    ----------
    table : Table
    given : Input or None
        How its input is written; None for the demo data.
    sample : DataFrame
        Some of its rows: text under the names of the columns, with the columns that
        `as_number`, `as_date` and `unreadable` name.
    references : mapping of str to Reference
        By column, where there is a load to compare with.
    today : datetime

    Returns
    -------
    list of Expectation
    """
    given = given or Input(path="demo")
    checks: list[Check] = [
        gxe.ExpectTableColumnsToMatchSet(
            column_set=[column.name for column in table.columns],
            exact_match=False,
            description="every column is there, in the file or as an empty one",
            notes="A column that is missing would show only in the middle of a build.",
            meta={"says": "every column is there", "remedy": "Map it under columns."},
        )
    ]
    for column in table.columns:
        key = f"{table.dataset}.{table.name}.{column.name}"
        is_mapped = column.name in given.columns
        if column.is_needed or (key in FILLED_WHERE_MAPPED and is_mapped):
            checks.append(_filled(column.name, FILLED.get(key, READABLE)))
        if column.data_type in ("decimal", "bigint"):
            checks += _number(key, column.name, column.data_type, given.decimal_sign)
        elif column.data_type in ("date", "timestamp"):
            written = given.date_format or table.date_format or CANONICAL_DATE
            checks += _date(key, column.name, written, today)
        else:
            checks += _text(key, column.name)
        reference = references.get(column.name)
        # A column without a single value is another fault.
        if reference and sample[reference.name(column.name)].notna().any():
            checks.append(expected_spread(column.name, sample, reference))
    if table.one_of:
        checks.append(_filled(" or ".join(table.one_of), READABLE))
    return checks


def _filled(column: str, share: float) -> Check:
    return _expect(
        gxe.ExpectColumnValuesToNotBeNull,
        column,
        f"at least {_percent(share)} of the rows have a value",
        why="Rows without it are refused, or count for no customer.",
        remedy="See whether the right column of the file is mapped under columns, and "
        "whether the export is complete.",
        mostly=share,
    )


def _number(key: str, column: str, data_type: str, sign: str) -> list[Check]:
    kind = "whole numbers" if data_type == "bigint" else "numbers"
    low, high = WITHIN.get(key, ANY_NUMBER)
    bounds = [f"from {low:,}" if low is not None else "", f"up to {high:,}"]
    return [
        _readable(
            column,
            f'{kind} with the decimal sign "{sign}"',
            "The key decimal_sign under input_files says which sign it is; if that is "
            "right, mend the column.",
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            as_number(column),
            f"at least 99 % of the numbers go {' '.join(filter(None, bounds))}",
            why="Others are a wrong column, a wrong scale or a slip.",
            remedy="See whether the right column of the file is mapped under columns, "
            "and whether the decimal sign is right.",
            min_value=low,
            max_value=high,
            mostly=0.99,
        ),
    ]


def _date(key: str, column: str, written: str, today: datetime) -> list[Check]:
    last = today + timedelta(days=5 * 366 if key in PLANNED else 1)
    remedy = (
        "Set the key date_format under input_files; `segments inspect <file>` "
        "proposes it."
    )
    example = datetime(2022, 1, 4, 15, 30).strftime(written)
    return [
        _readable(column, f'dates of the form {written}, such as "{example}"', remedy),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            as_date(column),
            f"at least 99 % of the dates go from {FIRST_DATE:%Y-%m-%d} to "
            f"{last:%Y-%m-%d}",
            why="Dates outside are a wrong order of day, month and year, or a slip.",
            remedy=remedy,
            min_value=FIRST_DATE,
            max_value=last,
            mostly=0.99,
        ),
    ]


def _readable(column: str, kind: str, remedy: str) -> Check:
    return _expect(
        gxe.ExpectColumnValuesToBeInSet,
        unreadable(column),
        f"at least {_percent(READABLE)} of the values are {kind}",
        why="A few others are refused row by row; more of them are a wrong format.",
        remedy=remedy,
        value_set=[""],
        mostly=READABLE,
    )


def _text(key: str, column: str) -> list[Check]:
    checks = []
    mapped = "See whether the right column of the file is mapped under columns."
    if column.endswith(KEYS):
        checks.append(
            _expect(
                gxe.ExpectColumnValuesToNotMatchRegex,
                column,
                "at least 99 % of the keys are written in full, not as 1.23E+13",
                why="A spreadsheet has cut off their last digits: many become one.",
                remedy="Export the column as text.",
                regex=f"^(?:{EXPONENT})$",
                mostly=0.99,
            )
        )
    if key in LIKE:
        checks.append(
            _expect(
                gxe.ExpectColumnValuesToMatchRegex,
                column,
                f"at least {_percent(READABLE)} of the values match {LIKE[key]}",
                why="It is how this source writes them.",
                remedy=mapped,
                regex=f"^(?:{LIKE[key]})$",
                mostly=READABLE,
            )
        )
    if key in ONE_OF:
        checks.append(
            _expect(
                gxe.ExpectColumnValuesToBeInSet,
                column,
                f"at least {_percent(READABLE)} of the values are one of "
                f"{', '.join(ONE_OF[key])}",
                why="This source knows no others.",
                remedy=mapped,
                value_set=ONE_OF[key],
                mostly=READABLE,
            )
        )
    return checks


# -------------------------------------------------------------------------------- drift

DRIFT = 0.1
"""Largest divergence, in nats: about one of two equal segments that grows to 72 %."""

UNSEEN = 0.02
"""Share that values never seen before may have without standing out: at about 7 % of
the rows they alone reach `DRIFT`."""

_ACCEPT = (
    "If the change is meant, run `dbt build` once without this gate: its load is then "
    "what the next one is compared with."
)


def noise(classes: int, rows: int, reference_rows: int) -> float:
    """Divergence that two samples of one distribution stay below, 999 times in 1,000.

    Twice the divergence, by the harmonic number of rows, is about chi-squared.

    >>> round(noise(10, 300, 300), 3)
    0.093
    """
    if classes < 2 or not rows or not reference_rows:
        return 0.0
    quantile = chi2.ppf(0.999, classes - 1)
    return float(quantile / 2 * (1 / rows + 1 / reference_rows))


def expected_spread(column: str, sample: pd.DataFrame, reference: Reference) -> Check:
    """State that a column's values are spread as in the last accepted load.

    Parameters
    ----------
    column : str
    sample : DataFrame
        As for `expected_of_rows`.
    reference : Reference

    Returns
    -------
    Expectation
    """
    name = reference.name(column)
    rows = int(sample[name].notna().sum())
    classes = len(reference.partition["weights"]) + 1
    limit = DRIFT + noise(classes, rows, reference.rows)
    return _expect(
        gxe.ExpectColumnKLDivergenceToBeLessThan,
        name,
        f"the values are spread as in the last accepted load: divergence below "
        f"{limit:.2f}",
        why="Another currency, unit, country or column leaves every format right.",
        remedy=f"Compare the file with the one before. {_ACCEPT}",
        severity="warning" if column in RENEWED else "critical",
        partition_object=reference.partition,
        threshold=limit,
        tail_weight_holdout=UNSEEN + reference.rare,
    )


# -------------------------------------------------------------------------------- marts

WITHOUT_CUSTOMERS = ("sales_records",)
"""Datasets whose lines name no customer."""

_REFUSED = "Look at the reasons in rejected_rows: a format or a rule does not fit."
_SHRUNK = (
    "Look at source_loads for what was read; if the change is meant, run `segments "
    "publish`: what it publishes is then what the next build is compared with."
)


def expected_of_loads() -> list[Check]:
    """State what holds of the shares of refused rows, one row per source table."""
    return [
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "refused_share",
            "at most 20 % of a table's rows are refused",
            why="dbt tests that every row is accepted or refused, not how many.",
            remedy=_REFUSED,
            max_value=0.2,
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "refused_share",
            "at most 5 % of a table's rows are refused",
            why="Slips are fewer.",
            remedy=_REFUSED,
            severity="warning",
            max_value=0.05,
        ),
    ]


def expected_of_transactions() -> list[Check]:
    """State what holds of the sale lines, one row per dataset."""
    return [
        _shrunk("lines_to_published", "sale lines"),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "without_customer_share",
            "at most half of the sale lines name no customer",
            why="Segments would speak for a minority of the sales.",
            remedy="See whether the right column is mapped as customer_id.",
            max_value=0.5,
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "top_customer_revenue_share",
            "no single customer makes more than half of the revenue",
            why="A collective account, such as of walk-in customers, is no customer.",
            remedy="Look at this customer; leave it out in the segmentation's key "
            "where if it is none.",
            severity="warning",
            max_value=0.5,
        ),
    ]


def expected_of_customers() -> list[Check]:
    """State what holds of the customers, one row per dataset."""
    return [_shrunk("customers_to_published", "customers")]


def _shrunk(column: str, what: str) -> Check:
    return _expect(
        gxe.ExpectColumnValuesToBeBetween,
        column,
        f"there are at least half as many {what} as were published from this source",
        why="A table that lost its half is consistent in itself.",
        remedy=_SHRUNK,
        min_value=0.5,
    )


def expected_of_segments() -> list[Check]:
    """State what holds of the segments, one row per segmentation."""
    remedy = (
        "Look at k_selection and segment_summary, and at the segmentation's features "
        "and k in dbt_project.yml."
    )
    return [
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "smallest_share",
            "no segment holds less than 0.5 % of the entities",
            why="minimum_share holds in training; scored entities may differ.",
            remedy=remedy,
            min_value=0.005,
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "largest_share",
            "no segment holds more than 95 % of the entities",
            why="It tells nobody apart.",
            remedy=remedy,
            max_value=0.95,
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "median_confidence",
            "half of the entities have a confidence of at least 0.05",
            why="Below it they stand between two segments.",
            remedy=remedy,
            min_value=0.05,
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "outlier_share",
            "at most 30 % of the entities are outliers",
            why="The model was trained on others.",
            remedy=f"{remedy} Retrain, or widen winsorise_at.",
            max_value=0.3,
        ),
        _expect(
            gxe.ExpectColumnValuesToBeBetween,
            "mix_drift",
            "the entities are spread over the segments as was published from this "
            f"source: divergence of at most {DRIFT} above the noise of sampling",
            why="Campaigns that were planned for one mix meet another.",
            remedy="Look at segment_summary, before and after.",
            severity="warning",
            max_value=DRIFT,
        ),
    ]


# ------------------------------------------------------------------ Great Expectations

VIEW = DefaultJinjaPageView()  # keeps its compiled templates


def frames() -> BatchDefinition:
    """Return what makes a batch of a frame, in a context that lives in memory."""
    context = gx.get_context(
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(
                init_temp_docs_sites=False
            ),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        )
    )
    asset = context.data_sources.add_pandas("DuckDB").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("rows")


def run(
    batches: BatchDefinition,
    name: str,
    frame: pd.DataFrame,
    checks: list[Check],
    keys: tuple[str, ...] = (),
) -> list:
    """Check a frame.

    Parameters
    ----------
    batches : BatchDefinition
        Of `frames`.
    name : str
        Of the table.
    frame : DataFrame
    checks : list of Expectation
    keys : tuple of str, optional
        Columns that tell the rows of a small frame apart.

    Returns
    -------
    list of ExpectationValidationResult
    """
    result_format: dict[str, Any] = {"result_format": "SUMMARY"}
    if keys:
        result_format = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [*keys],
        }
    suite = gx.ExpectationSuite(name, expectations=checks)
    batch = batches.get_batch({"dataframe": frame})
    return batch.validate(suite, result_format=result_format).results


def rendered(name: str, results: list) -> str:
    """Render results as a page of Data Docs.

    Great Expectations writes values of the data into it as if they were HTML: they
    are escaped before it gets them.
    """
    success = sum(bool(result.success) for result in results)
    together = ExpectationSuiteValidationResult(
        success=success == len(results),
        results=results,
        suite_name=name,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": success,
            "unsuccessful_expectations": len(results) - success,
            "success_percent": 100 * success / len(results),
        },
        meta={"run_id": {"run_name": name, "run_time": datetime.now(UTC)}},
    )
    escaped = _escaped(together.to_json_dict())
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(
        expectationSuiteValidationResultSchema.load(escaped)
    )
    return VIEW.render(document)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    return value


# ---------------------------------------------------------------------------- messages


def _expect(
    kind: Callable[..., Check],
    column: str,
    says: str,
    *,
    why: str,
    remedy: str,
    severity: str = "critical",
    **arguments: Any,
) -> Check:
    return kind(
        column=column,
        description=f"{says[0].upper()}{says[1:]}. {why}",
        notes=why,
        meta={"says": says, "remedy": remedy},
        severity=severity,
        **arguments,
    )


def explain(result: Any, keys: tuple[str, ...] = ()) -> str:
    """Say in one line what failed: where, observed, allowed, examples, what to do.

    Parameters
    ----------
    result : ExpectationValidationResult
        Of one expectation of this module.
    keys : tuple of str, optional
        Columns that tell the rows of the frame apart, where each row is named.

    Returns
    -------
    str
    """
    configuration = result.expectation_config
    column = configuration.kwargs.get("column")
    says, remedy = (configuration.meta[key] for key in ("says", "remedy"))
    if column == "fault":  # in its own words
        return result.result["partial_unexpected_list"][0]
    where = f"column {column}: " if column else ""
    message = f"{where}expected: {says}; found: {_found(result, keys)}. {remedy}"
    return message.strip()


def _found(result: Any, keys: tuple[str, ...]) -> str:
    if any(_raised(result.exception_info)):
        return f"the check could not be made ({next(_raised(result.exception_info))})"
    observed, kind = result.result, result.expectation_config.type
    column = result.expectation_config.kwargs.get("column")
    if "kl_divergence" in kind:
        return _changes(result)
    if kind.endswith("not_be_null"):
        return f"{observed['unexpected_percent']:.1f} % are empty"
    if keys:
        return ", ".join(
            f"{_measured(column, row[column])} ({', '.join(row[key] for key in keys)})"
            for row in observed["unexpected_index_list"]
        )
    if "unexpected_percent" in observed:
        values = observed["partial_unexpected_list"]
        if observed["element_count"] == 1:
            return _measured(column, values[0])
        examples = list(dict.fromkeys(map(_short, values)))
        return (
            f"{observed['unexpected_percent']:.1f} % are not, such as "
            f"{', '.join(examples[:3])}"
        )
    return json.dumps(observed.get("details"), default=str)


def _raised(info: Mapping) -> Any:
    """Messages of what a check raised; Great Expectations nests them or does not."""
    if info and info.get("raised_exception"):
        yield _short(info["exception_message"], 200)
    elif info and "raised_exception" not in info:
        for nested in info.values():
            yield from _raised(nested)


def _changes(result: Any) -> str:
    """Tell the largest changes from one distribution to another."""
    details = result.result["details"]
    was, now = (details[f"{which}_partition"] for which in ("expected", "observed"))
    if "bins" in was:
        edges = was["bins"]
        names = [
            f"below {edges[0]:,.6g}",
            *(f"{a:,.6g} to {b:,.6g}" for a, b in zip(edges, edges[1:], strict=False)),
            f"above {edges[-1]:,.6g}",
        ]
        before, after = (
            [part["tail_weights"][0], *part["weights"], part["tail_weights"][1]]
            for part in (was, now)
        )
        known = names[1:-1]
    else:
        names = [_short(value) for value in was["values"]]
        before, after = was["weights"], now["weights"]
        partition = result.expectation_config.kwargs["partition_object"]
        known = [_short(value) for value in partition["values"]]
    changes = sorted(
        zip(names, before, after, strict=True), key=lambda c: -abs(c[2] - c[1])
    )
    divergence = result.result["observed_value"]
    return (
        "a divergence "
        + (f"of {divergence:.2f}" if divergence is not None else "without limit")
        + "; most changed: "
        + ", ".join(
            f"{name} {_percent(a) if name in known else 'rare'} → {_percent(b)}"
            for name, a, b in changes[:3]
        )
    )


def _measured(column: str, value: Any) -> str:
    """Write a measure of a whole table; shares and ratios in per cent."""
    if column.endswith(("_share", "_to_published", "_to_last_load")):
        return f"{value * 100:.3g} %"
    return _short(value)


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _short(value: Any, length: int = 40) -> str:
    """Quote a value of the data so that it is one word of a message."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if not isinstance(value, str):
        return str(value)
    text = value if len(value) <= length else value[: length - 1] + "…"
    return json.dumps(text, ensure_ascii=False)
