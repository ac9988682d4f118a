"""How slides name and colour segments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from pptx.chart.chart import Chart
from pptx.dml.color import RGBColor
from pptx.util import Pt

from customer_segmentation.presentation.palette import GREY, INK
from customer_segmentation.presentation.published import Segment
from customer_segmentation.slides.deck import (
    BODY,
    draw,
    paint,
)
from customer_segmentation.slides.fitting import Run, shorten
from customer_segmentation.slides.story import Story

__all__ = ["chip", "label", "named", "stack", "with_others"]

# More colours of a stacked chart are not told apart.
SERIES = 7


def chip(segment: Segment, at_most: int = 60) -> list[Run]:
    """Write a segment's name after a square in its colour."""
    return [
        Run("■ ", segment.mark.colour),
        Run(shorten(segment.name, at_most), is_bold=True),
    ]


def with_others(story: Story, places: Sequence, values: dict) -> dict[str, list]:
    """Make a series of each of the first segments, and one of all others.

    Parameters
    ----------
    story : Story
    places : sequence
        The categories of the chart.
    values : dict of (place, segment id) to float

    Returns
    -------
    dict of str to list of float
        Names that are cut alike stay different.
    """
    series: dict[str, list] = {}
    shown = story.segments[:SERIES]
    for one in shown:
        name = shorten(one.name, 32)
        name = f"{name} ({one.id})" if name in series else name
        series[name] = [values.get((place, one.id), 0) for place in places]
    ids = {one.id for one in shown}
    if any(segment_id not in ids for _, segment_id in values):
        series["Others"] = [
            sum(v for (at, i), v in values.items() if at == place and i not in ids)
            for place in places
        ]
    return series


def stack(chart: Chart, story: Story, gap: int) -> None:
    """Colour a stacked chart of `with_others`."""
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = gap, 100
    colours = [one.mark.colour for one in story.segments[:SERIES]]
    for one, colour in zip_longest(plot.series, colours, fillvalue=GREY):
        paint(one.format, colour)
        draw(one.format, "#ffffff", 0.75)


def named(segment: Segment) -> str:
    """Name a segment in a sentence; a name that only describes it in quotes."""
    name = shorten(segment.name, 32)
    return name if segment.has_playbook else f"“{name}”"


def label(plot, number_format: str, colour: str = INK) -> None:
    """Write the values of a chart beside, or on, its bars."""
    plot.has_data_labels = True
    plot.data_labels.font.color.rgb = RGBColor.from_string(colour[1:].upper())
    plot.data_labels.number_format = number_format
    plot.data_labels.number_format_is_linked = False
    plot.data_labels.font.size = Pt(BODY)
