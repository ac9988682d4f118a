"""Numbers, dates and names as people write them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape, unescape
from textwrap import wrap

__all__ = [
    "amount",
    "as_date",
    "as_month",
    "counted",
    "label",
    "labels",
    "listing",
    "number",
    "share",
    "signed",
    "words",
    "wrapped",
]


def words(key: str) -> str:
    """Turn a name of the tables into words.

    >>> words("average_order_value_90_days")
    'Average order value 90 days'
    """
    text = key.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def number(value: float | None) -> str:
    """Write a number with three significant digits, a whole one in full.

    >>> number(12345.0), number(-12345.6), number(0.04567), number(None)
    ('12,345', '−12,346', '0.0457', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value < 0:
        return f"−{number(-value)}"
    if value == int(value) or value >= 1000:
        return f"{value:,.0f}"
    if value == 0:
        return "0"
    digits = max(2 - math.floor(math.log10(value)), 0)
    return f"{value:,.{digits}f}"


def amount(value: float | None, currency: str | None) -> str:
    """Write money shortly, with its currency if that is known.

    >>> amount(8_911_407.9, "GBP"), amount(45.5, None)
    ('8.91 M GBP', '45.5')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value < 0:
        return f"−{amount(-value, currency)}"
    for limit, unit in ((1e9, " bn"), (1e6, " M")):
        if abs(value) >= limit:
            return " ".join([number(value / limit) + unit, *filter(None, [currency])])
    return " ".join([number(value), *filter(None, [currency])])


def share(value: float | None) -> str:
    """Write a share as a percentage.

    >>> share(0.12345), share(1), share(0.0004)
    ('12.3 %', '100 %', '< 0.1 %')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value < 0:
        return f"−{share(-value)}"
    if 0 < value < 0.001:
        return "< 0.1 %"
    text = f"{100 * value:.1f}"
    return f"{text.removesuffix('.0')} %"


def signed(value: float, of=number) -> str:
    """Write a difference with its sign, a true minus.

    >>> signed(12), signed(-0.031, share)
    ('+12', '−3.1 %')
    """
    return ("−" if value < 0 else "+") + of(abs(value))


def counted(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> counted(1, "customer"), counted(2350, "country"), counted(0, "day")
    ('1 customer', '2,350 countries', '0 days')
    """
    if count != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{count:,} {noun}"


def listing(
    items: Iterable[str], at_most: int | None = None, rest: str = "more"
) -> str:
    """Join items as in a sentence; more than `at_most` end with how many more.

    >>> listing(["a", "b", "c"]), listing("abcde", at_most=2)
    ('a, b and c', 'a, b and 3 more')
    """
    items = list(items)
    if at_most is not None and len(items) > at_most:
        items[at_most:] = [f"{len(items) - at_most} {rest}"]
    return " and ".join([", ".join(items[:-1]), items[-1]] if items[1:] else items)


def as_date(day: date) -> str:
    """Write a date without a doubt about its order.

    >>> as_date(date(2011, 12, 9))
    '9 December 2011'
    """
    return f"{day.day} {day:%B %Y}"


def as_month(day: date) -> str:
    """Write the month of a date.

    >>> as_month(date(2011, 12, 9))
    'Dec 2011'
    """
    return f"{day:%b %Y}"


def label(text: str, at_most: int = 40) -> str:
    """Write text from the data so that Plotly shows it as it is, and not too long.

    >>> label("<b>Tea</b> & co")
    '&lt;b&gt;Tea&lt;/b&gt; &amp; co'
    """
    text = " ".join(text.split())
    if len(text) > at_most:
        text = text[: at_most - 1].rstrip() + "…"
    return escape(text, quote=False)


def labels(texts: Sequence[str], at_most: int = 40) -> list[str]:
    """Write several texts as `label` does; shortened ones stay different.

    >>> labels(["Tea, green", "Tea, black"], at_most=5)
    ['Tea,…', 'Tea,… (2)']
    """
    written, seen = [], {}
    for text in texts:
        short = label(text, at_most)
        seen[short] = seen.get(short, 0) + 1
        written.append(short if seen[short] == 1 else f"{short} ({seen[short]})")
    return written


def wrapped(texts: Sequence[str], width: int = 16) -> list[str]:
    """Write labels over lines, so that they need not be turned.

    >>> wrapped(["Spend before returns", "Tea & cake"])
    ['Spend before<br>returns', 'Tea &amp; cake']
    """
    return [
        "<br>".join(escape(line, quote=False) for line in wrap(unescape(text), width))
        for text in labels(texts)
    ]
