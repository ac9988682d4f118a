"""What the slides tell of a segmentation, read from the published tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

from customer_segmentation.report.palette import mark
from customer_segmentation.report.published import Published, Segmentation
from customer_segmentation.report.wording import amount, counted, number, share, words
from customer_segmentation.slides.fitting import plain

__all__ = ["Feature", "Segment", "Story"]

SEGMENTS = """
select
    segment_id, segment_name, entities, share, cast(revenue as double) as revenue,
    revenue_share, marked_by, has_archetype, interpretation, actions
from segment_summary
inner join (
    select segmentation, segment_id, has_archetype, interpretation, actions
    from segment_playbook
) as playbook using (segmentation, segment_id)
where segmentation = $segmentation
order by {} desc, segment_id
"""
FEATURES = """
select distinct feature, feature_position, encoding, source_column
from segmentation_models
where segmentation = $segmentation and is_current
order by feature_position, feature
"""
MONEY = {"amount", "cost", "income", "margin", "price", "profit", "spend", "value"}


@dataclass(frozen=True)
class Segment:
    """A segment as the slides show it.

    Attributes
    ----------
    id : int
        The durable one.
    name : str
        Without what cannot be shown.
    colour : str
        As #rrggbb.
    entities : int
    share : float
    revenue : float
    revenue_share : float or None
    marks : str
        What marks it, in words.
    who : str
        What the playbook says of it.
    actions : tuple of str
    has_playbook : bool
    """

    id: int
    name: str
    colour: str
    entities: int
    share: float
    revenue: float
    revenue_share: float | None
    marks: str
    who: str
    actions: tuple[str, ...]
    has_playbook: bool


@dataclass(frozen=True)
class Feature:
    """A feature of a segmentation.

    Attributes
    ----------
    name : str
        As the tables write it.
    source_column : str
    is_share : bool
        Whether its values are shares.
    is_money : bool
        Whether they are amounts.
    """

    name: str
    source_column: str
    is_share: bool
    is_money: bool

    @property
    def title(self) -> str:
        """In words."""
        return plain(words(self.name))


class Story:
    """A segmentation, with its segments in the order of all slides.

    Parameters
    ----------
    published : Published
    segmentation : Segmentation

    Attributes
    ----------
    has_revenue : bool
    segments : list of Segment
        By share of revenue, or by share where there is no revenue.
    features : list of Feature
    """

    def __init__(self, published: Published, segmentation: Segmentation):
        self.published, self.about = published, segmentation
        self.has_revenue = segmentation.revenue > 0
        order = "revenue" if self.has_revenue else "entities"
        self.segments = [
            Segment(
                id=row.segment_id,
                name=plain(row.segment_name),
                colour=mark(row.segment_id).colour,
                entities=row.entities,
                share=row.share,
                revenue=row.revenue,
                revenue_share=row.revenue_share if self.has_revenue else None,
                marks=_marks(row.marked_by),
                **_playbook(row),
            )
            for row in self.rows(SEGMENTS.format(order))
        ]
        self.features = [
            Feature(
                name=row.feature,
                source_column=row.source_column,
                is_share=row.encoding == "one_hot"
                or row.feature.endswith("_is_missing")
                or bool({"rate", "share"} & set(row.feature.split("_"))),
                is_money=row.encoding == "number"
                and "thousands" not in row.feature
                and bool(MONEY & set(row.feature.split("_"))),
            )
            for row in self.rows(FEATURES)
        ]

    def rows(self, query: str) -> list:
        """Run a query about the segmentation, its parameter."""
        return self.published.rows(query, segmentation=self.about.name)

    @property
    def many(self) -> str:
        """What the entities are, in the plural."""
        return f"{self.about.entity}s"

    @property
    def everyone(self) -> str:
        """How many of them there are."""
        return counted(self.about.entities, self.about.entity)

    def money(self, value: float | None) -> str:
        """Write an amount in the currency of the dataset."""
        return amount(value, self.about.dataset.currency)

    def value(self, feature: Feature, value: float | None) -> str:
        """Write a value of a feature with its unit."""
        if feature.is_share:
            return share(value)
        return self.money(value) if feature.is_money else number(value)

    def importance(self, segment: Segment) -> float:
        """Return the share by which segments are ordered."""
        return segment.revenue_share if self.has_revenue else segment.share


def _marks(marked_by: str) -> str:
    text = plain(re.sub(r" \(median [^()]*\)", "", marked_by))
    return text[:1].upper() + text[1:]


def _playbook(row) -> dict:
    if row.has_archetype:
        actions = [plain(action) for action in row.actions.rstrip(".").split(";")]
        return {
            "who": plain(row.interpretation),
            "actions": tuple(a[:1].upper() + a[1:] for a in actions if a),
            "has_playbook": True,
        }
    # What the table says of such a segment is for who keeps the playbook.
    return {
        "who": f"{_marks(row.marked_by)}; none of the known kinds.",
        "actions": ("To be agreed: the playbook has no actions for it yet",),
        "has_playbook": False,
    }
