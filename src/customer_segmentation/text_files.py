"""What stands in a text file, told before a warehouse reads it."""

from __future__ import annotations

import atexit
import csv
import gzip
import io
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TextIO

from customer_segmentation.errors import SegmentationError

__all__ = ["TextFile", "look_at", "readable", "remove_copies"]

# More than this is a fault of the export, and none of a few lost rows.
MOST_BLANK_LINES = 10_000


@dataclass(frozen=True)
class TextFile:
    """Lines and header of a delimited text file.

    Attributes
    ----------
    header : tuple of str
        Names in the first record, without outer blanks.
    lines : int
        Lines of the file, those of the header and blank ones included.
    header_lines : int
        Lines of the header: more than one where a name holds a line break.
    lines_before : int
        Blank lines before the header.
    blank_records : tuple of int
        Numbers of the empty lines outside quotes, from 1; line breaks within fields
        do not count, those of the header included.
    has_mixed_line_ends : bool
        Whether some lines end in CR LF, and others in LF alone.
    """

    header: tuple[str, ...]
    lines: int
    header_lines: int
    lines_before: int
    blank_records: tuple[int, ...]
    has_mixed_line_ends: bool


def look_at(path: Path, *, encoding: str, delimiter: str, quote: str) -> TextFile:
    """Read a file once, line by line, and tell what a reader will meet.

    Parameters
    ----------
    path : Path
        Plain, or gzipped with a name that ends in ``.gz``.
    encoding : str
        As Python names it; a byte order mark is left out.
    delimiter, quote : str
        One character each; a quote within quotes is doubled.

    Returns
    -------
    TextFile

    Raises
    ------
    SegmentationError
        If the file is empty, is not in this encoding, or ends its lines in CR alone.
    """
    stat = path.stat()
    return _look_at(path, encoding, delimiter, quote, stat.st_mtime_ns, stat.st_size)


def readable(path: Path, *, encoding: str | None = None) -> str:
    """Give a path under which a warehouse can read the file.

    Parameters
    ----------
    path : Path
        The user's file.
    encoding : str, optional
        Where it is given, the file is written anew, in UTF-8 with LF at every line's
        end: for encodings that the warehouse does not know, and mixed line ends.

    Returns
    -------
    str
        The path itself; or that of a copy, or of a link where the name holds signs of
        a glob. Both live as long as the process, or until `remove_copies`.
    """
    if encoding is None and not set("*?[") & set(str(path)):
        return str(path)
    stat = path.stat()
    return _readable(path, encoding, stat.st_mtime_ns, stat.st_size)


@cache
def _readable(path: Path, encoding: str | None, *_changed: int) -> str:
    folder = Path(mkdtemp(dir=_folder_of_copies()))
    plain = re.sub(r"[*?\[\]]", "_", path.name)
    if encoding is None:
        (folder / plain).symlink_to(path.resolve())
        return str(folder / plain)
    copied = folder / plain.removesuffix(".gz")
    with _opened(path, encoding) as source, copied.open("wb") as copy:
        for line in source:
            line = line.removesuffix("\n").removesuffix("\r")
            copy.write(f"{line}\n".encode())
    return str(copied)


def remove_copies() -> None:
    """Remove what `readable` made: a worker of Spark lives long, and ends at once."""
    if _folder_of_copies.cache_info().currsize:
        shutil.rmtree(_folder_of_copies(), ignore_errors=True)
    _folder_of_copies.cache_clear()
    _readable.cache_clear()


@cache
def _folder_of_copies() -> str:
    folder = mkdtemp(prefix="customer_segmentation_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


# A build looks at each file before anything is touched, and again when it is read.
@cache
def _look_at(
    path: Path, encoding: str, delimiter: str, quote: str, *_changed: int
) -> TextFile:
    with _opened(path, encoding) as file:
        counted = _Counted(file, delimiter, quote)
        records = csv.reader(
            counted,
            delimiter=delimiter,
            quotechar=quote or None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        )
        try:
            header = next(filter(None, records), None)
        except csv.Error as error:
            raise SegmentationError(
                f"has no header that can be read ({error}). Look for a quote that is "
                "not closed, and for lines that end in CR alone: save those with LF"
            ) from None
        if header is None:
            raise SegmentationError("is empty; needed is a header and rows below it")
        lines_before = len(counted.blank_records)
        header_lines = counted.lines - lines_before
        for _ in counted:
            pass
    blank_records = counted.blank_records
    if len(header) == 1:  # a blank line is a row like any other
        blank_records = blank_records[:lines_before]
    return TextFile(
        header=tuple(name.strip() for name in header),
        lines=counted.lines,
        header_lines=header_lines,
        lines_before=lines_before,
        blank_records=tuple(blank_records),
        has_mixed_line_ends=counted.lf > 0 and counted.cr_lf > 0,
    )


class _Counted:
    """The lines of a file, counted on their way; quotes tell what is between them."""

    def __init__(self, file: TextIO, delimiter: str, quote: str):
        self._file, self._delimiter, self._quote = file, delimiter, quote
        self.lines = self.lf = self.cr_lf = self._breaks = 0
        self.blank_records: list[int] = []

    def __iter__(self) -> Iterator[str]:
        is_quoted = False
        for line in self._file:
            self.lines += 1
            if not is_quoted and line in ("\n", "\r\n"):
                self.blank_records.append(self.lines - self._breaks)
                if len(self.blank_records) > MOST_BLANK_LINES:
                    raise SegmentationError(
                        f"holds more than {MOST_BLANK_LINES:,} blank lines, the last "
                        f"seen is line {self.lines}. Take them out"
                    )
            was_quoted = is_quoted
            if self._quote and self._quote in line:
                is_quoted = self._is_quoted_after(line, is_quoted)
            self._breaks += is_quoted
            if not is_quoted:
                is_cr_lf = line.endswith("\r\n")
                self.cr_lf += is_cr_lf
                self.lf += line.endswith("\n") and not is_cr_lf
                if "\r" in line[: -2 if is_cr_lf else None] and not was_quoted:
                    self._refuse_cr(line)
            yield line

    def _is_quoted_after(self, line: str, is_quoted: bool) -> bool:
        """Tell whether a field is open at the end of a line.

        A quote opens a field only where one begins, and a doubled one closes none.
        """
        place = 0
        while True:
            if not is_quoted:
                is_quoted = line.startswith(self._quote, place)
                place += 1
            while is_quoted:
                place = line.find(self._quote, place)
                if place < 0:
                    return True
                is_quoted = line.startswith(self._quote, place + 1)
                place += 1 + is_quoted
            place = line.find(self._delimiter, place - 1)
            if place < 0:
                return False
            place += 1

    def _refuse_cr(self, line: str) -> None:
        if self._quote:
            mark, sign = re.escape(self._quote), re.escape(self._delimiter)
            quoted = f"(^|{sign}){mark}(?:[^{mark}]|{mark}{mark})*{mark}"
            if "\r" not in re.sub(quoted, r"\1", line.removesuffix("\r\n")):
                return
        raise SegmentationError(
            f"ends a line in CR alone, as old Macintoshes did: see line {self.lines}. "
            "Save it with LF or CR LF"
        )


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file as text whose lines end in LF, CR before it included."""
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as raw:
            text = io.TextIOWrapper(raw, encoding=name, newline="\n")
            # Encodings that name their byte order keep the mark of it.
            if name != "utf-8-sig" and text.read(1) != "\ufeff":
                text.seek(0)
            yield text
    except UnicodeDecodeError as error:
        raise SegmentationError(
            f"is not in the encoding {encoding} ({error.reason} at "
            f"{_line_of(path, encoding)}). Set its key encoding: latin-1 and utf-16 "
            "are the most common others; or save it as UTF-8"
        ) from None
    except UnicodeError as error:  # UTF-16 without a byte order mark, for one
        raise SegmentationError(
            f"is not in the encoding {encoding} ({error}). Set its key encoding"
        ) from None
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise SegmentationError(f"cannot be unpacked ({error})") from None


def _line_of(path: Path, encoding: str) -> str:
    """Tell the first line that cannot be decoded; a decoder goes by blocks."""
    opener = gzip.open if path.suffix == ".gz" else open
    if encoding != "utf-8":
        return "a line of it"
    with opener(path, "rb") as raw:
        for number, line in enumerate(raw, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return f"line {number}"
    return "its end"
