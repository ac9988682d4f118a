"""Small made-up seeds in the shape of the real sources, traps included.

Each generator returns the text tables a shop might have sent and the group that
was planted behind every entity, so that a clustering of the demo can be judged
by its adjusted Rand index. All names and texts are invented. The one source of
randomness is a seeded PCG64, and all that is written is rounded to whole units
or pence, so the same seed gives the same bytes on every platform.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from customer_segmentation.demo._chocolate_sales import (
    DECLINING_PRODUCTS,
    chocolate_sales,
)
from customer_segmentation.demo._complete_journey import complete_journey
from customer_segmentation.demo._ecommerce_orders import ecommerce_orders
from customer_segmentation.demo._mall_customers import mall_customers
from customer_segmentation.demo._online_retail import online_retail
from customer_segmentation.demo._sales_records import sales_records
from customer_segmentation.demo._shared import Demo
from customer_segmentation.errors import SegmentationError

__all__ = [
    "DECLINING_PRODUCTS",
    "DEMOS",
    "Demo",
    "chocolate_sales",
    "complete_journey",
    "ecommerce_orders",
    "mall_customers",
    "online_retail",
    "sales_records",
    "write_demo",
    "write_seeds",
]

DEMOS: dict[str, Callable[..., Demo]] = {
    "chocolate_sales": chocolate_sales,
    "online_retail": online_retail,
    "ecommerce_orders": ecommerce_orders,
    "sales_records": sales_records,
    "mall_customers": mall_customers,
    "complete_journey": complete_journey,
}
"""Generator of each demo dataset, by name."""


def write_seeds(folder: Path, seed: int = 0) -> list[Path]:
    """Write every demo table as ``demo_<dataset>__<table>.csv``.

    The files are UTF-8 without BOM, with LF and as few quotes as possible.

    Parameters
    ----------
    folder : Path
        Where to write; made if it is not there.
    seed : int
        Seed of every generator.

    Returns
    -------
    list of Path
        The files written, in the order of `DEMOS`.
    """
    return [
        _write(table, folder / f"demo_{dataset}__{name}.csv")
        for dataset, generate in DEMOS.items()
        for name, table in generate(seed).tables.items()
    ]


def write_demo(
    folder: Path, dataset: str, seed: int = 0, customers: int | None = None
) -> list[Path]:
    """Write one demo as a source of its own, with the truth beside it.

    Parameters
    ----------
    folder : Path
        Where to write ``<dataset>/<table>.csv`` and
        ``<dataset>/planted_groups.csv``; made if it is not there.
    dataset : str
        Name in `DEMOS`.
    seed : int
        Seed of the generator.
    customers : int, optional
        Number of customers, for ``ecommerce_orders`` alone.

    Returns
    -------
    list of Path
        The files written, the planted groups last.
    """
    if dataset not in DEMOS:
        raise SegmentationError(
            f"no demo is called {dataset!r}; there are {', '.join(DEMOS)}"
        )
    if customers is None:
        demo = DEMOS[dataset](seed)
    elif dataset == "ecommerce_orders":
        demo = ecommerce_orders(seed, customers)
    else:
        raise SegmentationError(
            f"the demo {dataset} has one size only; ecommerce_orders alone is made "
            "for any number of customers"
        )
    tables = {**demo.tables, "planted_groups": demo.groups.reset_index()}
    return [
        _write(table, folder / dataset / f"{name}.csv")
        for name, table in tables.items()
    ]


def _write(table: pd.DataFrame, path: Path) -> Path:
    """Write a text table, folder included, and return where it stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # newline="": else Windows would turn the LF into CRLF.
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(table.itertuples(index=False, name=None))
    return path
