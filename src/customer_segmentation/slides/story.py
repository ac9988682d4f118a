"""What the slides tell of a segmentation, read from the published tables."""

from __future__ import annotations

from dataclasses import replace

from customer_segmentation.presentation.published import (
    Feature,
    Published,
    Segment,
    Segmentation,
)
from customer_segmentation.presentation.wording import amount
from customer_segmentation.slides.fitting import plain

__all__ = ["Story"]


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
        self.segments = [
            replace(
                segment,
                name=plain(segment.name),
                marked_by=_marks(segment),
                who=plain(segment.who),
                actions=tuple(map(plain, segment.actions)),
            )
            for segment in published.segments(segmentation.name)
        ]
        self.features = list(published.features(segmentation.name).values())

    def rows(self, query: str) -> list:
        """Run a query about the segmentation, its parameter."""
        return self.published.rows(query, segmentation=self.about.name)

    def money(self, value: float | None) -> str:
        """Write an amount in the currency of the dataset."""
        return amount(value, self.about.dataset.currency)

    def value(self, feature: Feature, value: float | None) -> str:
        """Write a value of a feature with its unit."""
        return feature.value(value, self.about.dataset.currency)

    def importance(self, segment: Segment) -> float:
        """Return the share by which segments are ordered."""
        return segment.revenue_share if self.has_revenue else segment.share


def _marks(segment: Segment) -> str:
    text = plain(segment.marks)
    return text[:1].upper() + text[1:]
