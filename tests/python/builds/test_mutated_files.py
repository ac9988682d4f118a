"""A good file, altered at random: every line is accounted for, or the load is stopped.

Each example is a run of dbt, with the project's own macros and nothing of their logic
here: the oracle knows lines, and that a field may hold line breaks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import reduce
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st
from test_broken_files import HEADER, Loader

ROWS = [
    (
        f'Seller {n:02},UK,"Bar {n:02}, dark",04-Jan-22,"$1,0{n:02} ",{n}'
        if n % 3
        else f"Seller {n:02},UK,Bar {n:02},04-Jan-22,{n}.5,{n}"
    )
    for n in range(2, 20)
]
BROKEN = (
    ROWS[3].replace(", dark", "\nand\n\ndark"),
    ROWS[10].replace(", dark", "\ndark"),
)
GOOD = "\n".join(
    [",".join(HEADER), *ROWS[:5], BROKEN[0], *ROWS[5:], BROKEN[1], ROWS[0], ""]
)

# What separates fields and lines, what else a reader might take for that, and text.
PIECES = st.sampled_from(
    [
        *('"', '""', '"""', ",", ",,", "\n", "\n\n", "\r\n", "\r", "\n\r", '",', ',"'),
        *(
            '"\n',
            '\n"',
            '",\n"',
            "\n,\n",
            " ",
            "\t",
            "  \n",
            ";",
            "|",
            "'",
            "\\",
            "\\n",
        ),
        *('\\"', "\0", "\N{NO-BREAK SPACE}", "\N{LINE SEPARATOR}", "\x0b", "\x0c"),
        *("\x1c", "\x85", "\N{ZERO WIDTH NO-BREAK SPACE}", "é", "\N{SNOWMAN}", "#"),
        *("-", "0", "x", "Bar", "NULL", "--", "{{", "{%", "\N{GRINNING FACE}"),
    ]
)
# Seldom in the header: most of what is changed there only stops the run.
PLACES = st.sampled_from(range(9)).flatmap(
    lambda n: st.integers(0, 60) if n == 8 else st.integers(60, 3_000)
)
SPANS = st.sampled_from([1, 1, 1, 2, 5, 40, 90, 300])
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "", " \n", '"\n'])


def _insert(at: int, piece: str) -> Callable[[str], str]:
    return lambda text: text[: at % len(text)] + piece + text[at % len(text) :]


def _replace(at: int, span: int, piece: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        start = at % len(text)
        return text[:start] + piece + text[start + span :]

    return change


def _end_lines(first: int, every: int, end: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = text.split("\n")
        ends = [
            end if n % every == first % every else "\n" for n in range(len(lines) - 1)
        ]
        return "".join(map("".join, zip(lines, [*ends, ""], strict=True)))

    return change


def _of_lines(change: Callable[[list[str], int, int], list[str]], a: int, b: int):
    def changed(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join(change(lines, a % len(lines), b % len(lines)))

    return changed


def _drop(lines: list[str], a: int, b: int) -> list[str]:
    return lines[:a] + lines[a + 1 :]


def _double(lines: list[str], a: int, b: int) -> list[str]:
    return [*lines[:b], lines[a], *lines[b:]]


def _swap(lines: list[str], a: int, b: int) -> list[str]:
    swapped = list(lines)
    swapped[a], swapped[b] = lines[b], lines[a]
    return swapped


CHANGES = st.one_of(
    st.builds(_insert, PLACES, PIECES),
    st.builds(_insert, PLACES, PIECES),
    st.builds(_replace, PLACES, SPANS, PIECES | st.just("")),
    st.builds(_end_lines, PLACES, st.sampled_from([1, 2, 30]), LINE_ENDS),
    st.builds(_of_lines, st.sampled_from([_drop, _double, _swap]), PLACES, PLACES),
)


@st.composite
def mutated(draw) -> str:
    changes = draw(st.lists(CHANGES, min_size=1, max_size=4))
    return reduce(lambda text, change: change(text) if text else "x", changes, GOOD)


# -------------------------------------------------------------------------- oracle


def lines_of(text: str) -> list[str]:
    """Split into the lines that an editor shows, without their ends."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def words_of(text: str) -> str:
    """Leave out what separates: readers differ in blanks beside quotes."""
    return re.sub(r'[",\s\ufeff]+', "", text)


class Loaded:
    """The lines of a file as a load left them."""

    def __init__(self, loader: Loader):
        table = "chocolate_sales__sales"
        self.rows = loader.query(
            "select line_number, raw_row, rejection_reasons "
            f"from staging.stg_{table} order by line_number"
        )
        skipped = loader.query(
            "select line_number, raw_row, reasons from staging.skipped_lines "
            "where dataset = 'chocolate_sales' order by line_number"
        )
        self.unreadable = [row for row in skipped if row[2] is not None]
        self.blank = [line for line, _, reasons in skipped if reasons is None]


def assert_every_line_is_told(text: str, loaded: Loaded) -> None:
    lines = lines_of(text)
    told: Counter[int] = Counter()
    for line, row, _ in loaded.rows + loaded.unreadable:
        span = range(line, line + row.rstrip("\r\n").count("\n") + 1)
        told.update(span)
        stood = "\n".join(lines[n - 1] for n in span if n <= len(lines))
        assert words_of(row) == words_of(stood), f"line {line}"
    for line in loaded.blank:
        if line not in told:  # a line break within a row that is none
            told.update([line])
            assert lines[line - 1] == "", f"line {line}"
    # What comes before everything else is the header.
    top = next(n for n, line in enumerate(lines, 1) if line)
    below = min((line for line in told if line > top), default=len(lines) + 1)
    header = range(top, below)
    told.update([*header, *range(1, top)])
    told.subtract(line for line in loaded.blank if line < top)
    assert set(told) == set(range(1, len(lines) + 1)), "lines are lost"
    assert max(told.values()) == 1, "lines are told twice"
    assert all(name in "\n".join(lines[n - 1] for n in header) for name in HEADER)


def assert_good_rows_stand(text: str, loaded: Loaded) -> None:
    """A line that is as good as ever is a row, unless a field of a row holds it."""
    lines = lines_of(text)
    rows = {line: (row, reasons) for line, row, reasons in loaded.rows}
    within = {
        line + n
        for line, row, _ in loaded.rows + loaded.unreadable
        for n in range(1, row.rstrip("\r\n").count("\n") + 1)
    }
    for number, line in enumerate(lines, 1):
        if line not in ROWS or number in within or number == 1:
            continue
        row, reasons = rows.get(number, (None, None))
        assert row == line, f"line {number}"
        is_repeated = line in lines[: number - 1]
        assert reasons in (None, "exact duplicate of an earlier line"), reasons
        assert reasons is None or is_repeated, f"line {number}"


OURS = re.compile(r'Dataset "chocolate_sales", (file )?"[^"]*(sales_\d+[.]csv)"')
NOT_OURS = re.compile(r"Error: |state machine|Traceback|Python exception")


NAMES = count()


@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=mutated())
@example(text=GOOD)
@example(text=GOOD.replace("\n", "\r\n"))
def test_every_line_is_accounted_for(loader, tmp_path_factory, text):
    folder: Path = tmp_path_factory.getbasetemp()
    path = folder / f"sales_{next(NAMES)}.csv"
    path.write_bytes(text.encode())
    load = loader.load({"chocolate_sales": str(path)})
    path.unlink()
    note(repr(text))
    if load.error is not None:
        note(load.error)
        assert OURS.search(load.error)
        assert not NOT_OURS.search(load.error)
        return
    loaded = Loaded(loader)
    note(f"{loaded.rows}\n{loaded.unreadable}\n{loaded.blank}")
    assert_every_line_is_told(text, loaded)
    assert_good_rows_stand(text, loaded)
