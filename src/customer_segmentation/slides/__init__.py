"""A short PowerPoint file about one segmentation, to be edited."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from customer_segmentation.errors import SegmentationError
from customer_segmentation.presentation.published import Published
from customer_segmentation.presentation.wording import as_date, listing
from customer_segmentation.slides.deck import Deck
from customer_segmentation.slides.monitoring import moves, retraining, trust
from customer_segmentation.slides.people import (
    countries,
    glance,
    opening,
    playbook,
    profiles,
    sizes,
)
from customer_segmentation.slides.story import Story

__all__ = ["write_slides"]

# In this order; a slide that has nothing to say is left out.
SLIDES = (
    *(opening, glance, sizes, profiles, countries, playbook),
    *(trust, moves, retraining),
)


def write_slides(
    database: Path, segmentation: str | None, output: Path | None = None
) -> Path:
    """Write slides about a segmentation: native text, tables and charts.

    The same database gives the same bytes.

    Parameters
    ----------
    database : Path
        The published database.
    segmentation : str or None
        Its name.
    output : Path, optional
        By default report/<segmentation>.pptx.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    SegmentationError
        If there is no such database or segmentation, or nobody is in its segments.
    """
    with closing(Published(database)) as published:
        there = published.segmentations
        if segmentation not in there:
            raise SegmentationError(_missing(published, segmentation))
        about = there[segmentation]
        day = about.as_of_date or about.trained_on
        story = Story(published, about)
        deck = Deck(about.title, _footer(story), day)
        for slide in SLIDES:
            slide(deck, story)
    output = output or Path("report") / f"{segmentation}.pptx"
    deck.save(output)
    return output


def _missing(published: Published, segmentation: str | None) -> str:
    names = listing(published.segmentations)
    there = f"Those with segments are {names}" if names else "None has segments yet"
    if segmentation is None:
        return f"Name the segmentation that the slides are about. {there}."
    if published.rows(
        "from segmentations where segmentation = $segmentation",
        segmentation=segmentation,
    ):
        return f"Nobody is in the segments of {segmentation!r}. {there}."
    return f"There is no segmentation {segmentation!r}. {there}."


def _footer(story: Story) -> str:
    about = story.about
    parts = [
        about.title,
        f"data as of {as_date(about.as_of_date)}"
        if about.as_of_date
        else "data without dates",
        f"model version {about.model_version}",
        "demo data" if about.dataset.is_demo else None,
    ]
    return "  ·  ".join(filter(None, parts))
