"""What the sections of the page are made of: charts with their choices, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import plotly.graph_objects as go

from customer_segmentation.presentation.palette import DIVERGING, INK

__all__ = [
    "TEMPLATE",
    "Cell",
    "Chart",
    "Section",
    "Table",
    "View",
    "as_view",
    "heatmap",
    "lines",
    "whiskers",
]

GRID = "#e6e9ed"
_AXIS = {
    "automargin": True,
    # A finger that scrolls the page must not zoom a chart.
    "fixedrange": True,
    "gridcolor": GRID,
    "linecolor": "#c4cbd3",
    "zerolinecolor": "#c4cbd3",
    "title": {"standoff": 10, "font": {"size": 12}},
}
_SCENE_AXIS = {
    "backgroundcolor": "#ffffff",
    "gridcolor": GRID,
    "showspikes": False,
    "title": {"font": {"size": 12}},
    "zerolinecolor": "#c4cbd3",
}
TEMPLATE = {
    "layout": {
        "font": {
            "family": "system-ui, -apple-system, 'Segoe UI', sans-serif",
            "size": 13,
            "color": INK,
        },
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "height": 340,
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "scene": {axis: _SCENE_AXIS for axis in ("xaxis", "yaxis", "zaxis")}
        | {"aspectmode": "cube"},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "hoverlabel": {"bgcolor": "#ffffff", "font": {"color": INK}, "namelength": -1},
        "dragmode": False,
        "bargap": 0.25,
    }
}


@dataclass(frozen=True)
class Cell:
    """Text of a table, beside the colour of a segment."""

    text: str
    colour: str | None = None


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    columns : sequence of str
    rows : sequence of sequence of str or Cell
    title, note : str
        Above it and below it.
    numeric : set of int
        Columns of numbers, by position.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    title: str = ""
    note: str = ""
    numeric: frozenset[int] = frozenset()

    kind = "table"

    def cells(self) -> list[list[Cell]]:
        """Give every text as a cell."""
        return [
            [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]
            for row in self.rows
        ]


@dataclass(frozen=True)
class View:
    """What a chart shows under one choice.

    Attributes
    ----------
    sentence : str
        What it shows, from the data.
    figure : dict
        Data and layout of Plotly, without a template.
    table : Table or None
        Its numbers; None where the page takes them from the lines and bars.
    """

    sentence: str
    figure: dict
    table: Table | None = None


@dataclass(frozen=True)
class Chart:
    """A chart, with the choices that it offers.

    Attributes
    ----------
    key : str
        Unique in the page's view; part of the URL.
    title : str
    views : mapping of tuple of str to View
        By one option of each chooser; the first is shown first.
    choosers : sequence of str
        What each chooser chooses.
    note : str
        How it was measured.
    is_wide : bool
        Whether it takes the width of the page.
    """

    key: str
    title: str
    views: Mapping[tuple[str, ...], View]
    choosers: Sequence[str] = ()
    note: str = ""
    is_wide: bool = False

    kind = "chart"

    def payload(self) -> dict:
        """Give what the page's script needs."""
        return {
            "choosers": self.choosers,
            "views": [
                {
                    "choice": choice,
                    "sentence": view.sentence,
                    "figure": view.figure,
                    "table": view.table
                    and {
                        "columns": view.table.columns,
                        "rows": [[c.text for c in row] for row in view.table.cells()],
                    },
                }
                for choice, view in self.views.items()
            ],
        }


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes
    ----------
    key, title : str
    lead : str
        What it says in short, from the data.
    blocks : list
        Charts, tables and other parts that the page knows by their `kind`.
    """

    key: str
    title: str
    lead: str
    blocks: list = field(default_factory=list)

    def laid_out(self) -> list:
        """List the blocks; a narrow chart without a neighbour is wide."""
        laid, alone = [], False
        for block in [*self.blocks, None]:
            is_narrow = isinstance(block, Chart) and not block.is_wide
            if alone and not is_narrow:
                laid[-1] = replace(laid[-1], is_wide=True)
            alone = is_narrow and not alone
            laid.append(block)
        return laid[:-1]


def as_view(
    sentence: str,
    traces: Iterable,
    *,
    x: str | None = None,
    y: str | None = None,
    table: Table | None = None,
    **layout,
) -> View:
    """Make a view of traces, with the titles of its axes.

    Parameters
    ----------
    sentence : str
    traces : iterable of plotly traces
    x, y : str, optional
        Titles of the axes, with their units.
    table : Table, optional
    **layout
        Of Plotly.

    Returns
    -------
    View
    """
    figure = go.Figure(list(traces), go.Layout(template={}, **layout))
    if x is not None:
        figure.update_xaxes(title_text=x)
    if y is not None:
        figure.update_yaxes(title_text=y)
    body = figure.to_plotly_json()
    body["layout"].pop("template", None)
    return View(sentence, body, table)


def lines(name: str, x: Sequence, y: Sequence, colour: str, **more) -> go.Scatter:
    """Draw a line with points; gaps stay gaps."""
    line = {"color": colour, "width": 2, **more.pop("line", {})}
    marker = {"color": colour, "size": 6, **more.pop("marker", {})}
    return go.Scatter(
        name=name,
        x=list(x),
        y=list(y),
        mode="lines+markers",
        line=line,
        marker=marker,
        **more,
    )


def heatmap(
    values: Sequence,
    texts: Sequence,
    columns: Sequence[str],
    rows: Sequence[str],
    limit: float,
    hovers: Sequence | None = None,
    **more,
) -> go.Heatmap:
    """Draw numbers as colours from -`limit` to `limit`, white at 0, with texts."""
    return go.Heatmap(
        z=values,
        x=columns,
        y=rows,
        text=texts,
        texttemplate="%{text}",
        customdata=texts if hovers is None else hovers,
        hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
        colorscale=[list(step) for step in DIVERGING],
        zmin=-limit,
        zmax=limit,
        xgap=2,
        ygap=2,
        showscale=False,
    ).update(more)


def whiskers(quantiles) -> dict:
    """Give what a box plot draws of a row of `feature_quantiles`."""
    return {
        "q1": [quantiles.p25],
        "median": [quantiles.median],
        "q3": [quantiles.p75],
        "lowerfence": [quantiles.p05],
        "upperfence": [quantiles.p95],
    }
