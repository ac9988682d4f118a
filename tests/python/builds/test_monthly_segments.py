"""Month after month in SQL: who stays and who goes, as the library holds them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Build
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_segmentation.identity import hold

MARGIN = 0.2

distances = st.lists(st.sampled_from([1.0, 1.1, 1.2, 1.5, 2.0]), min_size=3, max_size=3)
# A month is missing where the customer does not meet the condition.
ways = st.lists(st.none() | distances, min_size=1, max_size=9)


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """Compile the macro, and return the segments of one way of distances."""
    build = Build(Path(tmp_path_factory.mktemp("walk")), {})
    build.execute("select 1")
    sql = build.compiled("select {{ walked_months() }} as stays from months")
    connection = duckdb.connect()

    def walked(way: list, before: tuple[int, int] | None = None) -> dict[int, int]:
        rows = [(0, before[1], None, before[0])] if before else []
        for place, each in enumerate(way, 1):
            if each:
                holding = [
                    segment
                    for segment, distance in enumerate(each)
                    if min(each) > (1 - MARGIN) * distance
                ]
                held_by = f",{','.join(map(str, holding))},"
                rows.append((place, int(np.argmin(each)), held_by, None))
        frame = pd.DataFrame(
            rows, columns=["place", "raw_segment_id", "held_by", "segment_id"]
        ).astype({"segment_id": "Int64", "held_by": "string"})
        connection.register("months", frame.sample(frac=1, random_state=0))
        (stays,) = connection.execute(sql).fetchone()
        pairs = [stay.split(":") for stay in (stays or "").strip(",").split(",")]
        return {int(place): int(segment) for place, segment in pairs if place != "0"}

    return walked


def held(way: list, before: tuple[int, int] | None = None) -> dict[int, int]:
    """Walk the same way by the library, one month after the other."""
    found = {}
    segment, nearest = before or (-1, -1)
    for place, each in enumerate(way, 1):
        if each:
            now = int(np.argmin(each))
            (segment,) = hold(
                [now], [each], before=[segment], nearest_before=[nearest], margin=MARGIN
            )
            found[place], nearest = int(segment), now
        else:
            segment, nearest = -1, -1
    return found


class TestMonthsAreWalkedThroughAsTheLibraryDoes:
    """A customer is held by the month before, and by that alone."""

    @settings(max_examples=200, deadline=None)
    @given(way=ways.filter(any))
    def test_from_the_first_month(self, walk, way):
        assert walk(way) == held(way)

    @settings(max_examples=200, deadline=None)
    @given(
        way=ways.filter(any),
        before=st.tuples(st.integers(0, 2), st.integers(0, 2)),
        months=st.integers(1, 8),
    )
    def test_in_two_builds_as_in_one(self, walk, way, before, months):
        whole = walk(way, before)
        assert whole == held(way, before)
        first, second = way[:months], way[months:]
        found = walk(first, before) if any(first) else {}
        if any(second):
            last = first[-1] and (found[len(first)], int(np.argmin(first[-1])))
            later = walk(second, last or None)
            found |= {place + len(first): segment for place, segment in later.items()}
        assert found == whole
