"""E-commerce orders: one row per order line or return, entity = customer.

Only this demo is made at any size, so all of it is arrays: no loop over orders.
"""

from __future__ import annotations

from itertools import product
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
from customer_segmentation.errors import SegmentationError

_CUSTOMERS, _FEWEST_CUSTOMERS = 750, 50
_DAYS = pd.date_range("2018-11-01", "2019-04-30")
_DAY_TEXTS = np.array([f"{day:%d/%m/%Y}" for day in _DAYS], dtype=object)
_RETURN_WITHIN = 21  # days

_CLOTHES, _ONE_SIZE = ("S", "M", "L", "XL"), ("One Size",)
_SHOE_SIZES = ("37", "38", "39", "40", "41", "42")
_TYPES = {  # usual price in pence, and sizes
    "Hair Clips": (650, _ONE_SIZE),
    "Socks": (850, ("36-38", "39-42")),
    "Tea Towels": (1050, _ONE_SIZE),
    "Mugs": (1250, _ONE_SIZE),
    "Candles": (1600, _ONE_SIZE),
    "Gloves": (2100, ("S", "M", "L")),
    "T-Shirts": (2400, _CLOTHES),
    "Belts": (2700, ("80", "90", "100")),
    "Scarves": (3000, _ONE_SIZE),
    "Hats": (3400, _ONE_SIZE),
    "Leggings": (3900, _CLOTHES),
    "Shirts": (4700, _CLOTHES),
    "Blouses": (5200, _CLOTHES),
    "Pyjamas": (5600, _CLOTHES),
    "Skirts": (6100, _CLOTHES),
    "Blankets": (6700, _ONE_SIZE),
    "Trousers": (7300, _CLOTHES),
    "Jumpers": (7900, _CLOTHES),
    "Handbags": (8600, _ONE_SIZE),
    "Dresses": (9800, _CLOTHES),
    "Shoes": (10500, _SHOE_SIZES),
    "Boots": (13900, _SHOE_SIZES),
    "Jackets": (17900, _CLOTHES),
    "Coats": (26900, _CLOTHES),
}
_LABELS = ["Aldermoor", "Brackenhill", "Candlewick", "Dunlin"]
_COLOURS = ["Moss", "Slate", "Rust", "Cream"]
# Two titles that a careless reader of CSV files breaks, by label and type.
_ODD_TITLES = {
    ("Dunlin", "Mugs"): 'Mug "Tea, Not Talk"',
    ("Dunlin", "Shirts"): "Chemise d'été",
}


class _Shopper(NamedTuple):
    """How a planted customer group buys."""

    share: float  # of all customers
    orders: tuple[int, int]  # fewest and most orders
    lines: tuple[int, int]  # fewest and most lines of an order
    first: float  # median pounds of a customer's first piece, which is always kept
    other: float  # median pounds of every other piece
    several: float  # share of the lines with more than one unit
    returned: float  # share of the other lines that come back
    since: int  # first day of their orders, in days since the data's first


_GROUPS = {
    "New With High Returns": _Shopper(0.42, (1, 1), (2, 2), 28, 190, 0.1, 1.0, 110),
    "Low Spenders Without Returns": _Shopper(
        0.30, (1, 1), (1, 2), 105, 105, 0.2, 0.03, 0
    ),
    "Regulars With Some Returns": _Shopper(
        0.20, (2, 3), (1, 2), 190, 190, 0.3, 0.25, 0
    ),
    "High Spenders Without Returns": _Shopper(
        0.08, (3, 5), (1, 3), 600, 600, 0.7, 0.0, 0
    ),
}

_DISCOUNTS = {"0": 0.7, "10": 0.15, "15": 0.1, "20": 0.05}  # percent, by order
_GIFTS = 0.03  # share of the kept lines, but for each customer's first, that are free
_TAX, _UNTAXED = 20, 0.15  # percent, and the share of customers abroad who pay none
_ON_THE_SALE = 0.0066  # share of the returns that stand on the row of their sale
_DUPLICATES = 4

# One row each: the column that is spoilt and the text that spoils it.
_TRAPS = [
    ("day", "31/02/2019"),
    ("customer_id", ""),
    ("total_sales", "9999.00"),
    ("ordered_item_quantity", "1.5"),
]


def _catalogue(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the variants, cheapest product first, and where each product begins.

    The last of these places is one past the last product.
    """
    goods = []
    for number, (label, kind) in enumerate(product(_LABELS, _TYPES)):
        usual, sizes = _TYPES[kind]
        pence = 50 * max(1, round(about(rng, usual, 0.2) / 50)) - 5
        title = _ODD_TITLES.get((label, kind), f"{label} {kind}")
        colours = some(rng, _COLOURS, 2)
        goods.append((pence, number, title, kind, list(product(colours, sizes))))
    goods.sort()
    variants = pd.DataFrame(
        {
            "product_title": title,
            "product_type": kind,
            "variant_title": f"{colour} / {size}",
            "variant_sku": f"{kind.replace('-', '')[:2].upper()}{number:03}-{place:02}",
            "price": pence,
        }
        for pence, number, title, kind, choices in goods
        for place, (colour, size) in enumerate(choices, 1)
    )
    steps = rng.integers(10_000, 99_000_000, len(variants))
    variants["variant_id"] = (20_000_000_000_000 + np.cumsum(steps)).astype(str)
    return variants, np.cumsum([0, *(len(choices) for *_, choices in goods)])


def _customer_ids(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return `n` different numbers of 10 to 14 digits."""
    lowest = 10 ** rng.choice([9, 11, 12, 13], n, p=[0.05, 0.1, 0.6, 0.25])
    step = 9 * lowest // n
    return lowest + step * np.arange(n) + rng.integers(0, step)


def _orders(rng: np.random.Generator, kinds: pd.DataFrame) -> pd.DataFrame:
    """Return each customer's orders in order of time.

    `kinds` has one row per customer: the ways of the customer's group.
    """
    n = _between(rng, kinds["orders"])
    customer = np.repeat(np.arange(len(kinds)), n)
    day = rng.integers(kinds["since"].to_numpy()[customer], len(_DAYS))
    day = day[np.lexsort((day, customer))]
    percent = np.array(deal(rng, _DISCOUNTS, len(day))).astype(int)
    # Order numbers follow time, and are taken by other shops in between.
    steps = rng.integers(1_000, 99_000_000, len(day))
    number = np.empty(len(day), int)
    number[np.argsort(day, kind="stable")] = 60_000_000_000_000 + np.cumsum(steps)
    columns = {"customer": customer, "day": day, "percent": percent, "number": number}
    return pd.DataFrame(columns)


def _between(rng: np.random.Generator, bounds: pd.Series) -> np.ndarray:
    """Draw a whole number for each pair of bounds, rather the lower than the upper."""
    low, high = np.array(bounds.tolist()).T
    return low + ((high - low + 1) * rng.random(len(low)) ** 2).astype(int)


def _sales(
    rng: np.random.Generator,
    kinds: pd.DataFrame,
    orders: pd.DataFrame,
    goods: tuple[pd.DataFrame, np.ndarray],
) -> pd.DataFrame:
    """Return the order lines, with the units of each that will come back.

    The more lines an order has, and the more units a line, the less a unit costs.
    """
    variants, starts = goods
    n = _between(rng, kinds["lines"].take(orders["customer"]))
    lines = orders.loc[orders.index.repeat(n)].reset_index(names="order")
    first = (lines["customer"] != lines["customer"].shift()).to_numpy()
    of = {name: kinds[name].to_numpy()[lines["customer"]] for name in kinds}

    # Customers differ within their group, and lines differ within their customer.
    level = about(rng, 1.0, 0.2, len(kinds))[lines["customer"]]
    pounds = np.where(first, of["first"], of["other"]) * level
    more, back, free = rng.random((3, len(lines)))
    units = 1 + (more < of["several"]) + (more < of["several"] / 4)
    pounds /= n[lines["order"]] * units
    pence = 100 * about(rng, pounds, 0.2, len(lines))
    prices = variants["price"].to_numpy()[starts[:-1]]
    place = np.searchsorted(prices, pence) + rng.integers(-2, 3, len(lines))
    place = np.clip(place, 0, len(prices) - 1)
    lines["variant"] = rng.integers(starts[place], starts[place + 1])
    lines["price"] = variants["price"].to_numpy()[lines["variant"]]

    lines["ordered"] = units
    sent_back = ~first & (back < of["returned"])
    lines["back"] = sent_back * rng.integers(1, units, endpoint=True)
    lines.loc[~first & ~sent_back & (free < _GIFTS), "percent"] = 100
    # An order lists a variant once.
    return lines.drop_duplicates(["order", "variant"], ignore_index=True)


def _with_returns(rng: np.random.Generator, sales: pd.DataFrame) -> pd.DataFrame:
    """Return all rows in order of time: most returns have a row of their own."""
    returned = np.flatnonzero(sales["back"])
    on_the_sale = max(2, round(_ON_THE_SALE * len(returned)))
    own_row = rng.permutation(returned)[on_the_sale:]
    returns = sales.loc[np.sort(own_row)].assign(ordered=0)
    sales.loc[returns.index, "back"] = 0
    later = returns["day"] + rng.integers(0, _RETURN_WITHIN, len(returns))
    returns["day"] = np.minimum(later, len(_DAYS) - 1)
    rows = pd.concat([sales, returns], ignore_index=True)
    return rows.sort_values(["day", "number"], kind="stable", ignore_index=True)


def _text(rows: pd.DataFrame, ids: np.ndarray, variants: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as the shop writes them."""
    ordered, back = rows["ordered"], rows["back"]
    discount = (rows["price"] * rows["percent"] + 50) // 100  # of a unit
    paid = rows["price"] - discount
    tax = (paid * rows["tax"] + 50) // 100
    net = ordered * paid - back * paid
    taxes = (ordered - back) * tax
    texts = variants.drop(columns="price").take(rows["variant"])
    return pd.DataFrame(
        {
            **{name: column.to_numpy() for name, column in texts.items()},
            "customer_id": ids[rows["customer"]].astype(str),
            "order_id": rows["number"].astype(str),
            "day": _DAY_TEXTS[rows["day"]],
            "net_quantity": (ordered - back).astype(str),
            "gross_sales": money(ordered * rows["price"]),
            "discounts": money(-ordered * discount),
            "returns": money(-back * paid),
            "net_sales": money(net),
            "taxes": money(taxes),
            "total_sales": money(net + taxes),
            "returned_item_quantity": (-back).astype(str),
            "ordered_item_quantity": ordered.astype(str),
        },
        dtype=object,
    )


def ecommerce_orders(seed: int = 0, customers: int = _CUSTOMERS) -> Demo:
    """Make order lines and returns of a web shop, 2018-11-01 to 2019-04-30.

    Parameters
    ----------
    seed : int
        Seed of the PCG64 generator.
    customers : int
        Number of customers, at least 50.

    Returns
    -------
    Demo
        About 2.8 rows per customer; the entity id is the ``customer_id``. A
        return has a row of its own, but for a few. Money is pounds.
    """
    if customers < _FEWEST_CUSTOMERS:
        raise SegmentationError(
            f"{customers} customers are too few for the groups of ecommerce_orders; "
            f"it takes {_FEWEST_CUSTOMERS}"
        )
    rng = seeded(seed)
    goods = _catalogue(rng)
    ids = _customer_ids(rng, customers)
    groups = deal(rng, {name: kind.share for name, kind in _GROUPS.items()}, customers)
    kinds = pd.DataFrame(_GROUPS.values(), _GROUPS).loc[groups].reset_index(drop=True)

    orders = _orders(rng, kinds)
    rows = _with_returns(rng, _sales(rng, kinds, orders, goods))
    taxed = rng.random(customers) >= _UNTAXED
    rows["tax"] = np.where(taxed[rows["customer"]], _TAX, 0)
    table = _text(rows, ids, goods[0])

    # Customers who buy much and return nothing can lose a row.
    hosts = np.array(groups)[rows["customer"]] == "High Spenders Without Returns"
    hosts = rows.index[hosts & ~rows["customer"].duplicated()]
    spoilt = rng.choice(hosts, len(_TRAPS), replace=False)
    spoil(table, spoilt, _TRAPS)
    sound = np.setdiff1d(table.index, spoilt)
    twice = rng.choice(sound, _DUPLICATES, replace=False)
    table = table.loc[np.sort([*table.index, *twice])].reset_index(drop=True)
    return Demo({"order_lines": table}, truth(ids.astype(str), groups, "customer_id"))
