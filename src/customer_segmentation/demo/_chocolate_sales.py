"""Chocolate sales: one row per sale, entity = seller / country."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from customer_segmentation.demo._shared import (
    Demo,
    about,
    deal,
    seeded,
    some,
    spoil,
    truth,
)

_ACCOUNTS = 110  # of the 120 pairs: not every seller sells everywhere
_SELLERS = [f"Seller {i:02}" for i in range(1, 21)]
_MARKETS = ["UK", "India", "Australia", "New Zealand", "USA", "Canada"]
_CHOCOLATES = [
    "Amber Toffee Slab",
    "Barley Malt Buttons",
    "Black Cherry Thins",
    "Cardamom Bark",
    "Cinder Honeycomb",
    "Cloudberry Creams",
    "Ginger Snap Rounds",
    "Hazel Crunch Log",
    "Lime Zest Squares",
    "Midnight Cocoa Dust",
    "Oat Milk Pebbles",
    "Pistachio Domes",
    "Rye Crumb Tablet",
    "Salted Fudge Bites",
    "Sesame Brittle Bar",
    "Smoked Vanilla Sticks",
    "Tonka Truffle Box",
    "Winter Pear Drops",
]
DECLINING_PRODUCTS: tuple[str, ...] = ("Cloudberry Creams", "Winter Pear Drops")
"""Products whose demand is planted to collapse from June to August 2022."""

# Share of its usual boxes that a declining product still sells, by month.
_DECLINE = {6: 0.12, 7: 0.1, 8: 0.08}


class _Account(NamedTuple):
    """How a planted account group buys."""

    share: float  # of all accounts
    sales: tuple[int, int]  # fewest and most sales in the eight months
    boxes: float  # median boxes per sale
    price: float  # median dollars per box


_ACCOUNT_GROUPS = {
    "Mass Buyers": _Account(0.27, (9, 15), 320, 15),
    "Premium Loyalists": _Account(0.31, (11, 16), 115, 85),
    "Price-Sensitive Testers": _Account(0.20, (6, 10), 85, 12),
    "Low Volume Explorers": _Account(0.22, (6, 10), 27, 60),
}

# One row each: the column that is spoilt and the text that spoils it.
_CHOCOLATE_TRAPS = {
    "Date": ["31-Feb-22"],
    "Amount": ["n/a"],
    "Boxes Shipped": ["0", "12.9"],
    "Sales Person": [""],
}
_CHOCOLATE_DUPLICATES = 4


def _day_text(day: pd.Timestamp) -> str:
    """Write ``04-Jan-22``; without ``%b``, whose month names follow the locale."""
    return f"{day:%d}-{day.month_name()[:3]}-{day:%y}"


def chocolate_sales(seed: int = 0) -> Demo:
    """Make chocolate sales, January to August 2022.

    Parameters
    ----------
    seed : int
        Seed of the PCG64 generator.

    Returns
    -------
    Demo
        About 1,200 sales of 110 accounts; an account's id is
        ``<seller> / <country>``. Amounts are whole dollars.
    """
    rng = seeded(seed)
    pairs = sorted(some(rng, list(product(_SELLERS, _MARKETS)), _ACCOUNTS))
    shares = {name: kind.share for name, kind in _ACCOUNT_GROUPS.items()}
    groups = deal(rng, shares, _ACCOUNTS)
    kinds = [_ACCOUNT_GROUPS[group] for group in groups]
    sales = rng.integers(*np.transpose([kind.sales for kind in kinds]), endpoint=True)

    # Accounts differ within their group, and sales differ within their account.
    usual_boxes = about(rng, np.array([k.boxes for k in kinds]), 0.35, _ACCOUNTS)
    usual_price = about(rng, np.array([k.price for k in kinds]), 0.35, _ACCOUNTS)
    account = rng.permutation(np.repeat(np.arange(_ACCOUNTS), sales))
    n = len(account)
    days = np.arange("2022-01-03", "2022-09-01", dtype="datetime64[D]")
    days = pd.DatetimeIndex(np.sort(rng.choice(days[np.is_busday(days)], n)))
    # Products are dealt deck by deck along the calendar: each sells all the time,
    # so that a low month is a planted one and not luck.
    decks = np.tile(_CHOCOLATES, (n // len(_CHOCOLATES) + 1, 1))
    goods = rng.permuted(decks, axis=1).ravel()[:n]
    left = [
        _DECLINE.get(day.month, 1.0) if good in DECLINING_PRODUCTS else 1.0
        for day, good in zip(days, goods, strict=True)
    ]
    boxes = about(rng, usual_boxes[account], 0.45, n) * left
    boxes = np.maximum(1, np.round(boxes)).astype(int)
    amounts = np.round(boxes * about(rng, usual_price[account], 0.3, n)).astype(int)

    table = pd.DataFrame(
        {
            "Sales Person": [pairs[i][0] for i in account],
            "Country": [pairs[i][1] for i in account],
            "Product": goods,
            "Date": [_day_text(day) for day in days],
            "Amount": [f"${amount:,} " for amount in amounts],
            "Boxes Shipped": boxes.astype(str),
        },
        dtype=object,
    )
    spoilt = [(column, text) for column, ts in _CHOCOLATE_TRAPS.items() for text in ts]
    rows = rng.choice(n, len(spoilt) + _CHOCOLATE_DUPLICATES, replace=False)
    spoil(table, rows, spoilt)
    table = pd.concat([table, table.loc[rows[len(spoilt) :]]], ignore_index=True)
    # The real file is in no order at all.
    table = table.loc[rng.permutation(len(table))].reset_index(drop=True)
    accounts = truth((" / ".join(pair) for pair in pairs), groups, "account")
    return Demo({"sales": table}, accounts)
