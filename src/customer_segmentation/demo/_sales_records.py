"""Sales records: one row per order line, and no customers: entity = order line."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from customer_segmentation.demo._shared import (
    Demo,
    about,
    deal,
    money,
    seeded,
    some,
    spoil,
    truth,
)

_LINES = 400
_DAYS = pd.date_range("2010-01-01", "2017-07-31")
_LONGEST_WAY = 50  # days
_PLACES = {
    "Asia": ["Bhutan", "Japan", "Malaysia", "Thailand"],
    "Australia and Oceania": ["New Zealand", "Samoa"],
    "Central America and the Caribbean": ["Barbados", "Belize", "Panama"],
    "Europe": ["Austria", "Denmark", "Estonia", "Ireland", "Portugal"],
    "Middle East and North Africa": ["Jordan", "Morocco", "Oman"],
    "North America": ["Canada", "Mexico"],
    "Sub-Saharan Africa": ["Botswana", "Gabon", "Ghana", "Namibia"],
}
_WEEKDAYS = ["mon", "tue", "wed", "thur", "fri", "sat", "sun"]
_CHANNELS = {"Online": 0.48, "Offline": 0.52}
_PRIORITIES = dict.fromkeys("LMHC", 0.25)
_DEAR = {  # price and cost of a unit in cents
    "Desk Lamps": (43250, 32510),
    "Espresso Kits": (48790, 36120),
    "Folding Bikes": (52160, 39240),
    "Rain Tents": (45520, 34470),
}
_CHEAP = {
    "Bird Seed": (3840, 2410),
    "Lamp Oil": (5275, 3190),
    "Paint Rollers": (6105, 4030),
    "Seed Trays": (7130, 4620),
}


class _Lot(NamedTuple):
    """What a planted group of order lines consists of."""

    share: float  # of all lines
    goods: dict[str, tuple[int, int]]
    units: float  # median
    spread: float  # of the units, in log space


_GROUPS = {
    "Dear Goods In Bulk": _Lot(0.20, _DEAR, 6800, 0.2),
    "Dear Goods In Small Lots": _Lot(0.25, _DEAR, 1200, 0.5),
    "Cheap Goods In Bulk": _Lot(0.30, _CHEAP, 6800, 0.2),
    "Cheap Goods In Small Lots": _Lot(0.25, _CHEAP, 1200, 0.5),
}
_MOST_UNITS = 9_999


def sales_records(seed: int = 0) -> Demo:
    """Make order lines, 2010-01-01 to 2017-07-31.

    ``Order Weekday`` names the day before the order date, as in the source.

    Parameters
    ----------
    seed : int
        Seed of the PCG64 generator.

    Returns
    -------
    Demo
        About 400 lines; the entity id is the ``Order ID``. Prices and totals are
        dollars with two decimals, and the totals are exact products.
    """
    rng = seeded(seed)
    groups = deal(rng, {name: lot.share for name, lot in _GROUPS.items()}, _LINES)
    lots = [_GROUPS[group] for group in groups]
    usual, spread = np.transpose([(lot.units, lot.spread) for lot in lots])
    units = np.round(about(rng, usual, spread, _LINES)).astype(int)
    units = np.clip(units, 1, _MOST_UNITS)
    goods = [some(rng, list(lot.goods), 1)[0] for lot in lots]
    pairs = [lot.goods[good] for lot, good in zip(lots, goods, strict=True)]
    price, cost = np.transpose(pairs)
    places = [(region, land) for region, lands in _PLACES.items() for land in lands]
    places = [places[i] for i in rng.integers(len(places), size=_LINES)]
    way = rng.integers(0, _LONGEST_WAY, _LINES, endpoint=True)
    ordered = _DAYS[rng.integers(0, len(_DAYS) - _LONGEST_WAY, _LINES)]
    shipped = ordered + pd.to_timedelta(way, unit="D")
    # Every number has a stretch of its own.
    stretch = 890_000_000 // _LINES
    numbers = 100_000_000 + stretch * rng.permutation(_LINES)
    ids = (numbers + rng.integers(0, stretch, _LINES)).astype(str)

    table = pd.DataFrame(
        {
            "Region": [region for region, _ in places],
            "Country": [land for _, land in places],
            "Item Type": goods,
            "Sales Channel": deal(rng, _CHANNELS, _LINES),
            "Order Priority": deal(rng, _PRIORITIES, _LINES),
            "Order Date": ordered.astype(str),
            "Order ID": ids,
            "Ship Date": shipped.astype(str),
            "Units Sold": units.astype(str),
            "Unit Price": money(price),
            "Unit Cost": money(cost),
            "Total Revenue": money(units * price),
            "Total Cost": money(units * cost),
            "Total Profit": money(units * (price - cost)),
            "Order year": ordered.year.astype(str),
            "Order Month": ordered.month.astype(str),
            "Order Weekday": [_WEEKDAYS[day - 1] for day in ordered.weekday],
            "Unit Margin": money(price - cost),
            "Order Ship Days": [f"{days} days" for days in way],
        },
        dtype=object,
    )
    early, dear, slow, vague, twice = rng.choice(_LINES, 5, replace=False)
    too_early = str((ordered[early] - pd.Timedelta("6D")).date())
    too_much = money([units[dear] * price[dear] + 1_000_00])[0]
    spoilt = [early, early, dear, slow, vague]
    texts = [
        ("Ship Date", too_early),
        ("Order Ship Days", "-6 days"),
        ("Total Revenue", too_much),
        ("Order Ship Days", "99 days"),
        ("Order Ship Days", "about a week"),
    ]
    spoil(table, spoilt, texts)
    sound = np.setdiff1d(np.arange(_LINES), spoilt)
    table = pd.concat([table, table.loc[[twice]]], ignore_index=True)
    planted = np.array(groups)[sound]
    return Demo({"order_lines": table}, truth(ids[sound], planted, "Order ID"))
