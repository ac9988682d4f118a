"""The format of the dates in a column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product

import duckdb

from customer_segmentation.errors import SegmentationError
from customer_segmentation.inspection.files import FITTING, Source
from customer_segmentation.inspection.talk import Choice, Setting, Talk, set_to, shown
from customer_segmentation.sql import literal

__all__ = ["FORMATS", "date_settings", "share_of_dates"]

# Spreadsheets count days from 1899-12-30: these are those of the years 1954 to 2119.
_DAY = re.compile(r"[2-7][0-9]{4}([.][0-9]+)?")


def _made_formats() -> tuple[str, ...]:
    """List every format that is tried, the likelier of two alike first."""
    days = ["%Y-%m-%d", "%Y/%m/%d"]
    for sign, year in product("/.-", "Yy"):
        days.append(f"%d{sign}%m{sign}%{year}")
        if sign != ".":  # nobody puts points after the month
            days.append(f"%m{sign}%d{sign}%{year}")
    days += ["%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"]
    clocks = ["", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p"]
    bare_days, bare_clocks = (
        [re.sub("%([dmHI])", r"%-\1", text) for text in texts]
        for texts in (days, clocks)
    )
    # With a bare day a bare hour is likelier than a padded one.
    pairs = [
        *product([*days, "%Y%m%d"], clocks),
        *product(bare_days, bare_clocks),
        *product(days, bare_clocks),
        *product(bare_days, clocks),
    ]
    seconds = ["%H:%M", "%H:%M:%S", "%H:%M:%S.%g", "%H:%M:%S.%f"]
    moments = [
        "%Y-%m-%d" + between + clock for between, clock in product("T ", seconds)
    ]
    zoned = [
        moment + zone for moment, zone in product(moments, ["Z", "+00:00", " UTC"])
    ]
    return tuple(dict.fromkeys([*map("".join, pairs), *moments, *zoned]))


FORMATS = _made_formats()


def share_of_dates(
    source: Source, place: int, talk: Talk, *, is_named_so: bool = False
) -> float:
    """Tell which share of a column's values are dates, all in one form.

    A number of a spreadsheet may be a day. It is taken for one where it has the format
    of a date, or the header says so.
    """
    if source.types[place] == "date":
        return 1.0
    values = source.counts(place)
    texts = values
    if is_named_so or source.has_days(place):
        texts = source.texts(values, _DAY)
    fits = _date_fits(source.connection, texts, _formats_to_try(talk))
    dates = max(fits.values(), default=0) + values.total() - texts.total()
    return dates / max(values.total(), 1)


def _formats_to_try(talk: Talk) -> Sequence[str]:
    given = talk.answer("date_format")
    return [given] if given else FORMATS


def _apart(formats: Iterable[str]) -> list[str]:
    """Keep the first of those formats that would read a text as the same moment.

    Examples
    --------
    >>> _apart(["%d/%m/%Y", "%m/%d/%Y", "%-d/%-m/%Y"])
    ['%d/%m/%Y', '%m/%d/%Y']
    """
    first: dict[str, str] = {}
    for name in formats:
        first.setdefault(name.replace("%-", "%").replace("%B", "%b"), name)
    return [*first.values()]


def _date_fits(
    connection: duckdb.DuckDBPyConnection, values: Counter[str], formats: Sequence[str]
) -> dict[str, int]:
    """Count the values that each format reads and would write in the same way."""
    if len(formats) > 10:
        # The commonest values and some others leave few formats.
        probe = {value for value, _ in values.most_common(100)}
        probe |= {*list(values)[:: len(values) // 100 + 1]}
        shapes = {_shape(value) for value in probe}
        formats = [name for name in formats if _SHAPES.get(name) in shapes]
        formats = [*_fits_of(connection, Counter(probe), formats)]
    return _fits_of(connection, values, formats)


def _shape(text: str) -> str:
    """Leave of a text what is neither letter nor digit, and where those stand.

    Examples
    --------
    >>> _shape("31-Jan-22 8:05")
    '0-a-0 0:0'
    """
    return re.sub("[0-9]+", "0", re.sub("[A-Za-z]+", "a", text))


_SHAPES = {
    name: _shape(re.sub("%-?[A-Za-z]", "0", re.sub("%[bBp]", "a", name)))
    for name in FORMATS
}


def _fits_of(
    connection: duckdb.DuckDBPyConnection, values: Counter[str], formats: Sequence[str]
) -> dict[str, int]:
    if not values or not formats:
        return {}
    sums = ", ".join(
        f"sum(count) filter (strftime(try_strptime(value, {f}), {f}) = value)"
        for f in map(literal, formats)
    )
    try:
        found = connection.execute(
            f"select {sums} from (select unnest($1) as value, unnest($2) as count)",
            [list(values), list(values.values())],
        ).fetchone()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise SegmentationError(
            f"The date format {shown(formats[0])} is not allowed ({reason}); needed "
            "are strptime's letters, such as '%d/%m/%Y'."
        ) from None
    return {
        date_format: int(fits)
        for date_format, fits in zip(formats, found, strict=True)
        if fits
    }


def date_settings(source: Source, columns: dict[str, int], talk: Talk) -> list[Setting]:
    """Settle the format of sold_at, if there is one and its dates are text."""
    place = columns.get("sold_at")
    if place is None or source.types[place] == "date":
        return []
    values = source.texts(source.counts(place), _DAY)
    header = shown(source.headers[place])
    days = source.counts(place) - values
    if days and not source.has_days(place):
        talk.notes.append(
            f"{header} holds numbers, such as {shown(next(iter(days)))}, that are not "
            "shown as dates: they would be read as days since 1899-12-30."
        )
    if not values:
        return []
    if values.total() < source.counts(place).total():
        talk.notes.append(
            f"{header} holds text, such as {shown(next(iter(values)))}, beside cells "
            "with dates: date_format is that of the text."
        )
    given = talk.answer("date_format")
    fits = _date_fits(source.connection, values, _formats_to_try(talk))
    best = max(fits.values(), default=0)
    total = values.total()
    if given:
        setting = set_to("date_format", given)
    elif best < FITTING * total:
        setting = _settle_nearest(header, values, fits, source, talk)
    else:
        left = [name for name in FORMATS if fits.get(name) == best]
        if len(left) > 1 and source.has_more:
            left = _left_by_all(source, place, left)
        left = _apart(left)
        if len(left) == 1:
            setting = set_to("date_format", left[0])
        else:
            setting = talk.settle("date_format", _meanings(source, values, left))
    if setting.written != "choose":
        form = setting.value
        unfit = total - _fits_of(source.connection, values, [form]).get(form, 0)
        if unfit:
            example = _unfit(source.connection, values, form)
            talk.notes.append(
                f"{header}: {unfit:,} of {total:,} values would be refused, such as "
                f"{shown(example)}; needed are dates of the form {shown(form)}."
            )
    return [setting]


def _settle_nearest(
    header: str,
    values: Counter[str],
    fits: dict[str, int],
    source: Source,
    talk: Talk,
) -> Setting:
    """Ask where the dates are written in several ways: one format must do for all."""
    nearest = sorted(fits, key=lambda name: (-fits[name], FORMATS.index(name)))[:3]
    total = values.total()
    talk.notes.append(
        f"{header} holds dates of several forms, and the table has one format: write "
        "them in one form, or lose the rows of the others."
    )
    return talk.settle(
        "date_format",
        (
            Choice(
                name,
                f"{fits[name] / total:.0%} of the values, but not "
                f"{shown(_unfit(source.connection, values, name))}",
            )
            for name in nearest
        ),
    )


def _left_by_all(source: Source, place: int, formats: Sequence[str]) -> list[str]:
    """Go through all rows, where the sample has left several formats."""
    fits: Counter[str] = Counter()
    for values in source.chunks([place]):
        texts = source.texts(values, _DAY)
        fits.update(_date_fits(source.connection, texts, formats))
    best = max(fits.values(), default=0)
    return [name for name in formats if fits[name] == best]


def _unfit(
    connection: duckdb.DuckDBPyConnection, values: Counter[str], date_format: str
) -> str:
    f = literal(date_format)
    return connection.execute(
        f"select value from (select unnest($1) as value) where "
        f"coalesce(strftime(try_strptime(value, {f}), {f}) <> value, true) limit 1",
        [list(values)],
    ).fetchone()[0]


def _meanings(
    source: Source, values: Counter[str], formats: Sequence[str]
) -> list[Choice]:
    """Show what each format makes of a value, if possible one that tells them apart."""
    read = ", ".join(f"try_strptime(value, {literal(name)})" for name in formats)
    value, *moments = source.connection.execute(
        f"select value, {read} from (select unnest($1) as value) "
        f"order by len(list_distinct([{read}])) desc, value limit 1",
        [list(values)],
    ).fetchone()
    return [
        Choice(
            name,
            f"{shown(value)} is {moment.day} {moment:%B} {moment.year}"
            if moment
            else f"{shown(value)} is no date",
        )
        for name, moment in zip(formats, moments, strict=True)
    ]
