"""Files whose columns or cells have types: Parquet and xlsx."""

from __future__ import annotations

import glob
import re
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import duckdb

from customer_segmentation.errors import SegmentationError
from customer_segmentation.extensions import load_extension
from customer_segmentation.inspection.columns import known
from customer_segmentation.inspection.files import BROKEN_ZIP, File
from customer_segmentation.inspection.talk import (
    Choice,
    Setting,
    Talk,
    fault,
    listed,
    set_to,
    shown,
)
from customer_segmentation.sql import literal

__all__ = ["read_parquet", "read_xlsx"]


def read_parquet(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], talk: Talk
) -> tuple[list[Setting], list[File]]:
    """Open Parquet; see `READERS`."""
    files = []
    for path in paths:
        source = f"read_parquet({literal(glob.escape(str(path)))})"
        try:
            described = connection.execute(f"describe from {source}").fetchall()
        except duckdb.Error as error:
            raise _unreadable(path, "parquet", error) from None
        types = [_type(column[1]) for column in described]
        query = f"select cast(columns(*) as varchar) from {source}"

        def rows(limit, path=path, query=query):
            return _typed_rows(connection, path, "parquet", query, limit)

        files.append(File(path, [column[0] for column in described], rows, types))
    return [], files


def _type(name: str) -> str:
    if re.match(r"DATE|TIMESTAMP", name) and not name.endswith("[]"):
        return "date"
    numbers = r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)"
    return "number" if re.fullmatch(numbers, name) else "text"


def _typed_rows(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    kind: str,
    query: str,
    limit: int | None,
) -> Iterator[list[str | None]]:
    try:
        # Of its own, so that the result outlives other queries.
        cursor = connection.cursor()
        cursor.execute(query if limit is None else f"{query} limit {limit}")
        while chunk := cursor.fetchmany(10_000):
            yield from ([*row] for row in chunk if any(row))
    except duckdb.Error as error:
        raise _unreadable(path, kind, error) from None


def _unreadable(path: Path, kind: str, error: Exception) -> SegmentationError:
    reason = str(error).splitlines()[0].rstrip(".")
    return fault(path, f"cannot be read as {kind} ({reason}). Write it anew")


def read_xlsx(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], talk: Talk
) -> tuple[list[Setting], list[File]]:
    """Open spreadsheets; see `READERS`."""
    load_extension(connection, "excel")
    books = []
    for path in paths:
        sheets = {}
        for name, is_hidden in _sheets(path):
            query = (
                f"from read_xlsx({literal(path)}, sheet = {literal(name)}, "
                "header = false, all_varchar = true, stop_at_empty = false)"
            )
            try:
                first = connection.execute(f"{query} limit 1").fetchone()
            except duckdb.BinderException as error:
                if "No rows found" not in str(error):
                    raise _unreadable(path, "xlsx", error) from None
                first = None
            except duckdb.Error as error:
                raise _unreadable(path, "xlsx", error) from None
            sheets[name] = (query, is_hidden, [(v or "").strip() for v in first or ()])
        if not any(any(header) for _, _, header in sheets.values()):
            raise fault(path, "is empty; needed is a header and rows below it")
        books.append(sheets)
    setting = _sheet(paths, books, talk)
    files = []
    for path, sheets in zip(paths, books, strict=True):
        name = setting.value if setting else next(iter(sheets))
        query, _, header = sheets[name]
        days = _days(connection, path, name)

        def rows(limit, path=path, query=query):
            # The header is a row of the sheet like any other.
            limit = limit and limit + 1
            return islice(_typed_rows(connection, path, "xlsx", query, limit), 1, None)

        is_known = len(days) == len(header)
        files.append(File(path, header, rows, days=days if is_known else None))
    return [setting] if setting else [], files


def _days(connection: duckdb.DuckDBPyConnection, path: Path, sheet: str) -> list[bool]:
    """Tell which columns have the format of a date in the first row of the sheet."""
    try:
        described = connection.execute(
            f"describe from read_xlsx({literal(path)}, sheet = {literal(sheet)}, "
            "header = true, stop_at_empty = false)"
        ).fetchall()
    except duckdb.Error:
        return []
    return [_type(column[1]) == "date" for column in described]


def _sheets(path: Path) -> list[tuple[str, bool]]:
    """Name the sheets of a workbook, and whether each is hidden."""
    try:
        with zipfile.ZipFile(path) as archive:
            book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
            relations = ElementTree.fromstring(
                archive.read("xl/_rels/workbook.xml.rels")
            )
    except (KeyError, ElementTree.ParseError, *BROKEN_ZIP) as error:
        raise _unreadable(path, "xlsx", error) from None
    # The namespaces of strict and of transitional files differ.
    settings = book.find("{*}workbookPr")
    if settings is not None and settings.get("date1904") in ("1", "true"):
        raise fault(
            path,
            "counts its days from 1904, so that every date would be read four years "
            "too early. Save it as CSV in UTF-8, or turn off the 1904 date system",
        )
    tables = {
        relation.get("Id")
        for relation in relations
        if relation.get("Type", "").endswith("/worksheet")
    }
    return [
        (sheet.get("name"), sheet.get("state", "visible") != "visible")
        for sheet in book.findall("{*}sheets/{*}sheet")
        if any(value in tables for key, value in sheet.items() if key.endswith("}id"))
    ]


def _sheet(
    paths: Sequence[Path], books: Sequence[dict[str, tuple]], talk: Talk
) -> Setting | None:
    """Name the sheet, unless each file has a single one."""
    given = talk.answer("sheet")
    if not given and all(len(sheets) == 1 for sheets in books):
        return None
    names = [name for name in books[0] if all(name in sheets for sheets in books)]
    if given and given not in names:
        path, sheets = next(
            (path, sheets)
            for path, sheets in zip(paths, books, strict=True)
            if given not in sheets
        )
        raise fault(
            path,
            f"has no sheet {shown(given)}; it has {', '.join(map(shown, sheets))}",
        )
    if given:
        return set_to("sheet", given)
    filled = [name for name in names if all(any(sheets[name][2]) for sheets in books)]
    visible = [name for name in filled if not books[0][name][1]] or filled
    if not visible:
        raise SegmentationError(
            "The files have no sheet in common that holds a table. Give the sheet the "
            "same name in each, or inspect them one by one."
        )
    if len(visible) == 1:
        return set_to("sheet", visible[0])
    visible.sort(key=lambda name: -known(books[0][name][2]))
    return talk.settle(
        "sheet",
        (
            Choice(name, f"its columns are {listed(books[0][name][2])}")
            for name in visible
        ),
        "what follows is read from the first of them",
    )
