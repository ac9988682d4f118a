"""Estimates how much room text takes, and cuts it where there is too little."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = [
    "BOLD",
    "Run",
    "Text",
    "count_lines",
    "cut",
    "fit",
    "height",
    "lines",
    "plain",
    "row_lines",
    "runs_of",
    "shorten",
    "width",
]

NARROW, WIDE = set("fijlrtI.,:;'|!()[] \u00a0"), set("mwMW@%—…■")
# Bold text is so much wider.
BOLD = 1.15


@dataclass(frozen=True)
class Run:
    """A piece of text in one style.

    Attributes
    ----------
    text : str
        Passes through `plain`.
    colour : str, optional
        As #rrggbb.
    is_bold : bool
    """

    text: str
    colour: str | None = None
    is_bold: bool = False


Text = str | Run | Sequence[Run]


def plain(text: str) -> str:
    r"""Drop what XML cannot hold or nobody can see, and fold white space.

    >>> plain("Tea\x00 &\n<script>\u202e")
    'Tea & <script>'
    """
    seen = (c if c.isprintable() else " " if c.isspace() else "" for c in text)
    return " ".join("".join(seen).split())


def shorten(text: str, at_most: int) -> str:
    """Shorten plain text to a number of characters.

    >>> shorten("United Kingdom", 8)
    'United…'
    """
    return _ellipsis(plain(text), at_most)


def _ellipsis(text: str, at_most: int) -> str:
    if len(text) <= at_most:
        return text
    return text[: at_most - 1].rstrip(" ,;:") + "…"


def width(text: str, size: float) -> float:
    """Estimate how wide text is, rather too wide than too narrow.

    Parameters
    ----------
    text : str
    size : float
        In points.

    Returns
    -------
    float
        In inches.

    Examples
    --------
    >>> width("ill", 20) < width("mmm", 20)
    True
    """
    ems = sum(
        1.05
        if unicodedata.east_asian_width(c) in "WF"
        else 0.4
        if c in NARROW
        else 1.0
        if c in WIDE
        else 0.72
        if c.isupper()
        else 0.6
        for c in text
    )
    return ems * size / 72


def lines(text: str, size: float, within: float) -> int:
    """Estimate how many lines text takes.

    Parameters
    ----------
    text : str
    size : float
        In points.
    within : float
        Width of the lines in inches.

    Returns
    -------
    int

    Examples
    --------
    >>> lines("one line", 14, 3), lines("now it is two lines", 14, 1.5)
    (1, 2)
    """
    count, used = 1, 0.0
    for word in text.split(" "):
        wide = width(word, size)
        if used and used + width(" ", size) + wide > within:
            count, used = count + 1, 0.0
        elif used:
            used += width(" ", size)
        # A word that is wider than the line is broken.
        broken = int((used + wide) / within) if wide > within else 0
        count, used = count + broken, used + wide - broken * within
    return count


def height(count: float, size: float) -> float:
    """Return the height of so many lines, in inches."""
    return count * size * 1.2 / 72


def runs_of(text: Text) -> list[Run]:
    """Turn any text into runs that can be written."""
    runs = [text] if isinstance(text, str | Run) else text
    runs = [Run(run) if isinstance(run, str) else run for run in runs]
    return [replace(run, text=_tied(run.text)) for run in runs]


def _tied(text: str) -> str:
    """Tie numbers to their units; spaces that part a run from the next one stay."""
    after = " " * (len(text) - len(text.rstrip()))
    tied = re.sub(r"(?<=\d) (?=%|(M|bn)\b)", "\u00a0", plain(text))
    return tied + after


def count_lines(runs: list[Run], size: float, within: float) -> int:
    """Estimate how many lines runs take, as `lines` does."""
    if any(run.is_bold for run in runs):
        within /= BOLD
    return lines("".join(run.text for run in runs), size, within)


def cut(runs: list[Run], size: float, within: float, at_most: int) -> list[Run]:
    """Shorten the last runs until all of them fit into so many lines.

    >>> cut([Run("one line of text")], 20, 1.1, 1)[0].text
    'one l…'
    """
    if count_lines(runs, size, within) <= at_most:
        return runs
    *first, last = runs

    def is_too_long(length: int) -> bool:
        shortened = [*first, _shortened(last, length)]
        return count_lines(shortened, size, within) > at_most

    # The first length that is too long stands where the last one that fits is counted.
    longest = bisect_left(range(1, len(last.text)), True, key=is_too_long)
    if not longest and first:
        return cut(first, size, within, at_most)
    return [*first, _shortened(last, max(longest, 1))]


def _shortened(run: Run, at_most: int) -> Run:
    return replace(run, text=_ellipsis(run.text, at_most))


def row_lines(row: Sequence[tuple[list[Run], float]], size: float, at_most: int) -> int:
    """Estimate the lines of the tallest of several texts, each with its width."""
    return min(max(count_lines(runs, size, within) for runs, within in row), at_most)


def fit(rows, sizes: Sequence[float], room: float, margins) -> tuple[float, int]:
    """Find the largest size at which nothing is cut, or else how many lines fit.

    Parameters
    ----------
    rows : list, or function of the size that gives one
        Of each row its texts, and the widths that they have.
    sizes : sequence of float
        In points.
    room : float
        In inches.
    margins : function of the size
        What is not text, in inches.

    Returns
    -------
    size : float
    at_most : int
        Lines of each text.

    Raises
    ------
    ValueError
        If not even a line of each fits.
    """
    for size in sizes:
        measured = rows(size) if callable(rows) else rows
        counts = [row_lines(row, size, 1000) for row in measured]
        free = room - margins(size) + 1e-9
        if height(sum(counts), size) <= free and not _breaks(measured, size):
            return size, max(counts)
    for at_most in range(max(counts), 0, -1):
        if height(sum(min(count, at_most) for count in counts), size) <= free:
            return size, at_most
    raise ValueError(f"{len(counts)} rows do not fit into {room:.2f} inches.")


def _breaks(rows, size: float) -> bool:
    """Tell whether a word is wider than its line."""
    return any(
        count_lines([replace(run, text=word)], size, within) > 1
        for row in rows
        for runs, within in row
        for run in runs
        for word in run.text.split()
    )
