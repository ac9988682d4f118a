"""One colour and one symbol per segment, the same on every page and slide."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ACCENT",
    "ALERT",
    "COLOURS",
    "DIVERGING",
    "GREY",
    "INK",
    "SERIES",
    "Mark",
    "mark",
]

# Found by a search over OKLab. The first eight lie farthest apart as they
# are and as Machado et al. (2009, "A physiologically-based model for simulation of
# color vision deficiency") show them to people with protanopia, deuteranopia and
# tritanopia, each at a contrast of at least 3 to white (WCAG 2.2, 1.4.11).
COLOURS = (
    "#4a63c9",
    "#dd6f23",
    "#329e8d",
    "#9e3882",
    "#63630f",
    "#b87ae3",
    "#72130b",
    "#4c1b82",
    # After many retrains, or with many segments: each the farthest from all before.
    "#374f53",
    "#856e6a",
    "#8278bb",
    "#104ba7",
    "#d576a5",
    "#94153d",
    "#b45244",
    "#592656",
)
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "x", "star")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")

# What is no segment has none of their colours: ink and greys, and one for alarms.
INK = "#1c2733"
ACCENT = "#34475c"
GREY = "#98a3ae"
ALERT = "#b3261e"
# Of a few lines in one chart; dashes tell the second three from the first.
SERIES = (
    (INK, "solid"),
    ("#6b7c8f", "solid"),
    ("#a9b4bf", "solid"),
    (INK, "dot"),
    ("#6b7c8f", "dash"),
    ("#a9b4bf", "dashdot"),
)
# Low to high through white; blue and orange differ for everyone.
DIVERGING = (
    (0.0, "#b35806"),
    (0.25, "#f1a340"),
    (0.5, "#f7f7f7"),
    (0.75, "#7ba6d6"),
    (1.0, "#27509b"),
)


@dataclass(frozen=True)
class Mark:
    """How a segment is drawn.

    Attributes
    ----------
    colour : str
        As #rrggbb.
    symbol, dash : str
        Of a point and of a line, as Plotly names them: who sees no colours tells
        segments apart by them.
    """

    colour: str
    symbol: str
    dash: str


def mark(segment_id: int) -> Mark:
    """Give the mark of a segment by its durable id, which a retrain keeps.

    Two segments share a colour only if their ids differ by a multiple of 16; their
    symbols and dashes differ then, too.

    Parameters
    ----------
    segment_id : int
        From 1.

    Returns
    -------
    Mark

    Examples
    --------
    >>> mark(1)
    Mark(colour='#4a63c9', symbol='circle', dash='solid')
    >>> mark(1).colour == mark(17).colour, mark(1).symbol == mark(17).symbol
    (True, False)
    """
    place = segment_id - 1
    return Mark(
        COLOURS[place % len(COLOURS)],
        SYMBOLS[place % len(SYMBOLS)],
        DASHES[place % len(DASHES)],
    )
