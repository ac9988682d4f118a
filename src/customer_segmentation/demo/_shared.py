"""What the generators of the demo sources share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Demo:
    """A demo source and the truth behind it.

    Attributes
    ----------
    tables : dict of str to DataFrame
        All text, an absent value is ``""``; columns are the header of the
        source's table of that name.
    groups : Series, shape (n_entities,)
        Planted group name, indexed by entity id in ascending order. An entity
        without a row that is fit for use is not in it.
    """

    tables: dict[str, pd.DataFrame]
    groups: pd.Series


def seeded(seed: int) -> np.random.Generator:
    """Return the only kind of randomness used here."""
    return np.random.Generator(np.random.PCG64(seed))


def about(
    rng: np.random.Generator,
    median: float | np.ndarray,
    spread: float | np.ndarray,
    size: int | None = None,
) -> float | np.ndarray:
    """Draw log-normal values: heavy tailed, as what customers do always is."""
    return median * np.exp(spread * rng.standard_normal(size))


def deal(rng: np.random.Generator, shares: Mapping[str, float], n: int) -> list[str]:
    """Return `n` names in random order, each exactly as often as its share says."""
    cuts = np.cumsum([0.0, *shares.values()])
    counts = np.diff(np.round(cuts / cuts[-1] * n).astype(int))
    return rng.permutation(np.repeat(list(shares), counts)).tolist()


def some(rng: np.random.Generator, items: Sequence, n: int) -> list:
    """Return `n` different items in random order."""
    return [items[i] for i in rng.choice(len(items), n, replace=False)]


def money(pence: Iterable[int]) -> list[str]:
    """Write whole pence, or cents, with two decimals."""
    return [f"{amount / 100:.2f}" for amount in pence]


def spoil(
    table: pd.DataFrame, rows: Iterable[int], texts: Iterable[tuple[str, str]]
) -> None:
    """Put each (column, text) into the row at the same place of `rows`."""
    for row, (column, text) in zip(rows, texts, strict=False):
        table.loc[row, column] = text


def truth(ids: Iterable[str], groups: Iterable[str], entity: str) -> pd.Series:
    """Return the planted groups by entity id, ascending."""
    index = pd.Index([str(one) for one in ids], name=entity)
    names = [str(group) for group in groups]
    return pd.Series(names, index, dtype=object, name="group").sort_index()
