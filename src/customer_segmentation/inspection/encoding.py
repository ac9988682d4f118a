"""The encoding of a text file, told by decoding all of it."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from customer_segmentation.errors import SegmentationError
from customer_segmentation.inspection.talk import Talk, fault, shown

__all__ = ["HEAD", "decoded", "encoding_of_all", "refuse_binary", "wide_encoding"]

HEAD = 1 << 18
"""Characters of each file in which delimiter and quote are looked for."""

# Where latin-1 has no signs, and where Windows-1252 has none either.
_CONTROLS = re.compile(rb"[\x80-\x9f]")
_NOT_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise fault(
            path, f"cannot be unpacked ({error}). Copy or pack it anew"
        ) from None


@contextmanager
def decoded(path: Path, encoding: str) -> Iterator[TextIO]:
    """Open a file as text, its line ends as they are."""
    with _opened(path) as file:
        # A byte order mark is no part of the first header.
        name = "utf-8-sig" if encoding == "utf-8" else encoding
        yield io.TextIOWrapper(file, encoding=name, newline="")


def _chunks(path: Path) -> Iterator[bytes]:
    with _opened(path) as file:
        while chunk := file.read(HEAD):
            yield chunk


def encoding_of_all(paths: Sequence[Path], talk: Talk) -> str:
    """Name the one encoding of all files.

    Raises
    ------
    SegmentationError
        If there is none, or a file is empty or holds no text.
    """
    given = talk.answer("encoding")
    if given:
        return [_decode(path, given) for path in paths][0]
    # The first file of each encoding.
    found = {}
    for path in paths:
        encoding, note = _encoding_of(path)
        found.setdefault(encoding, (path, note))
    # What is in one of these is in the other too.
    for smaller, larger in (
        ("latin-1", "cp1252"),
        *(("ascii", other) for other in ("utf-8", "latin-1", "cp1252")),
    ):
        if larger in found:
            found.pop(smaller, None)
    if len(found) > 1:
        listed = ", ".join(f'"{path}" ({name})' for name, (path, _) in found.items())
        raise SegmentationError(
            f"The files are in several encodings: {listed}. Save all as UTF-8."
        )
    ((encoding, (_, note)),) = found.items()
    if note:
        talk.notes.append(note)
    return "utf-8" if encoding == "ascii" else encoding


def _decode(path: Path, encoding: str) -> str:
    """Hold a whole file to an encoding, and give its plain name."""
    try:
        "".encode(encoding)  # which is a LookupError for codecs of other than text
        decoder = codecs.getincrementaldecoder(encoding)()
        name = codecs.lookup(encoding).name
    except LookupError:
        raise SegmentationError(
            f"The encoding {shown(encoding)} is unknown. Give --encoding utf-8, "
            "utf-16, latin-1 or cp1252."
        ) from None
    name = {"iso8859-1": "latin-1"}.get(name, name)
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
            if name == "latin-1" and _CONTROLS.search(chunk):
                raise fault(
                    path,
                    "holds bytes from 0x80 to 0x9f, which latin-1 has no signs for. "
                    "Give --encoding cp1252",
                )
        decoder.decode(b"", True)
    except UnicodeError as error:
        raise fault(
            path,
            f"is not in the encoding {encoding} ({getattr(error, 'reason', error)}). "
            "Leave --encoding out to see what it could be",
        ) from None
    return name


def _encoding_of(path: Path) -> tuple[str, str | None]:
    """Decode a whole file; name its encoding, and what the user should know of it."""
    is_ascii = is_utf_8 = True
    utf_8 = codecs.getincrementaldecoder("utf-8")()
    start = b""
    for chunk in _chunks(path):
        if not start:
            start = chunk
            wide = wide_encoding(path, chunk)
            if wide:
                return _decode(path, wide), None
            refuse_binary(path, chunk)
        is_ascii = is_ascii and chunk.isascii()
        try:
            utf_8.decode(chunk)
        except UnicodeDecodeError:
            is_utf_8 = False
            break
    if not start:
        raise fault(path, "is empty; needed is a header and rows below it")
    if is_utf_8:
        try:
            utf_8.decode(b"", True)
            return "ascii" if is_ascii else "utf-8", None
        except UnicodeDecodeError:
            pass
    return _narrow_encoding(path)


def wide_encoding(path: Path, start: bytes) -> str | None:
    """Tell an encoding of two bytes a sign by the beginning of a file."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise fault(path, "is in UTF-32. Save it as UTF-8")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a mark the decoder must be told on which side the zeros stand.
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) > len(start) / 10 and min(even, odd) < len(start) / 100:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def refuse_binary(path: Path, start: bytes) -> None:
    """Stop where the beginning of a file is no text of one byte a sign."""
    controls = sum(map(start.count, [*range(9), *range(14, 26), *range(28, 32)]))
    if 0 in start or controls > len(start) / 50:
        raise fault(
            path,
            "holds no text, and is of no known kind. Known are CSV, TSV and other "
            "delimited text (plain or gzipped), Parquet and xlsx. Export the table as "
            "one of them",
        )


def _narrow_encoding(path: Path) -> tuple[str, str]:
    """Tell latin-1 from Windows-1252, and both from UTF-8 with a few broken lines."""
    lines = signs = strays = 0
    first_line, word, has_controls, is_cp1252 = None, b"", False, True
    with _opened(path) as file:
        for line in file:
            lines += 1
            if line.isascii():
                continue
            text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
            broken = text.count("\ufffd")
            signs += sum(not sign.isascii() for sign in text) - broken
            if not broken:
                continue
            strays += broken
            has_controls |= bool(_CONTROLS.search(line))
            is_cp1252 &= not _NOT_IN_CP1252.search(line)
            if first_line is None:
                first_line = lines
                word = re.search(rb"[\w.-]*[\x80-\xff][\w.\x80-\xff-]*", line)[0]
    if signs > strays:
        raise fault(
            path,
            f"is in UTF-8 but for line {first_line} and maybe others, so that no "
            "encoding fits all of it. Save it as UTF-8 anew",
        )
    if has_controls and not is_cp1252:
        raise fault(
            path,
            "is in none of UTF-8, UTF-16, latin-1 and Windows-1252 (line "
            f"{first_line}). Save it as UTF-8, or name its encoding with --encoding",
        )
    encoding = "cp1252" if has_controls else "latin-1"
    why = (
        "; its bytes from 0x80 to 0x9f, which latin-1 has no signs for, point to "
        "Windows-1252 (cp1252)"
        if has_controls
        else ""
    )
    return encoding, (
        f'File "{path}" is not in UTF-8 (line {first_line}){why}. In '
        f"{encoding} that line holds {shown(word.decode(encoding))}: if this looks "
        "wrong, save the file as UTF-8 and inspect it again."
    )
