"""Draws slides: native text, tables and charts that always fit their boxes."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pptx import Presentation
from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_TICK_LABEL_POSITION, XL_TICK_MARK
from pptx.enum.shapes import MSO_SHAPE, PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches, Pt
from xlsxwriter import Workbook

from customer_segmentation.presentation.palette import COLOURS, INK
from customer_segmentation.slides.fitting import (
    BOLD,
    Run,
    Text,
    count_lines,
    cut,
    fit,
    height,
    plain,
    row_lines,
    runs_of,
    width,
)

__all__ = [
    "BODY",
    "Box",
    "CONTENT",
    "Cell",
    "Deck",
    "GREY_TEXT",
    "Page",
    "SIZES",
    "SMALL",
    "draw",
    "paint",
]

OPENING, TITLE, SMALLEST_TITLE, BODY, SMALL = 36, 28, 24, 14, 12
# The largest of these at which nothing is cut.
SIZES = (18, 16, BODY)
# Darker than GREY, which is for marks: text needs a contrast of 4.5 (WCAG 2.2, 1.4.3).
GREY_TEXT = "#5b6570"
LINE = "#d5dade"
# On every Windows, every Mac, and as Liberation Sans wherever LibreOffice is.
FONT = "Arial"
# PowerPoint's table style without lines and fills.
NO_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
# Distance of a table's text from the sides and from the lines of its cell, in inches.
CELL_SIDE, CELL_TOP = 0.12, 0.06
# How much a row may grow where there is room.
AIR = 0.22


class Box(NamedTuple):
    """A place on the slide, in inches from its upper left corner."""

    left: float
    top: float
    width: float
    height: float


PAGE = Box(0, 0, 13.333, 7.5)
TITLE_BOX = Box(0.6, 0.4, 12.1, 1.05)
OPENING_BOX = Box(0.6, 0.95, 12.1, 1.3)
CONTENT = Box(0.6, 1.7, 12.1, 5.0)
FOOTER_BOX = Box(0.6, 6.95, 11.0, 0.3)
NUMBER_BOX = Box(11.7, 6.95, 1.0, 0.3)


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : str, Run or sequence of Run
    fill : str, optional
        As #rrggbb.
    """

    text: Text
    fill: str | None = None


def _colour(value: str) -> RGBColor:
    return RGBColor.from_string(value.lstrip("#").upper())


def _srgb(value: str) -> str:
    return f'<a:srgbClr {nsdecls("a")} val="{value[1:].upper()}"/>'


def _write(paragraph, runs: list[Run], size: float) -> None:
    for run in runs:
        written = paragraph.add_run()
        written.text = run.text
        written.font.size = Pt(size)
        written.font.bold = run.is_bold or None
        if run.colour:
            written.font.color.rgb = _colour(run.colour)


def _place(shape, box: Box) -> None:
    shape.left, shape.top, shape.width, shape.height = map(Inches, box)


class Deck:
    """Slides of 16:9 in one style.

    Parameters
    ----------
    title : str
        Of the file.
    footer : str
        On every slide.
    day : date
        Of the data: the file says that it was made then, so that the same data give
        the same file.
    """

    def __init__(self, title: str, footer: str, day: date):
        self._presentation = Presentation()
        self._footer = plain(footer)
        self._strip_template()
        self._style_master()
        self._style_theme()
        properties = self._presentation.core_properties
        properties.title, properties.author = plain(title), "customer_segmentation"
        properties.last_modified_by, properties.revision = properties.author, 1
        self._day = datetime(day.year, day.month, day.day)
        properties.created = properties.modified = self._day

    def slide(self, title: str, notes: str, *, is_opening: bool = False) -> Page:
        """Add a slide.

        Parameters
        ----------
        title : str
            What the slide says, in a sentence; at most two lines of it are shown.
        notes : str
            For the speaker: what is shown, and from which table.
        is_opening : bool
            Whether the title is that of the deck.

        Returns
        -------
        Page
        """
        slide = self._presentation.slides.add_slide(self._layout)
        for placeholder in self._layout.placeholders:
            if placeholder.placeholder_format.type == PP_PLACEHOLDER.TITLE:
                continue
            copied = deepcopy(placeholder._element)
            copied.nvSpPr.cNvPr.set("id", str(slide.shapes._next_shape_id))
            slide.shapes._spTree.append(copied)
            if placeholder.placeholder_format.type == PP_PLACEHOLDER.FOOTER:
                footer = slide.placeholders[placeholder.placeholder_format.idx]
                [run] = cut([Run(self._footer)], SMALL, FOOTER_BOX.width, 1)
                footer.text_frame.text = run.text
        runs = [replace(run, is_bold=True) for run in runs_of(title)]
        sizes = (OPENING, TITLE) if is_opening else (TITLE, SMALLEST_TITLE)
        fitting = [n for n in sizes if count_lines(runs, n, TITLE_BOX.width) <= 2]
        size = fitting[0] if fitting else sizes[-1]
        [run] = cut(runs, size, TITLE_BOX.width, 2)
        slide.shapes.title.text_frame.text = run.text
        if is_opening:
            _place(slide.shapes.title, OPENING_BOX)
        if size != TITLE:
            slide.shapes.title.text_frame.paragraphs[0].runs[0].font.size = Pt(size)
        slide.notes_slide.notes_text_frame.text = plain(notes)
        return Page(slide, self._day)

    def save(self, path: Path) -> None:
        """Write the file; the same slides give the same bytes."""
        written = io.BytesIO()
        self._presentation.save(written)
        path.parent.mkdir(parents=True, exist_ok=True)
        with ZipFile(written) as source, ZipFile(path, "w", ZIP_DEFLATED) as target:
            for name in source.namelist():
                entry = ZipInfo(name)
                entry.compress_type = ZIP_DEFLATED
                target.writestr(entry, source.read(name))

    def _strip_template(self) -> None:
        """Leave of python-pptx's template one layout, and no thumbnail of it."""
        presentation = self._presentation
        presentation.slide_width, presentation.slide_height = map(Inches, PAGE[2:])
        for layout in list(presentation.slide_layouts):
            if layout.name != "Title Only":
                presentation.slide_layouts.remove(layout)
        [self._layout] = presentation.slide_layouts
        package = presentation.part.package
        for key, relation in list(package._rels.items()):
            if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL:
                package._rels.pop(key)

    def _style_master(self) -> None:
        master = self._presentation.slide_master
        boxes = {
            PP_PLACEHOLDER.TITLE: TITLE_BOX,
            PP_PLACEHOLDER.BODY: CONTENT,
            PP_PLACEHOLDER.FOOTER: FOOTER_BOX,
            PP_PLACEHOLDER.SLIDE_NUMBER: NUMBER_BOX,
        }
        for shape in [*master.placeholders, *self._layout.placeholders]:
            box = boxes.get(shape.placeholder_format.type)
            if box:
                _place(shape, box)
            else:
                shape._element.getparent().remove(shape._element)
        for shape in master.placeholders:
            kind = shape.placeholder_format.type
            shape.text_frame.margin_left = shape.text_frame.margin_right = 0
            if kind == PP_PLACEHOLDER.TITLE:
                shape.text_frame.vertical_anchor = MSO_ANCHOR.TOP
            for level in shape._element.iter(qn("a:lvl1pPr")):
                is_number = kind == PP_PLACEHOLDER.SLIDE_NUMBER
                level.set("algn", "r" if is_number else "l")
                for fill in level.iter(qn("a:solidFill")):
                    fill[:] = [parse_xml(_srgb(GREY_TEXT))]
        style = master._element.find(".//" + qn("p:titleStyle"))
        level = style.find(qn("a:lvl1pPr"))
        level.set("algn", "l")
        level.find(qn("a:defRPr")).set("sz", str(TITLE * 100))
        level.find(qn("a:defRPr")).set("b", "1")

    def _style_theme(self) -> None:
        """Give charts that are added by hand our colours, and all text our font."""
        master = self._presentation.slide_master
        theme = master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
        xml = theme.blob.decode()
        xml = re.sub(r'(<a:latin typeface=")Calibri"', rf'\1{FONT}"', xml)
        colours = {"dk1": INK, "dk2": INK}
        colours |= {f"accent{place}": c for place, c in enumerate(COLOURS[:6], 1)}
        for name, colour in colours.items():
            xml = re.sub(
                rf"(<a:{name}>).*?(</a:{name}>)",
                rf"\1{_srgb(colour)}\2",
                xml,
                flags=re.DOTALL,
            )
        theme._blob = xml.encode()


class Page:
    """One slide, to be filled; `Deck.slide` makes it."""

    def __init__(self, slide, day: datetime):
        self._slide = slide
        self._day = day

    def text(
        self,
        box: Box,
        paragraphs: Sequence[Text],
        *,
        sizes: Sequence[float] = SIZES,
        gap: float = 0.6,
    ) -> None:
        """Write paragraphs, each cut so that all fit.

        Parameters
        ----------
        box : Box
        paragraphs : sequence of str, Run or sequence of Run
        sizes : sequence of float
            In points, the largest first.
        gap : float
            Between paragraphs, in lines.

        Raises
        ------
        ValueError
            If not even a line of each fits.
        """
        rows = [[(runs_of(paragraph), box.width)] for paragraph in paragraphs]
        air = gap * (len(rows) - 1)
        size, at_most = fit(rows, sizes, box.height, lambda n: height(air, n))
        frame = self._slide.shapes.add_textbox(*map(Inches, box)).text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = 0
        frame.margin_top = frame.margin_bottom = 0
        for place, [(runs, within)] in enumerate(rows):
            paragraph = frame.add_paragraph() if place else frame.paragraphs[0]
            paragraph.space_after = Pt(size * 1.2 * gap)
            _write(paragraph, cut(runs, size, within, at_most), size)

    def band(self, box: Box, colours: Sequence[str]) -> None:
        """Draw a band of colours of equal width, which says nothing."""
        wide = box.width / len(colours)
        for place, colour in enumerate(colours):
            part = box._replace(left=box.left + place * wide, width=wide)
            shape = self._slide.shapes.add_shape(
                MSO_SHAPE.RECTANGLE, *map(Inches, part)
            )
            paint(shape, colour)
            shape.line.fill.background()
            shape._element.remove(shape._element.find(qn("p:style")))

    def table(
        self,
        box: Box,
        header: Sequence[str],
        rows: Sequence[Sequence[Cell | Text]],
        *,
        widths: Sequence[float | None],
        alt: str,
        right: Sequence[int] = (),
        centred: Sequence[int] = (),
        sizes: Sequence[float] = SIZES,
    ) -> None:
        """Write a native table, its texts cut so that all rows fit.

        Parameters
        ----------
        box : Box
        header : sequence of str
        rows : sequence of sequence of Cell, str, Run or sequence of Run
        widths : sequence of float or None
            Of the columns, one to another. None is as wide as its texts, but at most
            a third of the table.
        alt : str
            What the table shows, for who does not see it.
        right, centred : sequence of int
            Columns that are set so.
        sizes : sequence of float
            In points, the largest first.

        Raises
        ------
        ValueError
            If not even a line of each row fits.
        """
        cells = [[Cell(Run(text, GREY_TEXT, True)) for text in header]]
        cells += [[c if isinstance(c, Cell) else Cell(c) for c in row] for row in rows]
        texts = [[runs_of(cell.text) for cell in row] for row in cells]

        def measured(size: float) -> list[list[tuple[list[Run], float]]]:
            inner = [w - 2 * CELL_SIDE for w in _columns(texts, widths, box, size)]
            return [list(zip(row, inner, strict=True)) for row in texts]

        margins = 2 * CELL_TOP * len(cells)
        size, at_most = fit(measured, sizes, box.height, lambda _: margins)
        heights = [
            height(row_lines(row, size, at_most), size) + 2 * CELL_TOP
            for row in measured(size)
        ]
        air = min((box.height - sum(heights)) / len(heights), AIR)
        heights = [height + air for height in heights]
        frame = self._slide.shapes.add_table(
            len(cells), len(widths), *map(Inches, (*box[:3], sum(heights)))
        )
        _describe(frame, alt)
        table = frame.table
        table._tbl.tblPr.find(qn("a:tableStyleId")).text = NO_STYLE
        table.horz_banding = False
        for column, wide in zip(
            table.columns, _columns(texts, widths, box, size), strict=True
        ):
            column.width = Inches(wide)
        for place, row in enumerate(measured(size)):
            table.rows[place].height = Inches(heights[place])
            for column, (runs, within) in enumerate(row):
                cell = table.cell(place, column)
                cell.vertical_anchor = MSO_ANCHOR.MIDDLE
                cell.margin_left = Inches(CELL_SIDE if column else 0)
                cell.margin_right = Inches(CELL_SIDE)
                cell.margin_top = cell.margin_bottom = Inches(CELL_TOP)
                paragraph = cell.text_frame.paragraphs[0]
                if column in right:
                    paragraph.alignment = PP_ALIGN.RIGHT
                elif column in centred:
                    paragraph.alignment = PP_ALIGN.CENTER
                _write(paragraph, cut(runs, size, within, at_most), size)
                if fill := cells[place][column].fill:
                    paint(cell, fill)
                _underline(cell)

    def chart(
        self,
        kind,
        box: Box,
        categories: Sequence[str],
        series: dict[str, Sequence[float | None]],
        *,
        number_format: str,
        alt: str,
        legend=None,
    ) -> Chart:
        """Draw a native chart, whose numbers PowerPoint shows under Edit Data.

        Parameters
        ----------
        kind : XL_CHART_TYPE
        box : Box
        categories : sequence of str
        series : dict of str to sequence of float or None
            None is a gap.
        number_format : str
            As Excel writes it.
        alt : str
            What the chart shows, for who does not see it.
        legend : XL_LEGEND_POSITION, optional
            By default there is none.

        Returns
        -------
        Chart
            To be coloured.
        """
        data = CategoryChartData(number_format=number_format)
        data.categories = [plain(category) for category in categories]
        for name, values in series.items():
            data.add_series(plain(name), values)
        frame = self._slide.shapes.add_chart(kind, *map(Inches, box), data)
        _describe(frame, alt)
        chart = frame.chart
        chart.part.chart_workbook.update_from_xlsx_blob(self._workbook(data))
        chart.font.size = Pt(BODY)
        chart.font.color.rgb = _colour(INK)
        chart.has_title = False
        chart.has_legend = legend is not None
        if legend is not None:
            chart.legend.position = legend
            chart.legend.include_in_layout = False
        axis = chart.category_axis
        axis.format.line.color.rgb = _colour(LINE)
        axis.major_tick_mark = XL_TICK_MARK.NONE
        axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
        axis.has_major_gridlines = False
        value_axis = chart.value_axis
        value_axis.format.line.fill.background()
        value_axis.major_tick_mark = XL_TICK_MARK.NONE
        value_axis.major_gridlines.format.line.color.rgb = _colour(LINE)
        value_axis.tick_labels.number_format = number_format
        value_axis.tick_labels.number_format_is_linked = False
        return chart

    def _workbook(self, data: CategoryChartData) -> bytes:
        """Write the numbers of a chart as python-pptx does, where it refers to them.

        Not by python-pptx itself: it would date the workbook today, and make a formula
        of a name that begins with "=".
        """
        written = io.BytesIO()
        with Workbook(written, {"in_memory": True}) as workbook:
            workbook.set_properties({"created": self._day})
            sheet = workbook.add_worksheet()
            numbers = workbook.add_format({"num_format": data.number_format})
            for row, category in enumerate(data.categories, 1):
                sheet.write_string(row, 0, category.label)
            for column, one in enumerate(data, 1):
                sheet.write_string(0, column, one.name)
                sheet.write_column(1, column, one.values, numbers)
        return written.getvalue()


def paint(format_of, colour: str) -> None:
    """Fill a series, a point or a marker with a colour."""
    format_of.fill.solid()
    format_of.fill.fore_color.rgb = _colour(colour)


def draw(format_of, colour: str, points: float) -> None:
    """Draw a line in a colour."""
    format_of.line.color.rgb = _colour(colour)
    format_of.line.width = Pt(points)


def _columns(
    texts: list[list[list[Run]]], widths: Sequence[float | None], box: Box, size: float
) -> list[float]:
    """Find the widths of the columns in inches; headers may break between words."""
    header, *rows = texts
    wide: list[float | None] = []
    for column, weight in enumerate(widths):
        words = " ".join(run.text for run in header[column]).split(" ")
        cells = ["".join(run.text for run in row[column]) for row in rows]
        longest = max(width(text, size) for text in (*words, *cells)) * BOLD
        measured = min(longest + 2 * CELL_SIDE + 0.03, box.width / 3)
        wide.append(measured if weight is None else None)
    rest = box.width - sum(filter(None, wide))
    total = sum(filter(None, widths))
    return [w or rest * weight / total for w, weight in zip(wide, widths, strict=True)]


def _describe(frame, alt: str) -> None:
    frame._element.nvGraphicFramePr.cNvPr.set("descr", plain(alt))


def _underline(cell) -> None:
    line = parse_xml(
        f'<a:lnB {nsdecls("a")} w="9525"><a:solidFill>{_srgb(LINE)}</a:solidFill>'
        "</a:lnB>"
    )
    cell._tc.get_or_add_tcPr().insert(0, line)
