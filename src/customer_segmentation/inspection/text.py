"""Files of delimited text: their delimiter, quote, header and rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from pathlib import Path
from typing import NamedTuple

import duckdb

from customer_segmentation.errors import SegmentationError
from customer_segmentation.inspection.columns import known
from customer_segmentation.inspection.encoding import HEAD, decoded, encoding_of_all
from customer_segmentation.inspection.files import FITTING, PLAUSIBLE, File
from customer_segmentation.inspection.talk import (
    Choice,
    Setting,
    Talk,
    fault,
    listed,
    set_to,
    shown,
)

__all__ = ["read_text"]

DELIMITERS = (",", ";", "\t", "|")
# The first of those that fit as well.
QUOTES = ('"', "", "'")

VOUCHING = 2
"""Known headers that make up for lines with more or fewer fields."""


def read_text(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], talk: Talk
) -> tuple[list[Setting], list[File]]:
    """Open delimited text; see `READERS`."""
    encoding = encoding_of_all(paths, talk)
    heads = [_head(path, encoding) for path in paths]
    delimiter, quote = _dialect(paths, heads, talk)
    files = []
    for path, (text, _) in zip(paths, heads, strict=True):
        records = _records(io.StringIO(text, newline=""), delimiter.value, quote)
        header = [name.strip() for name in next(records)[1] or []]

        def rows(limit, path=path, header=header):
            dialect = delimiter.value, quote
            return _text_rows(path, encoding, dialect, len(header), limit)

        files.append(File(path, header, rows))
    return [delimiter, set_to("quote", quote), set_to("encoding", encoding)], files


def _head(path: Path, encoding: str) -> tuple[str, bool]:
    """Give the beginning of a file as text, and whether it is all of it."""
    with decoded(path, encoding) as file:
        text = file.read(HEAD + 1)
    if not text.strip("\r\n \ufeff"):
        raise fault(path, "is empty; needed is a header and rows below it")
    if "\n" not in text and "\r" in text:
        raise fault(path, "ends its lines in CR alone. Save it with LF or CR LF")
    first = text.lstrip("\r\n").partition("\n")[0].strip()
    if re.fullmatch(r'"?sep=.?"?', first, re.IGNORECASE):
        raise fault(
            path,
            f"begins with the line {shown(first)}, which is for Excel alone. Take it "
            "out: the first line must be the header",
        )
    return text[:HEAD], len(text) <= HEAD


def _records(
    lines: Iterable[str], delimiter: str, quote: str
) -> Iterator[tuple[int, list[str] | None]]:
    """Split lines into records that are not blank, each with the line it ends in.

    A record is None where a quote stands that the loader would stumble over.
    """
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        skipinitialspace=bool(quote),  # as DuckDB does before a quote
        strict=True,
    )
    while True:
        try:
            record = next(reader)
        except csv.Error:
            record = None
        except StopIteration:
            return
        if record != []:
            yield reader.line_num, record


def _text_rows(
    path: Path, encoding: str, dialect: tuple[str, str], fields: int, limit: int | None
) -> Iterator[list[str | None] | int]:
    with decoded(path, encoding) as file:
        records = _records(file, *dialect)
        for line, record in islice(records, 1, limit and limit + 1):
            yield record if record and len(record) == fields else line


class _Dialect(NamedTuple):
    """How well a delimiter and a quote fit the beginning of a file.

    `rows` have as many fields as the header, the lines of others are `odd`, the first
    of them is `odd_line`; `wrapped` are values in quotes that were not taken for such.
    """

    delimiter: str
    quote: str
    header: list[str]
    rows: int
    odd: int
    odd_line: int | None
    wrapped: int

    @property
    def share(self) -> float:
        """Share of the lines that are rows."""
        return self.rows / max(self.rows + self.odd, 1) if self.odd else 1.0


def _try(text: str, is_whole: bool, delimiter: str, quote: str) -> _Dialect:
    """Read the beginning of a file, which may end within a record."""
    records = [*_records(io.StringIO(text, newline=""), delimiter, quote)]
    if not is_whole and len(records) > 2:
        del records[-1]
    (before, header), *others = records
    header = [name.strip() for name in header or []]
    rows, odd, odd_line = [header], 0, None
    for line, record in others:
        if record and len(record) == len(header):
            rows.append(record)
        else:
            # A quote that is not closed makes one record of many lines.
            odd += line - before
            odd_line = odd_line or line
        before = line
    wrapped = sum(_is_wrapped(value, quote) for row in rows for value in row)
    return _Dialect(delimiter, quote, header, len(rows) - 1, odd, odd_line, wrapped)


def _is_wrapped(value: str, quote: str) -> bool:
    """Whether a value stands in quotes of another kind, those within it doubled."""
    sign = value[:1]
    if len(value) < 2 or sign not in "\"'" or sign == quote or value[-1] != sign:
        return False
    return sign not in value[1:-1].replace(sign * 2, "")


def _dialect(
    paths: Sequence[Path], heads: Sequence[tuple[str, bool]], talk: Talk
) -> tuple[Setting, str]:
    """Find what splits all files; the quote that fits with it is never open."""
    given = talk.answer("delimiter")
    if given and (len(given) != 1 or given in "\r\n\"'"):
        raise SegmentationError(
            f"The delimiter {shown(given)} is not allowed; needed is one character, "
            "such as ';', and no quote. A tab is written tab."
        )
    tried = [_best_quote(heads, delimiter) for delimiter in given or DELIMITERS]
    fitting = [files for files in tried if given or _fit(files, FITTING)]
    if not fitting:
        fitting = [
            files
            for files in tried
            if _fit(files, PLAUSIBLE) and known(files[0].header) >= VOUCHING
        ]
    if not fitting:
        raise _no_delimiter(paths, heads)
    fitting.sort(key=lambda files: (-known(files[0].header), -len(files[0].header)))
    if len(fitting) > 1:
        setting = talk.settle(
            "delimiter",
            (
                Choice(files[0].delimiter, f"the columns are {listed(files[0].header)}")
                for files in fitting
            ),
            "what follows is read with the first of them",
        )
    else:
        setting = set_to("delimiter", fitting[0][0].delimiter)
    chosen = next(f for f in fitting if f[0].delimiter == setting.value)
    quote = chosen[0].quote
    if not quote:
        talk.notes.append(
            "Quotes are proposed as part of the values (quote: ''), because not every "
            "one is closed. If one is open by mistake, close it and inspect again."
        )
    return setting, quote


def _best_quote(heads: Sequence[tuple[str, bool]], delimiter: str) -> list[_Dialect]:
    """Try each quote with a delimiter on all files, and give what fits best."""
    tried = [[_try(*head, delimiter, quote) for head in heads] for quote in QUOTES]
    return min(
        tried,
        key=lambda files: (
            not _fit(files, FITTING),
            sum(file.odd + file.wrapped for file in files),
            # Two stray quotes make one row of all that is between them.
            -sum(file.rows for file in files),
        ),
    )


def _fit(files: Sequence[_Dialect], share: float) -> bool:
    return all(file.share >= share and len(file.header) > 1 for file in files)


def _no_delimiter(
    paths: Sequence[Path], heads: Sequence[tuple[str, bool]]
) -> SegmentationError:
    """Say what is wrong with the first file that no delimiter fits."""
    for path, head in zip(paths, heads, strict=True):
        tried = [_try(*head, d, q) for d, q in product(DELIMITERS, QUOTES)]
        tried = [dialect for dialect in tried if len(dialect.header) > 1]
        if not tried:
            line = head[0].lstrip("\r\n").splitlines()[0][:80]
            return fault(
                path,
                "has no comma, semicolon, tab or | in its first line, "
                f"{shown(line)}. That line must be the header: take out the lines "
                "above it, or name the delimiter with --delimiter",
            )
        nearest = max(tried, key=lambda dialect: dialect.share)
        if nearest.share < FITTING:
            return fault(
                path,
                f"has {len(nearest.header)} columns in its first line with "
                f"{shown(nearest.delimiter)} between them, but {nearest.share:.0%} of "
                f"the other lines have as many (line {nearest.odd_line} has not). That "
                "line must be the header: take out the lines above it, close every "
                "quote, or name the delimiter with --delimiter",
            )
    return SegmentationError(
        "The files have different delimiters. Name files that are written alike, or "
        "inspect them one by one."
    )
