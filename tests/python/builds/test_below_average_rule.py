"""The compiled SQL of products_below_average against the rule in plain Python."""

from __future__ import annotations

from datetime import date
from itertools import groupby

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

MONTHS = [date(2021 + month // 12, month % 12 + 1, 1) for month in range(9, 18)]
PRODUCTS = ("bar", "egg", "nut")

amounts = st.integers(min_value=-3, max_value=6)
sales = st.dictionaries(
    st.tuples(st.sampled_from(PRODUCTS), st.sampled_from(MONTHS)),
    st.tuples(st.none() | amounts, amounts),
    min_size=1,
    max_size=len(PRODUCTS) * len(MONTHS),
)


def by_the_rule(sold: dict) -> set[tuple]:
    """Runs of at least three months below the mean of the month's products."""
    products = {product for product, _ in sold}
    months = sorted({month for _, month in sold})
    runs = set()
    for measure, name in enumerate(("average_amount", "total_amount")):
        missing = (None, 0)  # no sale is no average, but a total of 0
        values = {
            (product, month): sold.get((product, month), missing)[measure]
            for product in products
            for month in months
        }

        def is_below(product, month, values=values):
            known = [values[other, month] for other in products]
            known = [value for value in known if value is not None]
            value = values[product, month]
            return value is not None and value * len(known) < sum(known)

        for product in products:
            states = [(m in months and is_below(product, m), m) for m in MONTHS]
            for below, group in groupby(states, key=lambda state: state[0]):
                run = [month for _, month in group]
                if below and len(run) >= 3:
                    runs.add((product, name, run[0], run[-1], len(run)))
    return runs


@pytest.fixture(scope="module")
def compiled(demo_build):
    """Hold the compiled model, and a database under the name it was compiled for."""
    path = "target/compiled/customer_segmentation/models/marts/sales"
    model = demo_build.folder / path / "products_below_average.sql"
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as built")
        yield connection, model.read_text()


class TestRunsBelowAverageFollowTheRule:
    """Analysts act on these rows, so months must neither be lost nor joined."""

    @settings(max_examples=150, deadline=None)
    @given(sold=sales)
    def test_any_sales(self, compiled, sold):
        database, model = compiled
        rows = [
            ("shop", product, month, average, total)
            for (product, month), (average, total) in sold.items()
        ]
        columns = [
            "dataset",
            "product",
            "sales_month",
            "average_amount",
            "total_amount",
        ]
        frame = pd.DataFrame(rows, columns=columns)
        frame["average_amount"] = frame.average_amount.astype("float64")
        database.register("sold", frame)
        database.execute(
            "create or replace table built.main.monthly_product_sales as from sold "
            "select dataset, product, cast(sales_month as date) as sales_month, "
            "average_amount, cast(total_amount as decimal(18, 2)) as total_amount"
        )
        found = database.execute(
            f"select product, measure, first_month, last_month, months from ({model})"
        ).fetchall()
        assert set(found) == by_the_rule(sold)
        assert len(found) == len(set(found))
