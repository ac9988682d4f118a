"""From a file to the block of ``input_files`` that loads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb

from customer_segmentation.inspection.columns import (
    AMOUNTS,
    CUSTOMERS,
    SALE_LINES,
    TABLES,
    Column,
    likeness,
)
from customer_segmentation.inspection.dates import date_settings, share_of_dates
from customer_segmentation.inspection.files import (
    FITTING,
    PLAUSIBLE,
    Source,
    found_files,
    kind_of_all,
    same_headers,
)
from customer_segmentation.inspection.numbers import (
    are_rates,
    decimal_settings,
    share_of_numbers,
)
from customer_segmentation.inspection.talk import (
    Question,
    Setting,
    Talk,
    listed,
    scalar,
    set_to,
    shown,
)
from customer_segmentation.inspection.text import read_text
from customer_segmentation.inspection.typed import read_parquet, read_xlsx

__all__ = ["Proposal", "inspect_file"]

# Each opens files of its kind, and settles the keys that this takes.
READERS = {"text": read_text, "parquet": read_parquet, "xlsx": read_xlsx}


@dataclass(frozen=True)
class Proposal:
    """What `inspect_file` found.

    Attributes
    ----------
    block : str
        YAML for ``dbt_project.yml``.
    notes : tuple of str
        What the user should know of the file.
    open : tuple of str
        What the user has to add to the block before it can be used.
    """

    block: str
    notes: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


def inspect_file(
    path: str,
    *,
    table: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    date_format: str | None = None,
    decimal_sign: str | None = None,
    ask: Callable[[Question], str | None] | None = None,
) -> Proposal:
    """Propose how a file of the user's own sales or customers is loaded.

    Parameters
    ----------
    path : str
        A file, or a glob of files with the same columns.
    table : {"sale_lines", "customers"}, optional
        By default customers where there is one row for each customer and no amount,
        otherwise sale_lines.
    delimiter, encoding, sheet, date_format, decimal_sign : str, optional
        Answers to what the file may leave open.
    ask : callable, optional
        Takes a `Question` and returns the chosen value or None. By default nobody is
        asked: the key then has the value ``choose``, which no build accepts.

    Returns
    -------
    Proposal

    Raises
    ------
    SegmentationError
        If there is no file, or one is empty, broken, of an unknown kind, without a
        header that can be used, or unlike the others.
    """
    given = {
        "delimiter": {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter),
        "encoding": encoding,
        "sheet": sheet,
        "date_format": date_format,
        "decimal_sign": decimal_sign,
    }
    talk = Talk({key: value for key, value in given.items() if value}, ask)
    pattern, paths = found_files(path)
    kind = kind_of_all(paths)
    with duckdb.connect() as connection:
        settings, files = READERS[kind](connection, paths, talk)
        source = Source(connection, kind, files, same_headers(files))
        name, columns = _table(source, table, talk)
        source.tell_odd_rows(talk)
        if name == "sale_lines":
            settings += date_settings(source, columns, talk)
        settings += decimal_settings(source, TABLES[name], columns, talk)
        missing = _missing(source, name, columns, talk)
    for key in sorted(talk.given.keys() - talk.used):
        flag = "--" + key.replace("_", "-")
        talk.notes.append(f"{flag} was not needed.")
    settings.insert(0, set_to("path", pattern))
    block = _block(name, settings, source.headers, columns, missing)
    return Proposal(block, tuple(talk.notes), tuple(talk.open))


def _block(
    table: str,
    settings: Sequence[Setting],
    headers: Sequence[str],
    columns: dict[str, int],
    missing: Sequence[str],
) -> str:
    indent = " " * 8
    lines = ["vars:", "  input_files:", "    own:", f"      {table}:"]
    for key, _, written, comments in settings:
        is_sign = key in ("delimiter", "date_format", "decimal_sign")
        style = '"' if is_sign and written != "choose" else None
        lines.append(f"{indent}{key}: {scalar(written, style)}")
        lines += [f"{indent}# {comment}" for comment in comments]
    lines.append(f"{indent}columns:" if columns else f"{indent}columns: {{}}")
    for column in TABLES[table]:
        if column.name in columns:
            header = scalar(headers[columns[column.name]])
            lines.append(f"{indent}  {column.name}: {header}")
    lines += [f"{indent}  # {comment}" for comment in missing]
    unused = [
        shown(header)
        for place, header in enumerate(headers)
        if place not in columns.values()
    ]
    if unused:
        lines.append(f"{indent}  # unused: {', '.join(unused)}")
    return "\n".join(lines) + "\n"


def _table(source: Source, given: str | None, talk: Talk) -> tuple[str, dict[str, int]]:
    """Decide the table, and which column of the file is which of it."""
    notes: list[str] = []
    columns = {} if given == "customers" else _proposed(source, SALE_LINES, talk, notes)
    if given == "sale_lines" or {*AMOUNTS} & {*columns}:
        talk.notes += notes
        return "sale_lines", columns
    of_customers: list[str] = []
    customers = _proposed(source, CUSTOMERS, talk, of_customers)
    # Many a shop notes the day on which a customer came.
    is_person = bool({*customers} - {column.name for column in SALE_LINES})
    if given is None and _is_unique(source, customers.get("customer_id")):
        given = "customers" if is_person or "sold_at" not in columns else None
        if given:
            talk.notes.append(
                "There is one row for each customer and no amount: this is proposed as "
                "the table customers. If they are sales, give --table sale_lines."
            )
    talk.notes += of_customers if given else notes
    return (given, customers) if given else ("sale_lines", columns)


def _is_unique(source: Source, place: int | None) -> bool:
    if place is None:
        return False
    values = source.counts(place)
    return len(values) >= FITTING * values.total()


def _proposed(
    source: Source, table: Sequence[Column], talk: Talk, notes: list[str]
) -> dict[str, int]:
    """Give each column the header that fits best, if its content fits too."""
    pairs = sorted(
        (fit, order, place)
        for order, column in enumerate(table)
        for place, header in enumerate(source.headers)
        if header and (fit := likeness(header, column))
    )
    columns: dict[str, int] = {}
    refused = []
    for _, order, place in pairs:
        name = table[order].name
        if name in columns or place in columns.values():
            continue
        reason = _refusal(source, table[order], place, talk)
        if reason:
            refused.append((name, place, reason))
        else:
            columns[name] = place
    notes += [
        f"{shown(source.headers[place])} is not proposed as {name}: {reason}."
        for name, place, reason in refused
        if name not in columns and place not in columns.values()
    ]
    return columns


def _refusal(source: Source, column: Column, place: int, talk: Talk) -> str | None:
    """Say why a column of the file cannot be what its header says, None if it can."""
    values = source.counts(place)
    if not values:
        return "it is empty"
    its_values = f"its values, such as {shown(next(iter(values)))}, are"
    if column.name == "sold_at":
        if share_of_dates(source, place, talk, is_named_so=True) < PLAUSIBLE:
            form = talk.answer("date_format")
            return f"{its_values} " + (
                f"not of the form {shown(form)}"
                if form
                else "no dates of a known form (--date-format gives another)"
            )
    elif column.decimals is not None:
        if source.types[place] == "date":
            return f"{its_values} dates"
        if share_of_numbers(values) < PLAUSIBLE:
            return f"{its_values} no numbers"
        if column.name == "discount_amount" and are_rates(values):
            return f"{its_values} rates rather than amounts"
    elif column.name.endswith("_band") and share_of_numbers(values) == 1:
        return f"{its_values} no bands"
    return None


def _missing(
    source: Source, table: str, columns: dict[str, int], talk: Talk
) -> list[str]:
    """Tell what is needed and not there, as comments of the block."""
    free = [
        place
        for place, header in enumerate(source.headers)
        if header and place not in columns.values()
    ]
    dates = [place for place in free if share_of_dates(source, place, talk) >= FITTING]
    numbers = [
        place
        for place in free
        if place not in dates and share_of_numbers(source.counts(place)) >= FITTING
    ]
    needed = [("customer_id", ["customer_id"], "")]
    if table == "sale_lines":
        needed += [
            ("sold_at", ["sold_at"], _hint(source, dates, "dates")),
            (
                "one of " + ", ".join(AMOUNTS),
                AMOUNTS,
                _hint(source, numbers, "numbers"),
            ),
        ]
    comments = []
    for what, names, hint in needed:
        if not {*names} & {*columns}:
            comments.append(f"{what} is needed: name its column here{hint}")
            talk.open.append(f"name the column of {what}")
    return comments


def _hint(source: Source, places: Sequence[int], what: str) -> str:
    names = listed([source.headers[place] for place in places])
    return f" ({what} stand in {names})" if places else ""
