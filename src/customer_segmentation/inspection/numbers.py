"""The decimal sign of the numbers in some columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from customer_segmentation.inspection.columns import Column
from customer_segmentation.inspection.files import FITTING, ROWS, Source
from customer_segmentation.inspection.talk import Choice, Setting, Talk, set_to, shown

__all__ = ["are_rates", "decimal_settings", "share_of_numbers"]

# What is left of a cell with a number, whatever its format in the spreadsheet.
_CELL = re.compile(r"-?\d+([.]\d+)?([eE][-+]?\d+)?")


def _number(text: str, sign: str) -> float | None:
    """Read a number with a currency sign and blanks, None where it is none.

    Examples
    --------
    >>> _number("1.234,50 €", ","), _number("1,234", "."), _number("1,234", ",")
    (1234.5, 1234.0, 1.234)
    >>> _number("12,5", "."), _number("12 pieces", ".")
    (None, None)
    """
    text = re.sub(r"[$€£\s]", "", text)
    thousands = "," if sign == "." else "."
    # No group of thousands begins with a zero: 0,125 has a decimal comma.
    whole = rf"[1-9][0-9]{{0,2}}([{thousands}][0-9]{{3}})+|[0-9]+"
    if not re.fullmatch(rf"[-+]?({whole})([{sign}][0-9]+)?", text):
        return None
    return float(text.replace(thousands, "").replace(sign, "."))


@lru_cache(maxsize=4 * ROWS)
def _readings(text: str) -> tuple[float | None, float | None]:
    """Read a number with either decimal sign."""
    return _number(text, "."), _number(text, ",")


def share_of_numbers(values: Counter[str]) -> float:
    """Tell which share of some values are numbers with either decimal sign."""
    numbers = sum(n for value, n in values.items() if _readings(value) != (None, None))
    return numbers / max(values.total(), 1)


def are_rates(values: Counter[str]) -> bool:
    """Tell whether all numbers lie between zero and one."""
    numbers = [n for value in values for n in _readings(value) if n is not None]
    return any(numbers) and all(0 <= number <= 1 for number in numbers)


class _Evidence(NamedTuple):
    """How many numbers tell the decimal sign, and one that does not."""

    point: int
    comma: int
    open: str | None


def _evidence(chunks: Iterable[Counter[str]]) -> _Evidence:
    point = comma = 0
    example = None
    for values in chunks:
        for value, count in values.items():
            with_point, with_comma = _readings(value)
            if with_comma is None and with_point is not None:
                point += count
            elif with_point is None and with_comma is not None:
                comma += count
            elif with_point != with_comma:
                example = example or value
    return _Evidence(point, comma, example)


def decimal_settings(
    source: Source, table: Sequence[Column], columns: dict[str, int], talk: Talk
) -> list[Setting]:
    """Settle the decimal sign, if there are numbers that are text."""
    numbers = {
        column: columns[column.name]
        for column in table
        if column.decimals is not None
        and column.name in columns
        and source.types[columns[column.name]] == "text"
    }
    texts = {
        column: values
        for column, place in numbers.items()
        if (values := source.texts(source.counts(place), _CELL))
    }
    if not texts:
        return []
    places = [numbers[column] for column in texts]
    given = talk.answer("decimal_sign")
    setting = (
        set_to("decimal_sign", given)
        if given
        else _decimal_sign(source, places, list(texts.values()), talk)
    )
    if setting.written != "choose":
        for column, values in texts.items():
            _tell_unfit_numbers(source, column, numbers[column], values, setting, talk)
    return [setting]


def _decimal_sign(
    source: Source,
    places: Sequence[int],
    sampled: Sequence[Counter[str]],
    talk: Talk,
) -> Setting:
    found = _evidence(sampled)
    if not found.point and not found.comma and source.has_more:
        chunks = source.chunks(places)
        found = _evidence(source.texts(values, _CELL) for values in chunks)
    most, least = max(found[:2]), min(found[:2])
    if most and least <= (1 - FITTING) * (most + least):
        return set_to("decimal_sign", "." if found.point > found.comma else ",")
    if not most and found.open is None:
        return set_to("decimal_sign", ".", "no number of the file has one")
    if not most:
        value = shown(found.open)
        point, comma = _readings(found.open)
        return talk.settle(
            "decimal_sign",
            (
                Choice(".", f"{value} is {point:.15g}"),
                Choice(",", f"{value} is {comma:.15g}"),
            ),
        )
    listed = ", ".join(shown(source.headers[place]) for place in places)
    talk.notes.append(
        f"The numbers of {listed} are written in two ways, and the table has one "
        "decimal sign: write them in one, or lose the rows of the other."
    )
    return talk.settle(
        "decimal_sign",
        (
            Choice(".", f"so is the sign of {found.point:,} numbers"),
            Choice(",", f"so is the sign of {found.comma:,} numbers"),
        ),
    )


def _tell_unfit_numbers(
    source: Source,
    column: Column,
    place: int,
    values: Counter[str],
    setting: Setting,
    talk: Talk,
) -> None:
    pattern = _loadable(setting.value, column.decimals)
    unfit = Counter({v: n for v, n in values.items() if not pattern.fullmatch(v)})
    if unfit:
        needed = (
            f"numbers of up to {column.decimals} decimals"
            if column.decimals
            else "whole numbers"
        )
        talk.notes.append(
            f"{shown(source.headers[place])}: {unfit.total():,} of "
            f"{source.counts(place).total():,} values would be refused, such as "
            f"{shown(next(iter(unfit)))}; needed are {needed} with the decimal sign "
            f"{shown(setting.value)}."
        )


def _loadable(sign: str, decimals: int) -> re.Pattern:
    """Match the numbers that are loaded: macros to_whole_number and to_decimal."""
    group = "," if sign == "." else "."
    if decimals == 0:
        return re.compile(
            rf"-?([0-9]{{1,3}}([{group}][0-9]{{3}}){{1,2}}|[0-9]{{1,9}})([{sign}]0+)?"
        )
    return re.compile(
        rf"-?[$€£]? ?([0-9]{{1,3}}([{group}][0-9]{{3}}){{1,3}}|[0-9]{{1,12}})"
        rf"([{sign}][0-9]{{1,{decimals}}}0*)? ?[$€£]?"
    )
