"""Whether a load is like the last accepted one: its size, and how values are spread."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import great_expectations.expectations as gxe
import pandas as pd
from scipy.stats import chi2, entropy

from customer_segmentation.sources import Input, Table
from customer_segmentation.sql import identifier
from customer_segmentation.validation.engine import Check, between, expect
from customer_segmentation.validation.sample import NUMBERS, as_number, value_sql
from customer_segmentation.validation.suites import KEYS, READABLE

__all__ = [
    *("DRIFT", "Reference", "divergence", "expected_rows", "expected_spread"),
    *("last_load", "noise", "spread_of_numbers", "spread_of_texts"),
]

DRIFT = 0.1
"""Largest divergence, in nats: about one of two equal segments that grows to 72 %."""

UNSEEN = 0.02
"""Share that values never seen before may have without standing out: at about 7 % of
the rows they alone reach `DRIFT`."""

RARE = 0.01
"""Values and bins of a smaller share are compared together from load to load."""

RENEWED = (
    *("category", "description", "item_type", "product", "product_category"),
    *("product_title", "product_type", "sales_person", "variant_title"),
)
"""Change with the season or the staff: a new mix is told, and stops nothing."""

TIMES = ("week",)
"""Differ from load to load because time goes on."""

_ACCEPT = {
    "critical": " If the change is meant, run `segments validate --accept-drift` and "
    "then `dbt build`: its load is then what the next one is compared with.",
    "warning": "",
}


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


def last_load(
    connection: duckdb.DuckDBPyConnection, built: str, table: Table, read: Input
) -> tuple[int, dict[str, Reference]]:
    """Count the rows that the last build loaded, and how each column was spread.

    Nothing where there was no build, or it loaded the demo data.
    """
    name = identifier(f"raw_{table.dataset}__{table.name}")
    raw = f"{identifier(built)}.staging.{name}"
    try:
        rows, demo = connection.execute(
            f"select count(*), count_if(source_file = 'demo data') from {raw}"
        ).fetchone()
    except (duckdb.CatalogException, duckdb.BinderException):
        return 0, {}
    if demo:
        return 0, {}
    known = [described[0] for described in connection.table(raw).description]
    spreads = {}
    for column in table.columns:
        name, value = column.name, value_sql(table, column, read)
        if name not in known or name in TIMES or name.endswith(KEYS):
            continue
        if value is None:
            spreads[name] = spread_of_texts(connection, raw, name)
        elif column.data_type in NUMBERS:  # dates go on
            spreads[name] = spread_of_numbers(connection, raw, name, value)
    return rows, {name: spread for name, spread in spreads.items() if spread}


def spread_of_texts(
    connection: duckdb.DuckDBPyConnection, raw: str, column: str
) -> Reference | None:
    """Count the shares of a column's texts; rare ones are taken together.

    None where most are rare: names or ids, and no classes.
    """
    found = connection.execute(
        "select value, count(*) as lines, sum(lines) over () "
        f"from (select nullif(trim({column}), '') as value from {raw}) "
        "where value is not null group by value order by lines desc, value "
        f"limit {round(1 / RARE)}"
    ).fetchall()
    rows = int(found[0][2]) if found else 0
    counts = {value: lines for value, lines, _ in found if lines >= RARE * rows}
    frequent = sum(counts.values())
    if frequent < rows / 2 or rows < 5 * len(counts) or len(found) < 2:
        return None
    weights = [count / frequent for count in counts.values()]
    partition = {"values": [*counts], "weights": weights}
    return Reference(partition, rows, rare=1 - frequent / rows)


def spread_of_numbers(
    connection: duckdb.DuckDBPyConnection, raw: str, column: str, value: str
) -> Reference | None:
    """Count the shares of a column's numbers in bins of about equal shares.

    Zeros, of which a column of discounts is full, have bins of their own. None where
    nearly all are equal, or the texts are no such numbers.
    """
    numbers = (
        f"from (select {value} as x, nullif(trim({column}), '') as text from {raw})"
    )
    rows, filled, tenths, quarters = connection.execute(
        "select count(x), count(text), "
        f"quantile_disc(x, {[n / 10 for n in range(11)]}), "
        f"quantile_disc(x, {[n / 4 for n in range(5)]}) filter (where x <> 0) {numbers}"
    ).fetchone()
    # Texts of another decimal sign are no numbers of this one.
    if not rows or rows < READABLE * filled:
        return None
    edges = sorted({*tenths, *(quarters or ())})
    if len(edges) < 3:
        return None
    place = " + ".join(f"cast(x >= {edge!r} as int)" for edge in edges[1:-1])
    counts = connection.execute(
        f"select {place} as bin, count(*) {numbers} where x is not null group by bin"
    ).fetchall()
    # Bins with next to nothing in them would make much of every change.
    bins, weights, weight = [edges[0]], [], 0.0
    for (_, count), edge in zip(sorted(counts), edges[1:], strict=True):
        weight += count / rows
        if weight >= RARE:
            bins.append(edge)
            weights.append(weight)
            weight = 0.0
    if len(weights) < 2:
        return None
    bins[-1] = edges[-1]
    weights[-1] += weight
    return Reference({"bins": bins, "weights": weights}, rows)


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


def divergence(now: pd.Series, was: pd.Series) -> float:
    """Measure how far counts are from earlier ones, less the noise of sampling."""
    earlier = was / was.sum()
    if unseen := (was == 0).sum():
        earlier = (earlier * (1 - UNSEEN)).where(was > 0, UNSEEN / unseen)
    measured = entropy(now / now.sum(), earlier)
    return max(0.0, float(measured) - noise(len(was), int(now.sum()), int(was.sum())))


def expected_rows(severity: str) -> Check:
    """State that a load is no cut-off one, in a frame with rows_to_last_load."""
    return between(
        *("rows_to_last_load", 0.5, None),
        "there are at least half as many rows as in the last accepted load",
        "An export that was cut off looks like any other file.",
        f"Export it anew.{_ACCEPT[severity]}",
        severity,
    )


def expected_spread(
    column: str,
    sample: pd.DataFrame,
    reference: Reference,
    severity: str = "critical",
) -> Check:
    """State that a column's values are spread as in the last accepted load."""
    name = reference.name(column)
    rows = int(sample[name].notna().sum())
    classes = len(reference.partition["weights"]) + 1
    limit = DRIFT + noise(classes, rows, reference.rows)
    severity = "warning" if column in RENEWED else severity
    return expect(
        gxe.ExpectColumnKLDivergenceToBeLessThan,
        name,
        "the values are spread as in the last accepted load: divergence below "
        f"{limit:.2f}",
        "Another currency, unit, country or column leaves every format right.",
        f"Compare the file with the one before.{_ACCEPT[severity]}",
        severity,
        partition_object=reference.partition,
        threshold=limit,
        tail_weight_holdout=UNSEEN + reference.rare,
    )
