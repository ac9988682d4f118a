"""The gate must not pass what the build refuses: both read numbers and dates alike."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customer_segmentation.sources import Column, Input, Table
from customer_segmentation.validation.sample import value_sql

FORMATS = ("%d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%d-%b-%y")
# name -> macro call of the build, and how the gate describes the same column
READERS = {
    f"amount_{place}": (f"to_decimal('x', 2, '{sign}')", "x", "decimal", sign, None)
    for place, sign in enumerate(".,")
}
READERS |= {
    f"price_{place}": (
        f"to_decimal('unit_price', 4, '{sign}')",
        *("unit_price", "decimal", sign, None),
    )
    for place, sign in enumerate(".,")
}
READERS |= {
    f"count_{place}": (f"to_whole_number('x', '{sign}')", "x", "bigint", sign, None)
    for place, sign in enumerate(".,")
}
READERS |= {
    f"date_{place}": (f"to_timestamp('x', '{form}')", "x", "timestamp", ".", form)
    for place, form in enumerate(FORMATS)
}

numbers = st.from_regex(
    r"[ ]?-?[$€]?[0-9]{0,4}([.,][0-9]{0,4}){0,3}[ ]?[€e]?[0-9]?", fullmatch=True
)
dates = st.from_regex(r"[0-3]?[0-9][-/][0-1]?[0-9][-/](20)?[0-9]{2}", fullmatch=True)


@pytest.fixture(scope="module")
def compiled(demo_build) -> dict[str, str]:
    """Compile each macro once."""
    calls = "\n".join(
        f"-- {name}\n{{{{ {call} }}}}" for name, (call, *_) in READERS.items()
    )
    text = demo_build.compiled(calls)
    parts = [part.split("\n", 1) for part in text.split("-- ")[1:]]
    return {name.strip(): sql for name, sql in parts}


class TestTheGateReadsAsTheBuild:
    @pytest.mark.parametrize("name", READERS)
    def test_every_text(self, compiled, name):
        _, column, data_type, sign, date_format = READERS[name]
        table = Table("shop", "sales", (Column(column, None, data_type, True),))
        read = Input(path="x.csv", decimal_sign=sign, date_format=date_format)
        gate = value_sql(table, table.columns[0], read)
        with duckdb.connect() as connection:
            query = f"select {compiled[name]}, {gate} from (select ? as {column})"

            @settings(max_examples=150, deadline=None, derandomize=True)
            @given(dates if date_format else numbers)
            @example("1,234.50")
            @example("1.234,50 €")
            @example("12.9")
            @example("1e3")
            @example("04-Jan-22")
            @example("2022-02-30 10:00:00")
            @example("")
            def compare(text):
                build, passed = connection.execute(query, [text]).fetchone()
                assert (build is None) == (passed is None)
                if build is not None and date_format is None:
                    assert float(build) == pytest.approx(passed)

            compare()
