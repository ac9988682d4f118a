"""The published tables, as the report and the slides read them."""

from __future__ import annotations

import re
from collections import namedtuple
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd

from customer_segmentation.errors import SegmentationError
from customer_segmentation.presentation.palette import Mark, mark
from customer_segmentation.presentation.wording import (
    amount,
    counted,
    label,
    number,
    share,
    words,
)

__all__ = ["Advice", "Dataset", "Feature", "Published", "Segment", "Segmentation"]

SEGMENTATIONS = """
select
    segmentation, dataset, grain, model_version, fitted_entities,
    cast(trained_at as date) as trained_on, as_of_date, entities, revenue
from segmentations
inner join (
    select distinct
        segmentation, model_version, fitted_entities, trained_at
    from segmentation_models
    where is_current
) as models using (segmentation)
inner join (
    select
        segmentation, cast(sum(entities) as bigint) as entities,
        cast(sum(revenue) as double) as revenue
    from segment_summary
    group by segmentation
) as sizes using (segmentation)
left join (
    select segmentation, max(cast(as_of_date as date)) as as_of_date
    from customer_segments
    group by segmentation
) as scored using (segmentation)
where entities > 0
order by is_demo, dataset, contains(segmentation, '_as_published'), segmentation
"""

SEGMENTS = """
select
    segment_id, segment_name, segment_summary.marked_by, entities, share,
    cast(revenue as double) as revenue,
    case when sum(revenue) over () > 0 then revenue_share end as revenue_share,
    has_archetype, interpretation, actions
from segment_summary
inner join (
    select segmentation, segment_id, has_archetype, interpretation, actions
    from segment_playbook
) as playbook using (segmentation, segment_id)
where segmentation = $segmentation
order by revenue_share desc nulls last, share desc, segment_id
"""
ADVICE = """
select verdict, reasons, model_age_months
from retraining_advice
where segmentation = $segmentation
"""
DATASETS = """
select
    dataset, currency, is_demo, customers, sale_lines, products, countries, first_date,
    last_date, revenue
from datasets
order by dataset
"""
FEATURES = """
select distinct feature, feature_position, encoding, source_column, transform, outliers
from segmentation_models
where segmentation = $segmentation and is_current
order by feature_position, feature
"""
MONEY = {"amount", "cost", "income", "margin", "price", "profit", "spend", "value"}


@dataclass(frozen=True)
class Dataset:
    """A dataset with rows.

    Attributes
    ----------
    name : str
    currency : str or None
        Of its amounts, as ISO 4217 writes it.
    is_demo : bool
        Whether it is the demo's.
    customers, sale_lines, products, countries : int
    first_date, last_date : date or None
        Of its sales; None where it has none.
    revenue : float
    """

    name: str
    currency: str | None
    is_demo: bool
    customers: int
    sale_lines: int
    products: int
    countries: int
    first_date: date | None
    last_date: date | None
    revenue: float

    @property
    def title(self) -> str:
        """In words."""
        return words(self.name)


@dataclass(frozen=True)
class Segmentation:
    """A segmentation with entities.

    Attributes
    ----------
    name : str
    dataset : Dataset
    grain : str
        customer or sale.
    is_as_published : bool
        Whether it repeats a published work.
    model_version, fitted_entities : int
    trained_on : date
    as_of_date : date or None
        Date of the data; None where they have no dates.
    entities : int
    revenue : float
    """

    name: str
    dataset: Dataset
    grain: str
    is_as_published: bool
    model_version: int
    fitted_entities: int
    trained_on: date
    as_of_date: date | None
    entities: int
    revenue: float

    @property
    def title(self) -> str:
        """In words."""
        return words(self.name)

    @property
    def entity(self) -> str:
        """What one entity is, in the singular."""
        return {"customer": "customer", "sale": "sale line"}[self.grain]

    @property
    def many(self) -> str:
        """What the entities are, in the plural."""
        return f"{self.entity}s"

    @property
    def everyone(self) -> str:
        """How many of them there are."""
        return counted(self.entities, self.entity)


@dataclass(frozen=True)
class Segment:
    """A segment of the current model.

    Attributes
    ----------
    id : int
        The durable one.
    name : str
    marked_by : str
    entities : int
    share : float
        Of the entities.
    revenue : float
    revenue_share : float or None
        None where nothing was sold.
    has_playbook : bool
        Whether it is of a known kind.
    who : str
        What the playbook says of it.
    actions : tuple of str
        What is to be done.
    """

    id: int
    name: str
    marked_by: str
    entities: int
    share: float
    revenue: float
    revenue_share: float | None
    has_playbook: bool
    who: str
    actions: tuple[str, ...]

    @property
    def marks(self) -> str:
        """What marks it, in words without numbers."""
        return re.sub(r" \(median [^()]*\)", "", self.marked_by)

    @property
    def mark(self) -> Mark:
        """How it is drawn."""
        return mark(self.id)

    @property
    def label(self) -> str:
        """Its name as Plotly shows text."""
        return label(self.name, 60)


@dataclass(frozen=True)
class Feature:
    """A dimension that a segmentation rests on.

    Attributes
    ----------
    name : str
        As the tables write it.
    encoding, source_column, transform, outliers : str
        Of the definition.
    """

    name: str
    encoding: str
    source_column: str
    transform: str
    outliers: str

    @property
    def title(self) -> str:
        """In words."""
        return words(self.name)

    @property
    def is_share(self) -> bool:
        """Whether its values are shares."""
        return self.encoding in ("one_hot", "is_missing") or bool(
            {"rate", "share"} & set(self.name.split("_"))
        )

    @property
    def is_money(self) -> bool:
        """Whether its values are amounts."""
        parts = set(self.name.split("_"))
        return (
            self.encoding == "number"
            and not self.is_share
            and "thousands" not in parts
            and bool(MONEY & parts)
        )

    def value(self, value: float | None, currency: str | None = None) -> str:
        """Write a value, a share as a percentage, an amount with its currency."""
        if self.is_share:
            return share(value)
        return amount(value, currency) if self.is_money else number(value)

    def label(self, currency: str | None) -> str:
        """Its name as Plotly shows text, with the currency of amounts."""
        unit = f" ({currency})" if self.is_money and currency else ""
        return label(self.title) + unit


@dataclass(frozen=True)
class Advice:
    """Whether to train a model again.

    Attributes
    ----------
    verdict, reasons : str
    model_age_months : int or None
        Months from the data of the training to the last of the data.
    """

    verdict: str
    reasons: str
    model_age_months: int | None

    @property
    def text(self) -> str:
        """The reasons, after the age of the model where that is known."""
        if self.model_age_months is None:
            return self.reasons
        age = counted(self.model_age_months, "month") if self.model_age_months else ""
        return f"Its data are {age or 'under a month'} old. {self.reasons}"


class Published:
    """Reads the published database.

    Parameters
    ----------
    database : Path

    Raises
    ------
    SegmentationError
        If there is no such database, or it does not hold the tables of a build.
    """

    def __init__(self, database: Path):
        if not database.exists():
            raise SegmentationError(
                f"No database at {database}. Run `make build` first."
            )
        self.database = database
        try:
            self._connection = duckdb.connect(str(database), read_only=True)
            # The mean of doubles depends on how threads share them out.
            self._connection.execute("set threads = 1")
        except duckdb.Error as error:
            raise SegmentationError(
                f"{database} cannot be read ({error}). Run `make build` first."
            ) from None
        self.datasets = {
            row.dataset: Dataset(row.dataset, *row[1:]) for row in self.rows(DATASETS)
        }
        self.segmentations = {
            row.segmentation: Segmentation(
                name=row.segmentation,
                dataset=self.datasets[row.dataset],
                grain=row.grain,
                is_as_published="_as_published" in row.segmentation,
                model_version=row.model_version,
                fitted_entities=row.fitted_entities,
                trained_on=row.trained_on,
                as_of_date=row.as_of_date,
                entities=row.entities,
                revenue=row.revenue,
            )
            for row in self.rows(SEGMENTATIONS)
        }

    def segments(self, segmentation: str) -> list[Segment]:
        """List the segments: by revenue, or by size where there is none."""
        return [
            Segment(*row[:7], **_playbook(row))
            for row in self.rows(SEGMENTS, segmentation=segmentation)
        ]

    def features(self, segmentation: str) -> dict[str, Feature]:
        """Give the features by their names, in the order of the definition."""
        return {
            row.feature: Feature(
                *(row.feature, row.encoding, row.source_column),
                *(row.transform, row.outliers),
            )
            for row in self.rows(FEATURES, segmentation=segmentation)
        }

    def advice(self, segmentation: str) -> Advice | None:
        """Give the advice on training again."""
        found = self.rows(ADVICE, segmentation=segmentation)
        return Advice(*found[0]) if found else None

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def rows(self, query: str, **parameters) -> list:
        """Run a query; its rows come as named tuples, with None for NULL."""
        result = self._run(query, parameters)
        columns = [column for column, *_ in result.description]
        row = namedtuple("Row", columns)
        return [row(*values) for values in result.fetchall()]

    def frame(self, query: str, **parameters) -> pd.DataFrame:
        """Run a query; numbers come as doubles or integers."""
        return self._run(query, parameters).df()

    def _run(self, query: str, parameters: dict) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(query, parameters or None)
        except duckdb.Error as error:
            raise SegmentationError(
                f"{self.database} does not hold the tables of this version ({error}). "
                "Run `make build` first."
            ) from None


def _playbook(row) -> dict:
    if not row.has_archetype:
        # What the table says of such a segment is for who keeps the playbook.
        return {
            "has_playbook": False,
            "who": "None of the known kinds.",
            "actions": ("To be agreed: the playbook has no actions for it yet",),
        }
    actions = (part.strip(" .") for part in row.actions.split(";"))
    return {
        "has_playbook": True,
        "who": row.interpretation,
        "actions": tuple(part[:1].upper() + part[1:] for part in actions if part),
    }
