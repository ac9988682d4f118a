"""The page: every section of every segmentation in one file."""

from __future__ import annotations

from contextlib import closing
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from plotly.io.json import to_json_plotly
from plotly.offline import get_plotlyjs

from customer_segmentation.errors import SegmentationError
from customer_segmentation.presentation.published import (
    Dataset,
    Published,
    Segmentation,
)
from customer_segmentation.report.charts import TEMPLATE, Chart, Section
from customer_segmentation.report.sections.choice_of_k import choice_of_k
from customer_segmentation.report.sections.exploration import exploration
from customer_segmentation.report.sections.over_time import over_time
from customer_segmentation.report.sections.sales import sales
from customer_segmentation.report.sections.segments import segments
from customer_segmentation.report.sections.summary import summary

__all__ = ["write_report"]


def write_report(database: Path, page: Path) -> int:
    """Write the published tables as one page that opens from a file, offline.

    Parameters
    ----------
    database : Path
        The published database.
    page : Path
        An existing one is replaced.

    Returns
    -------
    int
        Bytes of the page.

    Raises
    ------
    SegmentationError
        If there is no such database, it holds no segmentation, or the page cannot be
        written.

    Notes
    -----
    The same database gives the same page, to the byte.
    """
    with closing(Published(database)) as published:
        if not published.segmentations:
            raise SegmentationError(
                f"{database} holds no segmentation with an entity. Run `make build`."
            )
        of_sales = {
            dataset: sales(published, dataset)
            for dataset in dict.fromkeys(
                segmentation.dataset
                for segmentation in published.segmentations.values()
            )
        }
        views = {
            segmentation: _sections(published, segmentation, of_sales)
            for segmentation in published.segmentations.values()
        }
    text = _rendered(views, of_sales)
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SegmentationError(
            f"{page} cannot be written ({error}). Name another file: --page."
        ) from None
    return len(text.encode())


def _sections(
    published: Published, segmentation: Segmentation, of_sales: dict[Dataset, Section]
) -> list[Section]:
    found = published.segments(segmentation.name)
    arguments = (published, segmentation, found)
    return [
        summary(*arguments),
        segments(*arguments),
        choice_of_k(*arguments),
        of_sales[segmentation.dataset],
        exploration(*arguments),
        over_time(published, segmentation),
    ]


def _rendered(views: dict, of_sales: dict) -> str:
    environment = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    template = environment.from_string(_asset("page.html"))
    return template.render(
        views=views,
        charts={
            # Those of the sales are shared by the segmentations of their dataset.
            **{
                f"segmentation-{segmentation.name}": _json(
                    [
                        section
                        for section in sections
                        if section is not of_sales[segmentation.dataset]
                    ]
                )
                for segmentation, sections in views.items()
            },
            **{
                f"dataset-{dataset.name}": _json([section])
                for dataset, section in of_sales.items()
            },
        },
        template=_safe(to_json_plotly(TEMPLATE)),
        style=Markup(_asset("page.css")),
        script=Markup(_asset("page.js")),
        plotly=Markup(get_plotlyjs().replace("</script", "<\\/script")),
    )


def _json(sections: list[Section]) -> Markup:
    return _safe(
        to_json_plotly(
            {
                block.key: block.payload()
                for section in sections
                for block in section.blocks
                if isinstance(block, Chart)
            }
        )
    )


def _safe(json: str) -> Markup:
    """Keep text of the data from ending the script that it stands in."""
    return Markup(json.replace("<", "\\u003c").replace(">", "\\u003e"))


def _asset(name: str) -> str:
    return files("customer_segmentation.report").joinpath(name).read_text("utf-8")
