"""Online retail: one row per invoice line, entity = customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from customer_segmentation.demo._shared import Demo, about, deal, seeded, some, truth

_OPENING = datetime(2010, 12, 1)
_LAST_DAY = 373  # 2011-12-09, in days since the opening
_DAY = 24 * 60  # all times are minutes since the opening
_FIRST, _CLOSING = 8 * 60 + 12, _LAST_DAY * _DAY + 12 * 60 + 40
_FIRST_INVOICE = 540_001
_CUSTOMERS, _ANONYMOUS_ORDERS = 420, 160

_HOME = "United Kingdom"
_ABROAD = [
    "Germany",
    "France",
    "EIRE",
    "Spain",
    "Netherlands",
    "Belgium",
    "Switzerland",
    "Portugal",
    "Norway",
    "Italy",
    "Unspecified",
]
_MOTIFS = [
    "HERON",
    "BRAMBLE",
    "ACORN",
    "COMET",
    "DRIFTWOOD",
    "TARTAN",
    "FOXGLOVE",
    "PEBBLE",
    "SWALLOW",
    "HARBOUR",
    "THISTLE",
    "WALNUT",
    "INDIGO",
    "ORCHARD",
    "MEADOW",
]
_OBJECTS = {  # usual price in pence
    "MUG": 275,
    "GIFT BAG": 70,
    "TEA TOWEL": 310,
    "LUNCH TIN": 190,
    "PAPER NAPKINS": 85,
    "TRAY": 525,
    "NOTEPAD": 120,
    "CANDLE JAR": 240,
    "CUSHION COVER": 640,
    "WALL CLOCK": 1050,
}


class _Line(NamedTuple):
    """One line of an invoice; price in pounds."""

    code: str
    text: str
    quantity: int
    price: float


@dataclass
class _Invoice:
    """Lines sharing number, time (minutes since the opening), customer, country."""

    when: int
    customer: str
    country: str
    lines: list[_Line] = field(default_factory=list)
    prefix: str = ""


class _Customer(NamedTuple):
    """How a planted customer group buys."""

    share: float  # of all customers
    orders: float  # median number of orders
    spread: float  # of the number of orders, in log space
    lines: tuple[int, int]  # fewest and most lines of an order
    basket: float  # median pounds of an order
    recency: float  # median days from the last order to the end of the data
    returning: float  # share of the group's customers who return anything
    returned: tuple[float, float]  # least and most of their units given back


_CUSTOMER_GROUPS = {
    "Champions": _Customer(0.12, 14, 0.3, (2, 4), 700, 5, 0.6, (0.01, 0.12)),
    "Loyal Regulars": _Customer(0.30, 4.5, 0.3, (2, 4), 150, 30, 0.3, (0.01, 0.12)),
    "Occasional Small Baskets": _Customer(
        0.38, 1.3, 0.4, (1, 4), 36, 200, 0.1, (0.02, 0.12)
    ),
    "Frequent Returners": _Customer(0.20, 4, 0.25, (2, 4), 130, 45, 1, (0.37, 0.68)),
}


class _Extra(NamedTuple):
    """A line that is no sale of a product, and where it goes."""

    line: _Line
    times: int
    host: str  # "customer", "abroad" or "anonymous": whose orders or notes get it
    prefix: str = ""  # none: added to an order; else on a note of its own


# The codes are those of the source, since cleaning knows them; the texts are not.
_EXTRAS = [
    _Extra(_Line("POST", "POSTAGE ABROAD", 1, 18.0), 45, "abroad"),
    _Extra(_Line("C2", "COURIER", 1, 50.0), 6, "abroad"),
    _Extra(_Line("DOT", "WEB POSTAGE", 1, 145.5), 25, "anonymous"),
    _Extra(_Line("gift_0001_20", "Gift card worth 20", 1, 16.5), 3, "anonymous"),
    _Extra(_Line("M", "Keyed by hand", 1, 12.5), 8, "customer"),
    _Extra(_Line("M", "Keyed by hand", -1, 9.75), 5, "customer", "C"),
    _Extra(_Line("D", "Money off", -1, 21.4), 8, "customer", "C"),
    _Extra(_Line("CRUK", "Charity share", -1, 36.9), 3, "customer", "C"),
    _Extra(_Line("S", "Sample set", -1, 24.0), 5, "anonymous", "C"),
    _Extra(_Line("BANK CHARGES", "Bank fee", -1, 15.0), 4, "anonymous", "C"),
    _Extra(_Line("AMAZONFEE", "Marketplace fee", -1, 4870.25), 3, "anonymous", "C"),
    _Extra(_Line("B", "Bad debt put right", 1, -8250.4), 2, "anonymous", "A"),
]
_WRITE_OFFS = {"": 4, "damaged": 2, "thrown away": 2, "lost??": 1, "spilt tea": 1}
_FINDS = {"": 1, "turned up again": 1}
_WRITE_OFF_NOTES, _FIND_NOTES, _GIFTS = 30, 8, 6
_SECOND_TEXTS, _LINE_DUPLICATES, _ABSURD = 5, 60, 60_000


def _catalogue(rng: np.random.Generator) -> list[_Line]:
    """Return the 150 products, best sellers first, as lines of quantity 0."""
    names = [f"{motif} {thing}" for motif, thing in product(_MOTIFS, _OBJECTS)]
    names = rng.permutation(names).tolist()
    # Two texts that a careless reader of CSV files breaks, both sold all the time.
    names[2:4] = ['DOOR SIGN, "TEA FIRST"', "£ SAVINGS JAR"]
    goods = []
    for i, name in enumerate(names):
        usual = _OBJECTS.get(name.split(" ", 1)[1], 395)
        pence = 5 * max(1, round(about(rng, usual, 0.2) / 5))
        code = f"{22101 + i}{'' if i % 3 else 'A'}"
        goods.append(_Line(code, name, 0, pence / 100))
    return goods


def _moment(rng: np.random.Generator, day: int) -> int:
    """Return a minute of the working day `day`, within the data's period."""
    minute = int(day) * _DAY + int(rng.integers(8 * 60, 19 * 60))
    return min(max(minute, _FIRST), _CLOSING)


def _basket(
    rng: np.random.Generator, goods: list[_Line], n: int, pounds: float
) -> list[_Line]:
    """Return `n` lines of different products, worth about `pounds` together."""
    # A few products sell most, the long tail hardly.
    demand = 1.0 / np.sqrt(np.arange(1, len(goods) + 1))
    picks = rng.choice(len(goods), n, replace=False, p=demand / demand.sum())
    worth = about(rng, pounds / n, 0.4, n)
    return [
        goods[i]._replace(quantity=max(1, round(w / goods[i].price)))
        for i, w in zip(picks, worth, strict=True)
    ]


def _orders(
    rng: np.random.Generator,
    goods: list[_Line],
    customer: str,
    country: str,
    kind: _Customer,
) -> list[_Invoice]:
    """Return a customer's orders in order of time."""
    n = max(1, round(about(rng, kind.orders, kind.spread)))
    recency = min(max(round(about(rng, kind.recency, 0.5)), 1), 365)
    last = _LAST_DAY - recency
    usual = about(rng, kind.basket, 0.45)
    days = [*np.sort(rng.integers(0, last, n - 1, endpoint=True)), last]
    low, high = kind.lines
    return [
        _Invoice(when, customer, country, _basket(rng, goods, lines, pounds))
        for when, lines, pounds in zip(
            sorted(_moment(rng, day) for day in days),
            rng.integers(low, high, n, endpoint=True),
            about(rng, usual, 0.3, n),
            strict=True,
        )
    ]


def _returns(
    rng: np.random.Generator, orders: list[_Invoice], share: float
) -> list[_Invoice]:
    """Return the cancelled invoices that give back `share` of all units bought.

    Lines are given back whole, in random order, but for the last: that is why the
    share holds to the unit. One order's returns come back together.
    """
    lines = [(i, line) for i, order in enumerate(orders) for line in order.lines]
    left = round(share * sum(line.quantity for _, line in lines))
    back = defaultdict(list)
    for i, line in some(rng, lines, len(lines)):
        units = min(left, line.quantity)
        if units:
            back[i].append(line._replace(quantity=-units))
        left -= units
    return [
        _Invoice(
            min(orders[i].when + int(rng.integers(1, 21)) * _DAY, _CLOSING),
            orders[i].customer,
            orders[i].country,
            given_back,
            "C",
        )
        for i, given_back in back.items()
    ]


def _plant_extras(
    rng: np.random.Generator,
    goods: list[_Line],
    orders: Mapping[str, list[_Invoice]],
) -> list[_Invoice]:
    """Add all line traps to orders and return the notes that stand alone.

    Lines are only ever added, never changed: a return still finds its sale.
    """
    customers, best, plain = orders["customer"], goods[0], goods[1]
    notes = []
    for extra in _EXTRAS:
        for order in some(rng, orders[extra.host], extra.times):
            price = round(float(about(rng, extra.line.price, 0.2)), 2)
            line = extra.line._replace(price=price)
            if not extra.prefix:
                order.lines.append(line)
                continue
            when = _moment(rng, rng.integers(_LAST_DAY))
            whose = order.customer, order.country
            notes.append(_Invoice(when, *whose, [line], extra.prefix))

    def stock_note(text: str, sign: int) -> _Invoice:
        good = goods[rng.integers(len(goods))]
        line = _Line(good.code, text, sign * int(rng.integers(1, 200)), 0.0)
        return _Invoice(_moment(rng, rng.integers(_LAST_DAY)), "", _HOME, [line])

    notes += [stock_note(t, -1) for t in deal(rng, _WRITE_OFFS, _WRITE_OFF_NOTES)]
    notes += [stock_note(t, 1) for t in deal(rng, _FINDS, _FIND_NOTES)]

    for host in some(rng, customers, _GIFTS):
        host.lines.append(best._replace(quantity=1, price=0.0))
    for host in some(rng, customers, _SECOND_TEXTS):
        host.lines.append(plain._replace(text=f"{plain.text} BOXED", quantity=2))
    lower, precise = some(rng, customers, 2)
    lower.lines.append(best._replace(code=best.code.lower(), quantity=3))
    price = round(plain.price + 0.005, 3)
    precise.lines.append(plain._replace(quantity=24, price=price))
    for host in some(rng, customers, _LINE_DUPLICATES):
        host.lines.append(host.lines[0])
    return notes


def _slip(rng: np.random.Generator, good: _Line, order: _Invoice) -> list[_Invoice]:
    """Return an absurd sale, typed by mistake, and its cancellation minutes later."""
    when = order.when + int(rng.integers(20, 40))
    return [
        _Invoice(
            when + delay,
            order.customer,
            order.country,
            [good._replace(quantity=sign * _ABSURD)],
            prefix,
        )
        for delay, sign, prefix in [(0, 1, ""), (14, -1, "C")]
    ]


def online_retail(seed: int = 0) -> Demo:
    """Make invoice lines of a shop, 2010-12-01 to 2011-12-09.

    Parameters
    ----------
    seed : int
        Seed of the PCG64 generator.

    Returns
    -------
    Demo
        About 8,000 lines of 420 customers and of sales without a customer;
        the entity id is the ``CustomerID``. Prices are pounds.
    """
    rng = seeded(seed)
    goods = _catalogue(rng)
    ids = (12_345 + np.cumsum(rng.integers(1, 25, _CUSTOMERS))).astype(str).tolist()
    shares = {name: kind.share for name, kind in _CUSTOMER_GROUPS.items()}
    groups = deal(rng, shares, _CUSTOMERS)
    world = {_HOME: 0.89} | dict.fromkeys(_ABROAD, 0.01)
    countries = deal(rng, world, _CUSTOMERS)

    bought = {
        (customer, group): _orders(
            rng, goods, customer, country, _CUSTOMER_GROUPS[group]
        )
        for customer, country, group in zip(ids, countries, groups, strict=True)
    }
    # Two customers move: their last order comes from another country.
    movers = [
        orders
        for (_, group), orders in bought.items()
        if group == "Champions" and len(orders) > 1 and orders[0].country == _HOME
    ]
    for orders, country in zip(some(rng, movers, 2), _ABROAD, strict=False):
        orders[-1].country = country

    invoices = []
    for (_, group), orders in bought.items():
        kind = _CUSTOMER_GROUPS[group]
        if rng.random() < kind.returning:
            invoices += _returns(rng, orders, rng.uniform(*kind.returned))
    # Whoever returns much already: the slip then changes nobody's planted group.
    returner = next(o for (_, g), o in bought.items() if g == "Frequent Returners")
    invoices += _slip(rng, goods[4], returner[-1])

    customers = [order for orders in bought.values() for order in orders]
    # The first and last minute of the period belong to nobody, whatever the seed.
    days = rng.integers(0, _LAST_DAY, _ANONYMOUS_ORDERS - 2).tolist()
    times = [_FIRST, *(_moment(rng, day) for day in days), _CLOSING]
    anonymous = [
        _Invoice(when, "", _HOME, _basket(rng, goods, lines, 9.0 * lines))
        for when, lines in zip(
            times, rng.integers(4, 14, len(times), endpoint=True), strict=True
        )
    ]
    hosts = {
        "customer": customers,
        "abroad": [order for order in customers if order.country != _HOME],
        "anonymous": anonymous,
    }
    invoices += _plant_extras(rng, goods, hosts)
    invoices = sorted(
        [*customers, *anonymous, *invoices], key=lambda invoice: invoice.when
    )
    rows = [
        {
            "InvoiceNo": f"{invoice.prefix}{number}",
            "StockCode": line.code,
            "Description": line.text,
            "Quantity": str(line.quantity),
            "InvoiceDate": str(_OPENING + timedelta(minutes=invoice.when)),
            "UnitPrice": str(line.price),
            "CustomerID": invoice.customer,
            "Country": invoice.country,
        }
        for number, invoice in enumerate(invoices, _FIRST_INVOICE)
        for line in invoice.lines
    ]
    table = pd.DataFrame(rows, dtype=object)
    return Demo({"invoice_lines": table}, truth(ids, groups, "CustomerID"))
