"""Complete Journey: a grocer's transactions, campaigns and demographics.

The entity is the household.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import zip_longest
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

_HOUSEHOLDS, _HIGHEST_ID, _STORES = 260, 2_500, 14
_OPENING, _LAST_DAY = datetime(2017, 1, 1), 364  # days are counted from the opening
_DAY = 24 * 60 * 60  # all times are seconds since the opening
_HOURS = (7 * 60 * 60, 23 * 60 * 60)

# Types of product by department and category.
_SHELVES = {
    "PANTRY": {
        "MORNING BOWLS": ["ROLLED GRAIN POTS", "HONEY CLUSTERS", "PUFFED SPELT"],
        "SIMMER SAUCES": ["TOMATO JARS", "MILD CURRY JARS", "PESTO POTS"],
        "STORE TINS": ["TINNED PULSES", "TINNED FISHES", "TINNED STONE FRUIT"],
        "PASTA SHELF": ["LONG PASTA", "SHORT PASTA", "FILLED PASTA"],
        "TEA CADDY": ["BLACK LEAF TEA", "HERB TEA BAGS"],
        "COFFEE CORNER": ["GROUND ROASTS", "WHOLE ROASTS", "ROAST PODS"],
        "BAKER'S SHELF": ["PLAIN FLOURS", "FINE SUGARS", "RAISING AGENTS"],
        "CRUNCH AISLE": ["POTATO CURLS", "SALTED NUT BAGS", "RICE WAFERS"],
        "SWEET AISLE": ["CHOCOLATE SLABS", "FRUIT CHEWS"],
        "FIZZ AND SQUASH": ["COLAS AND TONICS", "FRUIT SQUASH", "FIZZY WATERS"],
    },
    "GREENGROCER": {
        "ORCHARD FRUIT": ["EATING APPLES", "PEARS AND PLUMS"],
        "CITRUS CRATE": ["EASY PEELERS", "LEMONS AND LIMES"],
        "ROOTS AND BULBS": ["WASHED POTATOES", "CARROT BUNCHES", "ONION NETS"],
        "LEAVES AND HERBS": ["SALAD LEAVES", "CUT HERBS"],
    },
    "BAKEHOUSE": {
        "LOAVES": ["SOURDOUGH ROUNDS", "SLICED TIN LOAVES"],
        "SMALL BAKES": ["MORNING ROLLS", "CURRANT BUNS", "OAT BISCUITS"],
    },
    "COLD CASE": {
        "MILK CRATE": ["WHOLE MILKS", "OAT DRINKS"],
        "CHEESE BOARD": ["HARD CHEESES", "SOFT CHEESES"],
        "YOGURT POTS": ["SET YOGURTS", "STIRRED YOGURTS"],
        "FREEZER CHEST": ["FROZEN PEAS AND BEANS", "ICE LOLLIES", "FROZEN PIES"],
    },
    "BUTCHER": {
        "POULTRY BLOCK": ["WHOLE BIRDS", "BREAST FILLETS"],
        "SAUSAGE RAIL": ["PORK LINKS", "SMOKED RINGS"],
    },
    "HOME CARE": {
        "LAUNDRY LINE": ["WASHING POWDERS", "FABRIC RINSES"],
        "KITCHEN ROLL": ["PAPER ROLLS", "FOIL AND WRAPS"],
        "WASHBAG": ["BAR SOAPS", "TOOTH PASTES", "HAIR WASHES"],
    },
}
_SIZES = ["6 OZ", "8 OZ", "12 OZ", "16 OZ", "1 LB", "2 LB", "4 CT", "10 CT", ""]
_BRANDS = {"National": 0.85, "Private": 0.15}
_PRODUCTS, _NAMELESS, _UNKNOWN = 180, 3, 3  # of them no category; and not in products
_FUEL, _FUEL_LINES = ("FUEL", "PUMP", "MOTOR FUEL"), 12

_CAMPAIGNS = [  # type, first and last day; some were running before or go on after
    ("Type B", date(2016, 12, 12), date(2017, 1, 29)),
    ("Type C", date(2017, 2, 6), date(2017, 4, 2)),
    ("Type A", date(2017, 2, 20), date(2017, 4, 9)),
    ("Type B", date(2017, 4, 3), date(2017, 5, 7)),
    ("Type B", date(2017, 5, 10), date(2017, 6, 11)),
    ("Type A", date(2017, 5, 29), date(2017, 7, 16)),
    ("Type C", date(2017, 6, 28), date(2017, 8, 27)),
    ("Type B", date(2017, 8, 2), date(2017, 9, 3)),
    ("Type A", date(2017, 9, 4), date(2017, 10, 22)),
    ("Type B", date(2017, 10, 4), date(2017, 11, 5)),
    ("Type A", date(2017, 11, 6), date(2017, 12, 24)),
    ("Type C", date(2017, 12, 4), date(2018, 1, 28)),
]
_REACH = {"Type A": 4.0, "Type B": 1.5, "Type C": 1.0}  # how many it is sent to
_COUPONS = 6  # of each campaign


class _Household(NamedTuple):
    """How a planted household group buys."""

    share: float  # of all households
    visits: float  # median number in the year
    lines: float  # median lines of a visit
    breadth: tuple[int, int]  # fewest and most categories it buys from
    cut_lines: float  # share of the lines with a discount
    cut: tuple[float, float]  # least and most of the shelf price taken off
    received: tuple[int, int]  # fewest and most campaigns
    response: float  # share of the received campaigns it answers
    last: tuple[int, int]  # first and last day of its last visit


_GROUPS = {
    "Loyal Full Baskets": _Household(
        0.24, 13, 2.6, (14, 24), 0.4, (0.1, 0.3), (4, 8), 0.2, (340, 364)
    ),
    "Deal Seekers": _Household(
        0.26, 8, 2.1, (6, 12), 0.85, (0.25, 0.55), (4, 9), 0.6, (325, 364)
    ),
    "Occasional Small Baskets": _Household(
        0.30, 3, 1.1, (3, 8), 0.3, (0.1, 0.3), (0, 4), 0.05, (270, 345)
    ),
    "Lapsed": _Household(
        0.20, 7.5, 2.1, (10, 20), 0.35, (0.1, 0.3), (1, 4), 0.1, (90, 190)
    ),
}

_DESCRIBED = 0.45  # share of the households with demographics
_AGES = {
    "19-24": 0.07,
    "25-34": 0.18,
    "35-44": 0.24,
    "45-54": 0.33,
    "55-64": 0.08,
    "65+": 0.10,
}
_INCOMES = {
    "Under 15K": 0.08,
    "15-24K": 0.10,
    "25-34K": 0.10,
    "35-49K": 0.20,
    "50-74K": 0.23,
    "75-99K": 0.12,
    "100-124K": 0.05,
    "125-149K": 0.04,
    "150-174K": 0.04,
    "175-199K": 0.02,
    "200-249K": 0.01,
    "250K+": 0.01,
}
_HOMES = {
    "Homeowner": 0.62,
    "": 0.28,
    "Renter": 0.06,
    "Probable Homeowner": 0.02,
    "Probable Renter": 0.02,
}
_MARRIAGES = {"Married": 0.42, "Unmarried": 0.41, "": 0.17}
_KIDS = {"0": 0.64, "1": 0.20, "2": 0.08, "3+": 0.08}
# What a group's households are oftener than others: demographics tell it only faintly.
_LEANINGS = {
    "Loyal Full Baskets": {"1": 2.0, "2": 2.0, "3+": 2.0},
    "Deal Seekers": {"55-64": 1.8, "65+": 1.8},
}

_ZERO_LINES = 8
_UNKNOWN_AGE, _NEGATIVE_VALUE = ("age", "17"), ("sales_value", "-2.49")


class _Product(NamedTuple):
    """One product; the price on its shelf in cents."""

    number: str
    department: str
    category: str
    kind: str
    cents: int
    shelf: str  # the category it is bought from, even if its own is not known


class _Line(NamedTuple):
    """One line of a basket; all money in cents."""

    product: str
    quantity: int
    value: int
    cut: int = 0
    coupon: int = 0
    match: int = 0


class _Visit(NamedTuple):
    """Lines sharing household, store and time (seconds since the opening)."""

    when: int
    household: str
    store: str
    lines: list[_Line]


class _Answer(NamedTuple):
    """Coupons of one campaign, redeemed on one day."""

    campaign: int  # its place in `_CAMPAIGNS`
    day: int
    coupons: list[str]


class _Record(NamedTuple):
    """All that is known of one household, but for its demographics."""

    number: str
    group: str
    sent: list[int]  # campaigns, by place in `_CAMPAIGNS`
    answers: list[_Answer]
    visits: list[_Visit]


def _catalogue(rng: np.random.Generator) -> list[_Product]:
    """Return the products, those without a category first; fuel is not among them."""
    shelves = [
        (department, category, kinds)
        for department, categories in _SHELVES.items()
        for category, kinds in categories.items()
    ]
    goods = []
    for i, number in enumerate(_numbers(rng, 800_000, 90_000, _PRODUCTS)):
        department, category, kinds = shelves[i % len(shelves)]
        texts = department, category, some(rng, kinds, 1)[0]
        if i < _NAMELESS:
            texts = "SUNDRIES", "", ""
        cents = 10 * max(12, round(about(rng, 38, 0.4))) - 1
        goods.append(_Product(number, *texts, cents, category))
    return goods


def _numbers(rng: np.random.Generator, base: int, step: int, n: int) -> list[str]:
    """Return `n` different numbers above `base`, ascending."""
    return (base + np.cumsum(rng.integers(1, step, n))).astype(str).tolist()


def _sent(rng: np.random.Generator, kind: _Household) -> list[int]:
    """Return the campaigns that a household gets."""
    reach = np.array([_REACH[name] for name, _, _ in _CAMPAIGNS])
    n = rng.integers(*kind.received, endpoint=True)
    picks = rng.choice(len(reach), n, replace=False, p=reach / reach.sum())
    return np.sort(picks).tolist()


def _answers(
    rng: np.random.Generator,
    kind: _Household,
    sent: list[int],
    coupons: list[list[str]],
    last: int,
) -> list[_Answer]:
    """Return what a household redeems until the day of its last visit."""
    willing = about(rng, kind.response, 0.4)
    answers = []
    for campaign in sent:
        _, *dates = _CAMPAIGNS[campaign]
        start, end = ((day - _OPENING.date()).days for day in dates)
        start, end = max(start, 0), min(end, last)
        if rng.random() < willing and start <= end:
            day = int(rng.integers(start, end, endpoint=True))
            used = some(rng, coupons[campaign], int(rng.integers(1, 3)))
            answers.append(_Answer(campaign, day, used))
    return answers


def _basket(
    rng: np.random.Generator,
    goods: list[_Product],
    n: int,
    kind: _Household,
    cut_lines: float,
    coupons: int,
) -> list[_Line]:
    """Return `n` lines of different products, `coupons` of them with a coupon."""
    lines = []
    for i, good in enumerate(some(rng, goods, n)):
        quantity = int(rng.choice([1, 2, 3], p=[0.8, 0.15, 0.05]))
        shelf = quantity * good.cents
        cut = rng.uniform(*kind.cut) if rng.random() < cut_lines else 0.0
        cut = round(cut * shelf)
        coupon = 50 if i < coupons else 0
        match = coupon if rng.random() < 0.5 else 0
        value = shelf - cut - match
        lines.append(_Line(good.number, quantity, value, cut, coupon, match))
    return lines


def _record(
    rng: np.random.Generator,
    number: str,
    group: str,
    goods: list[_Product],
    coupons: list[list[str]],
    extra_days: list[int],
) -> _Record:
    """Return a year of one household, who comes on the extra days too."""
    kind = _GROUPS[group]
    last = int(rng.integers(*kind.last, endpoint=True))
    sent = _sent(rng, kind)
    answers = _answers(rng, kind, sent, coupons, last)
    # Whoever redeems a coupon comes for it.
    more = max(1, round(about(rng, kind.visits, 0.35)) - 1 - len(answers))
    others = rng.integers(0, last, more).tolist()
    days = [*(answer.day for answer in answers), last, *others, *extra_days]

    shelves = list(dict.fromkeys(good.shelf for good in goods))
    mine = some(rng, shelves, rng.integers(*kind.breadth, endpoint=True))
    goods = [good for good in goods if good.shelf in mine]
    usual = about(rng, kind.lines, 0.25)
    cut_lines = about(rng, kind.cut_lines, 0.4)
    store = str(300 + rng.integers(_STORES))
    visits = []
    for day, answer in zip_longest(days, answers):
        redeemed = len(answer.coupons) if answer else 0
        n = max(redeemed, 1, round(about(rng, usual, 0.3)))
        when = day * _DAY + int(rng.integers(*_HOURS))
        lines = _basket(rng, goods, n, kind, cut_lines, redeemed)
        visits.append(_Visit(when, number, store, lines))
    return _Record(number, group, sent, answers, visits)


def _plant_lines(
    rng: np.random.Generator, fuel: str, goods: list[_Product], visits: list[_Visit]
) -> None:
    """Add fuel, whose quantity is in thousandths, and lines of nothing to visits."""
    for visit in some(rng, visits, _FUEL_LINES):
        thousandths = int(rng.integers(5_000, 16_000))
        value, cut = round(0.255 * thousandths), round(0.01 * thousandths)
        visit.lines.append(_Line(fuel, thousandths, value, cut))
    for visit in some(rng, visits, _ZERO_LINES):
        visit.lines.append(_Line(some(rng, goods, 1)[0].number, 0, 0))


def _transactions(rng: np.random.Generator, visits: list[_Visit]) -> pd.DataFrame:
    """Return the lines as the grocer writes them, in order of time."""
    visits = sorted(visits)
    numbers = _numbers(rng, 31_200_000_000, 9_000_000, len(visits))
    rows = []
    for number, visit in zip(numbers, visits, strict=True):
        time = _OPENING + timedelta(seconds=visit.when)
        # Weeks begin on a Monday, and the year on a Sunday.
        week = (visit.when // _DAY + 6) // 7 + 1
        for line in visit.lines:
            rows.append(
                {
                    "household_id": visit.household,
                    "store_id": visit.store,
                    "basket_id": number,
                    "product_id": line.product,
                    "quantity": f"{line.quantity}.0",
                    "sales_value": _amount(line.value),
                    "retail_disc": _amount(line.cut),
                    "coupon_disc": _amount(line.coupon),
                    "coupon_match_disc": _amount(line.match),
                    "week": str(week),
                    "transaction_timestamp": str(time),
                }
            )
    return pd.DataFrame(rows, dtype=object)


def _amount(cents: int) -> str:
    """Write cents as the source does: ``3.86``, but ``1.0``."""
    return str(cents / 100)


def _products(
    rng: np.random.Generator, fuel: str, goods: list[_Product]
) -> pd.DataFrame:
    """Return the products table, from which a few products are missing."""
    known = [*goods[:-_UNKNOWN], _Product(fuel, *_FUEL, 0, "")]
    brands = deal(rng, _BRANDS, len(known))
    return pd.DataFrame(
        [
            {
                "product_id": good.number,
                "manufacturer_id": str(rng.integers(1, 1_500)),
                "department": good.department,
                "brand": brand,
                "product_category": good.category,
                "product_type": good.kind,
                "package_size": some(rng, _SIZES, 1)[0] if good.cents else "",
            }
            for good, brand in zip(known, brands, strict=True)
        ],
        dtype=object,
    )


def _demographics(rng: np.random.Generator, records: list[_Record]) -> pd.DataFrame:
    """Return the demographics of those households who were asked."""

    def draw(bands: dict[str, float], group: str) -> str:
        leaning = _LEANINGS.get(group, {})
        shares = np.array([bands[band] * leaning.get(band, 1.0) for band in bands])
        return str(rng.choice(list(bands), p=shares / shares.sum()))

    rows = []
    asked = rng.choice(len(records), round(_DESCRIBED * len(records)), replace=False)
    for i in np.sort(asked):
        number, group, *_ = records[i]
        married, kids = draw(_MARRIAGES, group), draw(_KIDS, group)
        adults = 2 if married == "Married" or rng.random() < 0.3 else 1
        size = adults + int(kids[0])
        rows.append(
            {
                "household_id": number,
                "age": draw(_AGES, group),
                "income": draw(_INCOMES, group),
                "home_ownership": draw(_HOMES, group),
                "marital_status": married,
                "household_size": str(size) if size < 5 else "5+",
                "household_comp": f"{adults} Adult{'s' if adults > 1 else ''} "
                f"{'No Kids' if kids == '0' else 'Kids'}",
                "kids_count": kids,
            }
        )
    return pd.DataFrame(rows, dtype=object)


def _campaigns(records: list[_Record]) -> dict[str, pd.DataFrame]:
    """Return the three tables of campaigns."""
    sent = sorted((c, record.number) for record in records for c in record.sent)
    redeemed = sorted(
        (answer.day, record.number, coupon, answer.campaign)
        for record in records
        for answer in record.answers
        for coupon in answer.coupons
    )
    rows = {
        "campaigns": [
            {"campaign_id": str(campaign + 1), "household_id": household}
            for campaign, household in sent
        ],
        "campaign_descriptions": [
            {
                "campaign_id": str(campaign),
                "campaign_type": kind,
                "start_date": str(start),
                "end_date": str(end),
            }
            for campaign, (kind, start, end) in enumerate(_CAMPAIGNS, 1)
        ],
        "coupon_redemptions": [
            {
                "household_id": household,
                "coupon_upc": coupon,
                "campaign_id": str(campaign + 1),
                "redemption_date": str((_OPENING + timedelta(days=day)).date()),
            }
            for day, household, coupon, campaign in redeemed
        ],
    }
    return {name: pd.DataFrame(table, dtype=object) for name, table in rows.items()}


def complete_journey(seed: int = 0) -> Demo:
    """Make a year of a grocer's households, 2017.

    Parameters
    ----------
    seed : int
        Seed of the PCG64 generator.

    Returns
    -------
    Demo
        About 5,000 transaction lines of 260 households, with products,
        demographics, campaigns and redemptions; the entity id is the
        ``household_id``. Money is dollars.
    """
    rng = seeded(seed)
    picks = rng.choice(np.arange(1, _HIGHEST_ID + 1), _HOUSEHOLDS, replace=False)
    ids = np.sort(picks).astype(str).tolist()
    shares = {name: kind.share for name, kind in _GROUPS.items()}
    groups = deal(rng, shares, _HOUSEHOLDS)
    goods = _catalogue(rng)
    fuel = str(rng.integers(100_000, 700_000))
    coupons = [
        _numbers(rng, 51_000_000_000 + i * 100_000_000, 9_000_000, _COUPONS)
        for i in range(len(_CAMPAIGNS))
    ]
    # The first and last day of the year are there, whatever the seed.
    extra_days = {groups.index("Loyal Full Baskets"): [0, _LAST_DAY]}
    records = [
        _record(rng, number, group, goods, coupons, extra_days.get(i, []))
        for i, (number, group) in enumerate(zip(ids, groups, strict=True))
    ]

    # Households who buy much bear the traps.
    hosts = [record for record in records if record.group == "Loyal Full Baskets"]
    visits = [visit for host in hosts for visit in host.visits]
    _plant_lines(rng, fuel, goods, visits)
    visits = [visit for record in records for visit in record.visits]
    transactions = _transactions(rng, visits)
    bearing = transactions["household_id"].isin([host.number for host in hosts])
    bearing &= transactions["quantity"] == "1.0"
    bearing &= transactions["basket_id"].duplicated(keep=False)
    negative, twice = rng.choice(transactions.index[bearing], 2, replace=False)
    spoil(transactions, [negative], [_NEGATIVE_VALUE])
    transactions = pd.concat([transactions, transactions.loc[[twice]]])

    demographics = _demographics(rng, records)
    spoil(demographics, rng.integers(len(demographics), size=1), [_UNKNOWN_AGE])
    # This household redeems what it was never sent.
    stranger = hosts[0]
    never = next(c for c in range(1, len(_CAMPAIGNS)) if c not in stranger.sent)
    day = (_CAMPAIGNS[never][1] - _OPENING.date()).days
    stranger.answers.append(_Answer(never, day, coupons[never][:1]))

    tables = {
        # The real file is in no order at all.
        "transactions": transactions.iloc[rng.permutation(len(transactions))],
        "demographics": demographics,
        "products": _products(rng, fuel, goods),
        **_campaigns(records),
    }
    tables = {name: table.reset_index(drop=True) for name, table in tables.items()}
    return Demo(tables, truth(ids, groups, "household_id"))
