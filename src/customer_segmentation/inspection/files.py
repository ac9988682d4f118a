"""The files that a path names, their kind, and their rows as text."""

from __future__ import annotations

import glob
import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from customer_segmentation.errors import SegmentationError
from customer_segmentation.inspection.encoding import refuse_binary, wide_encoding
from customer_segmentation.inspection.talk import Talk, fault, shown

__all__ = [
    "BROKEN_ZIP",
    "FITTING",
    "KINDS",
    "PLAUSIBLE",
    "ROWS",
    "File",
    "Source",
    "found_files",
    "kind_of_all",
    "same_headers",
]

KINDS = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "text"),
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}

ROWS = 100_000
"""Rows looked at; those after them are read only if these leave a question open."""

FITTING = 0.95
"""Share of the values that what is proposed must fit."""

PLAUSIBLE = 0.5
"""Share that is enough where the header says the same."""

# What Python says of a zip file that is cut off, damaged or locked.
BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)

# What some files begin with that are neither text nor of a known kind.
SIGNATURES = {
    b"\xd0\xcf\x11\xe0": "an Excel file in the form of before 2007, or one with a "
    "password. Save it as xlsx without a password, or as CSV in UTF-8",
    b"%PDF": "a PDF. Export the table itself, as CSV in UTF-8",
    b"\x28\xb5\x2f\xfd": "compressed by zstd. Unpack it, or use gzip",
    b"BZh": "compressed by bzip2. Unpack it, or use gzip",
    b"\xfd7zXZ": "compressed by xz. Unpack it, or use gzip",
    b"SQLite format 3": "a SQLite database. Export the table as CSV or Parquet",
}


def found_files(pattern: str) -> tuple[str, list[Path]]:
    """Make the path absolute, and list its files as the loader does."""
    try:
        os.fsencode(pattern).decode("utf-8")
    except UnicodeDecodeError:
        raise SegmentationError(
            f"The name {pattern!a} is no UTF-8. Rename the file."
        ) from None
    pattern = os.path.expanduser(pattern)
    if os.path.isdir(pattern):
        raise SegmentationError(
            f'"{pattern}" is a folder. Name a file in it, or several with a '
            f"pattern in quotes: '{os.path.join(pattern, '*.csv')}'."
        )
    if os.path.isfile(pattern):
        pattern = os.path.abspath(pattern)
        return pattern, [Path(pattern)]
    if glob.has_magic(pattern):
        # The folder that we are in may have signs of a glob in its name.
        here = "" if os.path.isabs(pattern) else glob.escape(os.getcwd())
        pattern = os.path.normpath(os.path.join(here, pattern))
        found = sorted(filter(os.path.isfile, glob.glob(pattern, recursive=True)))
        if found:
            return pattern, [Path(name) for name in found]
    raise SegmentationError(
        f'No file at "{pattern}". Mend the path; a relative one is read from '
        f'"{os.getcwd()}".'
    )


def kind_of_all(paths: Sequence[Path]) -> str:
    """Name the one kind of all files: text, parquet or xlsx.

    Raises
    ------
    SegmentationError
        If there are several, or a file is of none, or not what its name says.
    """
    kinds = {_kind(path): path for path in reversed(paths)}
    if len(kinds) > 1:
        listed = ", ".join(f'"{path}" ({kind})' for kind, path in kinds.items())
        raise SegmentationError(
            f"The files are of several kinds: {listed}. Name files of one kind."
        )
    return next(iter(kinds))


def _kind(path: Path) -> str:
    """Tell the kind by the name, as the loader does, and hold the content to it."""
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise fault(path, "is empty; needed is a header and rows below it")
    for signature, text in SIGNATURES.items():
        if start.startswith(signature):
            raise fault(path, f"is {text}")
    is_packed = start.startswith(b"\x1f\x8b")
    if is_packed != (path.suffix == ".gz"):
        raise fault(
            path,
            "is gzipped, but its name does not end in .gz. Rename it, such as "
            '"sales.csv.gz"'
            if is_packed
            else "is not gzipped, although its name ends in .gz. Rename it",
        )
    by_name = KINDS.get(Path(path.name.removesuffix(".gz")).suffix.lower())
    by_content = "text"
    if start.startswith(b"PAR1"):
        by_content = "parquet"
    elif start.startswith(b"PK\x03\x04"):
        # DuckDB would not come back from what is no whole zip file.
        try:
            with zipfile.ZipFile(path) as archive:
                is_workbook = "xl/workbook.xml" in archive.namelist()
        except BROKEN_ZIP as error:
            raise fault(
                path, f"is cut off or broken ({error}). Copy or save it anew"
            ) from None
        if not is_workbook:
            raise fault(path, "is a zip file, but no xlsx. Unpack it")
        by_content = "xlsx"
    if is_packed and by_name in ("parquet", "xlsx"):
        raise fault(path, "is gzipped. Unpack it: only text files are read so")
    if by_content == "text" and by_name != "text":
        if not wide_encoding(path, start):
            refuse_binary(path, start)
        if by_name is None:
            endings = ", ".join(KINDS)
            raise fault(path, f"has a name that ends in none of {endings}. Rename it")
    if by_name != by_content:
        ending = {"text": ".csv"}.get(by_content, f".{by_content}")
        raise fault(
            path,
            f"is no {by_name} file: it holds {by_content}. Rename it to end in {ending}"
            if by_name
            else f"holds {by_content}. Rename it to end in {ending}",
        )
    return by_content


@dataclass
class File:
    """A file that is open to be looked at.

    `rows` takes how many rows are wanted, None for all, and yields them as text; those
    with more or fewer fields than the header come as the number of their lines.
    `types` says of each column whether it holds a date, a number or text; `days`, of a
    spreadsheet, whether its first cell has the format of a date.
    """

    path: Path
    headers: list[str]
    rows: Callable[[int | None], Iterator[list[str | None] | int]]
    types: list[str] | None = None
    days: list[bool] | None = None


def same_headers(files: Sequence[File]) -> list[str]:
    """Headers of the first file, after the others have been compared with it."""
    first = files[0]
    for file in files:
        named = Counter(filter(None, file.headers))
        twice = [name for name, count in named.items() if count > 1]
        if not named:
            raise fault(file.path, "has no names in its header")
        if twice:
            raise fault(
                file.path,
                f"has the column {', '.join(map(shown, twice))} twice. Rename or take "
                "out one of them",
            )
        lacking = set(first.headers) - set(file.headers) - {""}
        added = set(file.headers) - set(first.headers) - {""}
        if lacking or added:
            lists = [
                f"{words} {', '.join(map(shown, sorted(names)))}"
                for words, names in (("lacks", lacking), ("also has", added))
                if names
            ]
            raise SegmentationError(
                "The files must have the same columns, in any order, but "
                f'"{file.path}" {" and ".join(lists)}, unlike '
                f'"{first.path}". Mend it, or inspect it alone.'
            )
    return first.headers


class Source:
    """The rows of all files, in the columns of the first one."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        kind: str,
        files: Sequence[File],
        headers: Sequence[str],
    ):
        self.connection, self.kind = connection, kind
        self.files, self.headers = files, headers
        self.types = [self._type(name) for name in headers]
        # A share of each file: later ones may decide what the first leaves open.
        share = max(1, ROWS // len(files))
        self.odd: list[tuple[File, int]] = []
        self.sample: list[list[str | None]] = []
        self.has_more = False
        for file in files:
            for number, row in enumerate(self._rows(file, share + 1), 1):
                if number > share:
                    self.has_more = True
                elif isinstance(row, int):
                    self.odd.append((file, row))
                else:
                    self.sample.append(row)
        if not self.sample and not self.odd:
            listed = f'"{files[0].path}"' + (", …" if len(files) > 1 else "")
            raise SegmentationError(
                f"There is no row below the header in {listed}; needed is at least one."
            )
        self._counts: dict[int, Counter[str]] = {}

    def _type(self, name: str) -> str:
        """Give the type that a column has in all files, otherwise that of text."""
        types = {
            file.types[file.headers.index(name)] if file.types else "text"
            for file in self.files
        }
        return types.pop() if len(types) == 1 else "text"

    def has_days(self, place: int) -> bool:
        """Tell whether a spreadsheet shows the numbers of a column as dates."""
        name = self.headers[place]
        return any(f.days and f.days[f.headers.index(name)] for f in self.files)

    def _rows(self, file: File, limit: int | None) -> Iterator[list[str | None] | int]:
        if [*file.headers] == [*self.headers]:
            yield from file.rows(limit)
            return
        # Columns without a name are told apart by their place alone.
        places = [
            file.headers.index(name) if name in file.headers else None
            for name in self.headers
        ]
        for row in file.rows(limit):
            if isinstance(row, int):
                yield row
            else:
                yield [None if place is None else row[place] for place in places]

    def counts(self, place: int) -> Counter[str]:
        """How often each value of a column stands in the sample."""
        if place not in self._counts:
            self._counts[place] = _counted(row[place] for row in self.sample)
        return self._counts[place]

    def chunks(self, places: Sequence[int]) -> Iterator[Counter[str]]:
        """Values of some columns over all rows, as many at a time as in the sample."""
        for file in self.files:
            rows = (row for row in self._rows(file, None) if not isinstance(row, int))
            while chunk := list(islice(rows, ROWS)):
                yield _counted(row[place] for row in chunk for place in places)

    def tell_odd_rows(self, talk: Talk) -> None:
        """Tell how many rows have not the fields of the header."""
        if self.odd:
            file, line = self.odd[0]
            rows = len(self.sample) + len(self.odd)
            talk.notes.append(
                f"Of {rows:,} rows, {len(self.odd):,} would not be loaded, first at "
                f'line {line} of "{file.path}": more or fewer fields than the header '
                "has, or a quote that is not closed."
            )

    def texts(self, values: Counter[str], cell: re.Pattern) -> Counter[str]:
        """Leave out what a spreadsheet holds as a number; its dates are numbers too."""
        if self.kind != "xlsx":
            return values
        return Counter({v: n for v, n in values.items() if not cell.fullmatch(v)})


def _counted(values: Iterable[str | None]) -> Counter[str]:
    # The loader trims blanks alone, so a tab or a hard blank must be told too.
    stripped = (value.strip(" ") for value in values if value)
    return Counter(value for value in stripped if value)
