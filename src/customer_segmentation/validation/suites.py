"""What must hold of the tables of every source."""

from __future__ import annotations

from datetime import datetime, timedelta

import great_expectations.expectations as gxe

from customer_segmentation.sources import Column, Input, Table
from customer_segmentation.validation.engine import Check, between, expect
from customer_segmentation.validation.messages import percent
from customer_segmentation.validation.sample import (
    DATES,
    NUMBERS,
    as_date,
    as_number,
    date_format,
    unreadable,
)

__all__ = ["KEYS", "READABLE", "can_be_read", "expected_of_file", "expected_of_rows"]

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

_MAPPED = "See whether the right column of the file is mapped under columns"


def can_be_read() -> Check:
    """State that an input has no fault."""
    return expect(
        gxe.ExpectColumnValuesToBeNull,
        "fault",
        "the input can be read",
        "The build would stop at the same place.",
        "",
    )


def expected_of_file() -> list[Check]:
    """State what holds of a table as a whole, measured in a frame of one row."""
    return [
        can_be_read(),
        between(
            *("rows", 1, None, "there is at least one row"),
            "An empty table is a failed export.",
            "Look at the file, and export it anew.",
        ),
        between(
            *("unreadable_share", None, 0.05),
            "at most 5 % of the lines have too many or too few fields",
            "More of them are a wrong delimiter or quote, and no slips.",
            "Set the keys delimiter and quote under input_files.",
        ),
        between(
            *("lost_lines", 0, 0, "every line is a row, part of one, or unreadable"),
            "A quote that is not closed makes one field of all that follows it.",
            "Look for a quote that is not closed, or set the key quote.",
        ),
        between(
            *("duplicate_share", None, 0.25),
            "at most 25 % of the rows are exact duplicates of an earlier one",
            "A file that is loaded twice gives 50 %.",
            "See whether the path or glob finds the same rows twice.",
        ),
    ]


def expected_of_rows(table: Table, read: Input) -> list[Check]:
    """State what holds of a table's rows, in a frame as `sample_of` takes it."""
    checks = []
    for column in table.columns:
        name, key = column.name, f"{table.dataset}.{table.name}.{column.name}"
        is_mapped = name in read.columns
        if column.is_needed or (key in FILLED_WHERE_MAPPED and is_mapped):
            checks.append(_filled(name, FILLED.get(key, READABLE)))
        if column.data_type in NUMBERS:
            checks += _numbers(key, column, read.decimal_sign)
        elif column.data_type in DATES:
            checks += _dates(key, name, date_format(table, read))
        else:
            checks += _texts(key, name)
    if table.one_of:
        checks.append(_filled(" or ".join(table.one_of), READABLE))
    return checks


def _filled(column: str, share: float) -> Check:
    return expect(
        *(gxe.ExpectColumnValuesToNotBeNull, column),
        f"at least {percent(share)} of the rows have a value",
        "Rows without it are refused, or count for no customer.",
        f"{_MAPPED}, and whether the export is complete.",
        mostly=share,
    )


def _numbers(key: str, column: Column, sign: str) -> list[Check]:
    kind = "whole numbers" if column.data_type == "bigint" else "numbers"
    low, high = WITHIN.get(key, ANY_NUMBER)
    bounds = f"up to {high:,}" if low is None else f"from {low:,} up to {high:,}"
    return [
        _readable(
            column.name,
            f'{kind} with the decimal sign "{sign}"',
            "The key decimal_sign under input_files says which sign it is; if that is "
            "right, mend the column.",
        ),
        between(
            *(as_number(column.name), low, high),
            f"at least 99 % of the numbers go {bounds}",
            "Others are a wrong column, a wrong scale or a slip.",
            f"{_MAPPED}, and whether the decimal sign is right.",
            mostly=0.99,
        ),
    ]


def _dates(key: str, column: str, written: str) -> list[Check]:
    today = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    last = today + timedelta(days=5 * 366 if key in PLANNED else 1)
    remedy = (
        "Set the key date_format under input_files; `segments inspect <file>` "
        "proposes it."
    )
    example = datetime(2022, 1, 4, 15, 30).strftime(written)
    return [
        _readable(column, f'dates of the form {written}, such as "{example}"', remedy),
        between(
            *(as_date(column), FIRST_DATE, last),
            "at least 99 % of the dates go "
            f"from {FIRST_DATE:%Y-%m-%d} to {last:%Y-%m-%d}",
            "Dates outside are a wrong order of day, month and year, or a slip.",
            remedy,
            mostly=0.99,
        ),
    ]


def _readable(column: str, kind: str, remedy: str) -> Check:
    return expect(
        *(gxe.ExpectColumnValuesToBeInSet, unreadable(column)),
        f"at least {percent(READABLE)} of the values are {kind}",
        "A few others are refused row by row; more of them are a wrong format.",
        remedy,
        value_set=[""],
        mostly=READABLE,
    )


def _texts(key: str, column: str) -> list[Check]:
    checks = []
    most = f"at least {percent(READABLE)} of the values"
    if column.endswith(KEYS):
        checks.append(
            expect(
                *(gxe.ExpectColumnValuesToNotMatchRegex, column),
                "at least 99 % of the keys are written in full, not as 1.23E+13",
                "A spreadsheet has cut off their last digits: many become one.",
                "Export the column as text.",
                regex=f"^(?:{EXPONENT})$",
                mostly=0.99,
            )
        )
    if pattern := LIKE.get(key):
        checks.append(
            expect(
                *(gxe.ExpectColumnValuesToMatchRegex, column),
                f"{most} match {pattern}",
                "It is how this source writes them.",
                f"{_MAPPED}.",
                regex=f"^(?:{pattern})$",
                mostly=READABLE,
            )
        )
    if known := ONE_OF.get(key):
        checks.append(
            expect(
                *(gxe.ExpectColumnValuesToBeInSet, column),
                f"{most} are one of {', '.join(known)}",
                "This source knows no others.",
                f"{_MAPPED}.",
                value_set=known,
                mostly=READABLE,
            )
        )
    return checks
