"""Slides: every number is the tables', every mark the palette's, every text text."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pytest
from lxml import etree
from pptx import Presentation
from pptx.util import Inches, Pt

from customer_segmentation.cli import main
from customer_segmentation.errors import SegmentationError
from customer_segmentation.presentation.palette import GREY, mark
from customer_segmentation.slides import write_slides
from customer_segmentation.slides.fitting import Run, count_lines, cut

HOSTILE = '=1+1 <script>alert("x")</script> & it\'s\x01 \x0b\u202eso'
SHOWN = '=1+1 <script>alert("x")</script> & it\'s so'
PUBLISHED = """
create table datasets as
    select 'shop' as dataset, 'EUR' as currency, true as is_demo, 1000 as customers,
        9000 as sale_lines, 20 as products, 2 as countries,
        date '2024-01-03' as first_date, date '2024-06-28' as last_date,
        50000.0 as revenue
    union all
    select 'mall', null, false, 300, 0, 0, 0, null, null, 0;
create table segmentations as
    select * from (values
        ('buyers', 'shop', 'customer'), ('lines', 'shop', 'sale'),
        ('shoppers', 'mall', 'customer'), ('nobody', 'shop', 'customer')
    ) as t (segmentation, dataset, grain),
    (select 'grain' as features_from, false as is_demo, '{}' as definition);
create table segment_summary (
    segmentation text, segment_id int, segment_name text, entities int, share double,
    revenue decimal(18, 2), revenue_share double, marked_by text
);
insert into segment_summary values
    ('buyers', 1, 'Lapsed', 600, 0.6, 10000, 0.2, 'low spend (median 3.00)'),
    ('buyers', 2, 'Champions', 250, 0.25, 34000, 0.68, 'high spend (median 99.50)'),
    ('buyers', 9, $hostile, 150, 0.15, 6000, 0.12, 'near the average'),
    ('lines', 1, 'Small', 9000, 1, 50000, 1, 'near the average'),
    ('shoppers', 1, 'Careful', 100, 0.3333, 0, null, 'low score (median 2.00)'),
    ('shoppers', 2, 'Eager', 200, 0.6667, 0, null, 'high score (median 8.00)'),
    ('nobody', 1, 'None', 0, null, 0, null, 'near the average');
create table segment_playbook as
    select segmentation, segment_id, segment_id < 9 as has_archetype,
        'Who ' || segment_name || ' are.' as interpretation,
        'Do this; do that.' as actions
    from segment_summary;
create table segmentation_models as
    select segmentation, 3 as model_version, 990 as fitted_entities,
        timestamp '2024-07-01 12:00' as trained_at, true as is_current,
        feature, 1 as feature_position, 'number' as encoding,
        feature as source_column, 'none' as transform, 'none' as outliers
    from segment_summary, (values ('spend'), ('return_rate')) as f (feature)
    group by all;
create table customer_segments as
    select distinct segmentation, case when segmentation <> 'shoppers' then
        timestamp '2024-06-30' end as as_of_date
    from segment_summary;
create table segment_profiles as
    select segmentation, segment_id, feature, segment_id * unit as mean,
        2.25 * unit as population_mean, segment_id / 2.0 - 1 as z_score
    from segment_summary,
        (values ('spend', 100.0), ('return_rate', 0.1)) as f (feature, unit);
create table segments_by_country as
    select 'buyers' as segmentation, country, segment_id,
        cast(share * 500 as bigint) as entities, share as share_of_country
    from segment_summary, (values ('Austria'), ($hostile)) as c (country)
    where segmentation = 'buyers';
create table k_selection as
    select segmentation, k, 0.3 + k / 20.0 as silhouette, 0.9 as min_jaccard,
        case when segmentation = 'buyers' then 'reproducible' else 'natural' end
            as structure,
        true as is_accepted, k = 3 as is_chosen,
        case when k = 3 then 'chosen: best score' else 'accepted' end as reason
    from segmentations, range(2, 6) as ks (k);
create table monthly_segment_sizes as
    select 'buyers' as segmentation, month as as_of_date, segment_id, segment_name,
        cast(entities * (1 - months / 5) as bigint) as customers
    from segment_summary,
        (values (date '2024-05-31', 1), (date '2024-06-30', 0)) as m (month, months)
    where segmentation = 'buyers';
create table segment_transitions as
    select 'buyers' as segmentation, date '2024-06-30' as as_of_date,
        'segment' as from_state, 1 as from_segment_id, 'Lapsed' as from_segment_name,
        'segment' as to_state, 2 as to_segment_id, 'Champions' as to_segment_name,
        41 as customers
    union all
    select 'buyers', date '2024-06-30', 'new', null, null, 'segment', 1, 'Lapsed', 17
    union all
    select 'buyers', date '2024-06-30', 'segment', 1, 'Lapsed', 'segment', 1,
        'Lapsed', 500;
create table retraining_advice as
    select 'buyers' as segmentation, 3 as model_version, 'keep' as verdict,
        'They had aged.' as reasons, 2 as advised_interval_months,
        'after 2 months' as advice, 5 as backtest_months,
        date '2024-06-30' as trained_on, 1 as model_age_months
    union all
    select 'shoppers', 3, 'keep', 'No dates.', null, 'no dates', null, null, 0;
create table retraining_backtest as
    select 'buyers' as segmentation, measure, lag as lag_months, lag / 10.0 as value,
        0.2 as threshold
    from (values ('mix_psi'), ('excess_inertia'), ('disagreement')) as m (measure),
        range(1, 4) as lags (lag);
create table segment_drift as
    select 'buyers' as segmentation, 'since_training' as comparison,
        date '2024-03-31' as reference_date, true as is_latest, 0.17 as mix_psi,
        'watch' as alert;
create table feature_drift as
    select 'shop' as dataset, 'customer' as unit, 'spend' as feature,
        'since_training' as comparison, date '2024-03-31' as reference_date,
        true as is_latest, 0.31 as psi, 'act' as alert;
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("published") / "serve.duckdb"
    text = "'" + HOSTILE.replace("'", "''") + "'"
    with duckdb.connect(str(path)) as connection:
        connection.execute(PUBLISHED.replace("$hostile", text))
    return path


@pytest.fixture(scope="module")
def decks(database) -> dict[str, Presentation]:
    return {
        name: Presentation(
            write_slides(database, name, database.parent / f"{name}.pptx")
        )
        for name in ("buyers", "lines", "shoppers")
    }


def query(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def titles(deck) -> list[str]:
    return [slide.shapes.title.text.replace("\xa0", " ") for slide in deck.slides]


def charts(deck) -> list:
    return [s.chart for slide in deck.slides for s in slide.shapes if s.has_chart]


def chart_with(deck, series: str):
    [chart] = [c for c in charts(deck) if series in [s.name for s in c.plots[0].series]]
    return chart


def tables(deck) -> list[list[list[str]]]:
    return [
        [[cell.text.replace("\xa0", " ") for cell in row.cells] for row in s.table.rows]
        for slide in deck.slides
        for s in slide.shapes
        if s.has_table
    ]


def table_with(deck, header: str) -> list[list[str]]:
    [table] = [table for table in tables(deck) if header in table[0]]
    return table[1:]


def series_of(chart) -> dict[str, tuple]:
    return {series.name: tuple(series.values) for series in chart.plots[0].series}


def runs(deck) -> list:
    """Every run of text that is written on the slides."""
    frames = [
        frame
        for slide in deck.slides
        for shape in slide.shapes
        for frame in (
            [cell.text_frame for row in shape.table.rows for cell in row.cells]
            if shape.has_table
            else [shape.text_frame]
            if shape.has_text_frame
            else []
        )
    ]
    return [run for frame in frames for p in frame.paragraphs for run in p.runs]


class TestEverythingCanBeEdited:
    """A lead changes a number or a word without asking who made the slides."""

    def test_nothing_is_a_picture(self, decks, database):
        for name in decks:
            with ZipFile(database.parent / f"{name}.pptx") as package:
                names = package.namelist()
            assert not [
                n for n in names if "media" in n or n.endswith((".png", ".jpeg"))
            ]

    def test_each_chart_brings_the_numbers_that_it_draws(self, decks):
        for chart in charts(decks["buyers"]):
            blob = chart.part.chart_workbook.xlsx_part.blob
            with ZipFile(io.BytesIO(blob)) as book:
                sheet = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
            namespace = "{*}"
            written = [
                float(cell.find(f"{namespace}v").text)
                for cell in sheet.iter(f"{namespace}c")
                if cell.get("t") is None and cell.find(f"{namespace}v") is not None
            ]
            drawn = [v for values in series_of(chart).values() for v in values]
            assert sorted(written) == pytest.approx(
                sorted(value for value in drawn if value is not None)
            )
            assert not list(sheet.iter(f"{namespace}f"))

    def test_titles_are_titles_and_slides_have_notes_and_numbers(self, decks):
        for deck in decks.values():
            for slide in deck.slides:
                assert "Source" in slide.notes_slide.notes_text_frame.text
                fields = slide._element.findall(".//{*}fld")
                assert [field.get("type") for field in fields] == ["slidenum"]

    def test_charts_and_tables_say_what_they_show(self, decks):
        for deck in decks.values():
            for slide in deck.slides:
                for shape in slide.shapes:
                    if shape.has_chart or shape.has_table:
                        described = shape._element.nvGraphicFramePr.cNvPr.get("descr")
                        assert len(described) > 20


class TestTheNumbersAreThoseOfTheTables:
    """A slide that differs from its table is worse than none."""

    def test_of_the_shares(self, decks, database):
        shares = series_of(chart_with(decks["buyers"], "Share of customers"))
        found = query(
            database,
            "select share, revenue_share from segment_summary "
            "where segmentation = 'buyers' order by revenue desc",
        )
        assert list(zip(*shares.values(), strict=True)) == found

    def test_of_the_overview(self, decks):
        assert table_with(decks["buyers"], "What marks them") == [
            ["■ Champions", "250", "25 %", "34,000 EUR", "68 %", "High spend"],
            ["■ Lapsed", "600", "60 %", "10,000 EUR", "20 %", "Low spend"],
            [f"■ {SHOWN}", "150", "15 %", "6,000 EUR", "12 %", "Near the average"],
        ]

    def test_of_the_profiles_with_their_units(self, decks):
        assert table_with(decks["buyers"], "Return rate") == [
            ["■ Champions", "20 %", "200 EUR"],
            ["■ Lapsed", "10 %", "100 EUR"],
            [f"■ {SHOWN}", "90 %", "900 EUR"],
            ["All customers", "22.5 %", "225 EUR"],
        ]

    def test_of_the_months_and_the_moves(self, decks):
        sizes = series_of(charts(decks["buyers"])[3])
        assert sizes == {
            "Champions": (200, 250),
            "Lapsed": (480, 600),
            SHOWN[:31].rstrip() + "…": (120, 150),
        }
        assert table_with(decks["buyers"], "From") == [
            ["■ Lapsed", "■ Champions", "41"],
            ["New", "■ Lapsed", "17"],
        ]

    def test_of_the_countries(self, decks):
        chart = charts(decks["buyers"])[1]
        assert list(series_of(chart).values()) == [(0.25,) * 2, (0.6,) * 2, (0.15,) * 2]

    def test_of_the_number_of_segments(self, decks):
        series = series_of(chart_with(decks["buyers"], "Mean silhouette, squared"))
        assert series["Mean silhouette, squared"] == pytest.approx(
            (0.4, 0.45, 0.5, 0.55)
        )
        assert series["Chosen"] == (None, pytest.approx(0.45), None, None)

    def test_of_the_ageing_and_the_drift(self, decks):
        series = series_of(chart_with(decks["buyers"], "Threshold"))
        assert series["Centres"] == pytest.approx((0.5, 1.0, 1.5))
        assert table_with(decks["buyers"], "PSI") == [
            ["Sizes of the segments", "Mar 2024", "0.17", "Watch"],
            ["Spend", "Mar 2024", "0.31", "Act"],
        ]


class TestASegmentHasOneColour:
    """Who learnt that Champions are orange finds them orange on every slide."""

    def test_in_bars(self, decks):
        chart = chart_with(decks["buyers"], "Share of customers")
        customers, revenue = chart.plots[0].series
        assert f"#{customers.format.fill.fore_color.rgb}".lower() == GREY
        assert [
            f"#{revenue.points[place].format.fill.fore_color.rgb}".lower()
            for place in range(3)
        ] == [mark(segment_id).colour for segment_id in (2, 1, 9)]

    def test_in_stacks(self, decks):
        for chart in (charts(decks["buyers"])[1], charts(decks["buyers"])[3]):
            assert [
                f"#{series.format.fill.fore_color.rgb}".lower()
                for series in chart.plots[0].series
            ] == [mark(segment_id).colour for segment_id in (2, 1, 9)]

    def test_beside_its_name(self, decks):
        written = {}
        for before, after in zip(
            runs(decks["buyers"]), runs(decks["buyers"])[1:], strict=False
        ):
            if before.text == "■ " and after.text in ("Champions", "Lapsed"):
                colour = f"#{before.font.color.rgb}".lower()
                written.setdefault(after.text, set()).add(colour)
        assert written == {
            "Champions": {mark(2).colour},
            "Lapsed": {mark(1).colour},
        }


class TestTitlesSayWhatTheDataSay:
    """A canned title is read once and never again."""

    def test_with_their_numbers(self, decks):
        assert titles(decks["buyers"]) == [
            "Buyers: 1,000 customers in 3 segments",
            "3 segments of 150 to 600 customers, the largest of them Lapsed",
            "Champions make up 25 % of customers and bring 68 % of revenue",
            f"Segments differ most in return rate: 90 % for “{SHOWN[:31].rstrip()}…”, "
            "10 % for Lapsed",
            "In the 2 largest countries Champions are 25 % to 25 %: no more apart than "
            "chance makes them",
            "Begin with Champions, 68 % of revenue: do this",
            "The 3 segments would be found again, but customers lie at every point "
            "between them (stability 0.90 of 1)",
            "Lapsed grew most in June 2024: by 120 customers to 600",
            "Keep the model: its data are 1 month old, past models had aged after 2 "
            "months",
        ]

    def test_and_another_segmentation_has_others(self, decks):
        assert not set(titles(decks["buyers"])) & set(titles(decks["shoppers"]))

    def test_without_revenue_by_the_number_of_customers(self, decks):
        deck = decks["shoppers"]
        assert "One of 2 segments, Eager, holds 66.7 % of customers" in titles(deck)
        assert list(series_of(charts(deck)[0])) == ["Share of customers"]
        assert "revenue" not in " ".join(titles(deck))

    def test_of_sale_lines(self, decks):
        assert titles(decks["lines"])[:2] == [
            "Lines: 9,000 sale lines in 1 segment",
            "One segment holds all 9,000 sale lines",
        ]


class TestASlideWithoutDataIsLeftOut:
    """An empty chart looks like a mistake, and is one."""

    def test_without_countries_months_and_drift(self, decks):
        assert len(decks["buyers"].slides) == 9
        assert len(decks["shoppers"].slides) == 6
        assert len(decks["lines"].slides) == 4

    def test_demo_data_are_called_so(self, decks):
        def texts(deck):
            return [run.text for run in runs(deck)]

        assert [t for t in texts(decks["buyers"]) if t.startswith("Demo data")]
        assert not [t for t in texts(decks["shoppers"]) if "demo" in t.lower()]


class TestTextIsText:
    """Names come from files: they are neither markup, nor formulas, nor broken XML."""

    def test_in_tables_and_charts(self, decks):
        deck = decks["buyers"]
        assert f"■ {SHOWN}" in [row[0] for row in table_with(deck, "What marks them")]
        chart = chart_with(deck, "Share of customers")
        assert list(chart.plots[0].categories)[2] == SHOWN[:31].rstrip() + "…"

    def test_in_every_part_of_the_file(self, database, decks):
        with ZipFile(database.parent / "buyers.pptx") as package:
            for name in package.namelist():
                if name.endswith((".xml", ".rels")):
                    root = etree.fromstring(package.read(name))
                    assert not list(root.iter("{*}script"))


class TestTextFits:
    """Text that runs over its box, or is too small to read, is not shown to a board."""

    def test_titles_have_24_points_and_other_text_12(self, decks):
        for deck in decks.values():
            for slide in deck.slides:
                for run in slide.shapes.title.text_frame.paragraphs[0].runs:
                    assert run.font.size is None or run.font.size >= Pt(24)
            sizes = {run.font.size for run in runs(deck) if run.font.size}
            assert min(sizes) >= Pt(14)
            for chart in charts(deck):
                assert chart.font.size >= Pt(12)

    def test_shapes_stay_on_the_slide_and_apart(self, decks):
        for deck in decks.values():
            for slide in deck.slides:
                boxes = sorted(
                    (s.left, s.top, s.left + s.width, s.top + s.height)
                    for s in slide.shapes
                )
                for place, (left, top, right, bottom) in enumerate(boxes):
                    assert left >= 0 and top >= 0
                    assert right <= deck.slide_width + Inches(0.01)
                    assert bottom <= deck.slide_height
                    for other in boxes[place + 1 :]:
                        apart = (
                            other[0] >= right - Inches(0.01)
                            or other[1] >= bottom - Inches(0.01)
                            or other[3] <= top + Inches(0.01)
                        )
                        assert apart, slide.shapes.title.text

    @pytest.mark.parametrize("at_most", [1, 2, 3])
    @pytest.mark.parametrize(
        "text", ["word " * 80, "w" * 300, "客" * 90], ids=["words", "letters", "wide"]
    )
    def test_long_text_ends_with_an_ellipsis(self, text, at_most):
        written = cut([Run("■ "), Run(text.strip())], 14, 2.0, at_most)
        assert count_lines(written, 14, 2.0) <= at_most
        assert written[-1].text.endswith("…")
        assert len(written[-1].text) > 7


class TestManySegmentsFit:
    """A dozen segments take more slides, not less space."""

    @pytest.fixture
    def crowded(self, database, tmp_path) -> Path:
        path = tmp_path / "crowded.duckdb"
        path.write_bytes(database.read_bytes())
        with duckdb.connect(str(path)) as connection:
            for table in ("segment_summary", "segment_playbook", "segment_profiles"):
                connection.execute(
                    f"insert into {table} "
                    f"select {table}.* replace (cast(segment_id + 10 * i as int) as "
                    "segment_id) "
                    f"from {table} cross join range(1, 4) as more (i) "
                    "where segmentation = 'buyers'"
                )
        return path

    def test_over_several_slides(self, crowded, tmp_path):
        deck = Presentation(write_slides(crowded, "buyers", tmp_path / "x.pptx"))
        overviews = [table for table in tables(deck) if "What marks them" in table[0]]
        assert [len(table) - 1 for table in overviews] == [6, 6]
        bars = [c for c in charts(deck) if "Share of customers" in series_of(c)]
        assert [len(chart.plots[0].categories) for chart in bars] == [6, 6]


class TestTheFileDependsOnTheDatabaseAlone:
    """A file that changes without its data cannot be kept under version control."""

    def test_two_runs_are_equal_to_the_byte(self, database, tmp_path, decks):
        again = write_slides(database, "buyers", tmp_path / "again.pptx")
        assert again.read_bytes() == (database.parent / "buyers.pptx").read_bytes()

    def test_nothing_in_it_has_the_time_of_the_clock(self, database, decks):
        """Two runs within a second could be equal by chance."""
        with ZipFile(database.parent / "buyers.pptx") as package:
            books = [n for n in package.namelist() if n.endswith(".xlsx")]
            assert {e.date_time[0] for e in package.infolist()} == {1980}
            for name in books:
                with ZipFile(io.BytesIO(package.read(name))) as book:
                    assert {e.date_time[0] for e in book.infolist()} == {1980}
                    assert b"2024-06-30T00:00:00Z" in book.read("docProps/core.xml")
        assert len(books) == len(charts(decks["buyers"])) == 5

    def test_it_is_dated_by_the_data(self, decks):
        made = decks["buyers"].core_properties
        assert made.created == made.modified == datetime(2024, 6, 30)
        # Data without dates are of the day of the training.
        assert decks["shoppers"].core_properties.created == datetime(2024, 7, 1)


class TestTheCommand:
    """Who mistypes a name is told the names."""

    def test_writes_the_file_and_prints_where(self, database, tmp_path, capsys):
        output = tmp_path / "new folder" / "x.pptx"
        arguments = ["--database", str(database), "--output", str(output)]
        assert main(["slides", "lines", *arguments]) == 0
        assert capsys.readouterr().out == f"{output}\n"
        assert output.exists()

    def test_has_a_place_for_the_file(self, database, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert write_slides(database, "lines") == Path("report/lines.pptx")
        assert (tmp_path / "report" / "lines.pptx").exists()

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            (None, "Name the segmentation"),
            ("byers", "There is no segmentation 'byers'"),
            ("nobody", "Nobody is in the segments of 'nobody'"),
        ],
    )
    def test_names_those_that_there_are(self, database, tmp_path, name, says):
        with pytest.raises(SegmentationError, match=says) as error:
            write_slides(database, name, tmp_path / "x.pptx")
        assert "shoppers, buyers and lines" in str(error.value)
        assert not (tmp_path / "x.pptx").exists()

    def test_needs_a_database(self, tmp_path, capsys):
        database = tmp_path / "none.duckdb"
        assert main(["slides", "buyers", "--database", str(database)]) == 1
        assert "make build" in capsys.readouterr().err
