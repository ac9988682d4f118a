"""The report, as who opens it in a browser sees it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from customer_segmentation.cli import main
from customer_segmentation.publish import publish
from customer_segmentation.report import write_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRAWN = "[data-chart] .plot[data-drawn]"
HOSTILE = """</script><script>window.hacked = 1</script><b>"Tea" & it's {{ x }} $y$"""
# One of customers with history, one without dates, one of sale lines.
VIEWS = ("online_retail_customers", "mall_shoppers", "sales_records_lines")
PHONE, DESKTOP = {"width": 320, "height": 740}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser of this machine; continuous integration must have one."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing = f"none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            # Containers have no sandbox, and no card that draws.
            args=[
                "--no-sandbox",
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def database(demo_build, folder) -> Path:
    publish(demo_build.database, folder / "published.duckdb")
    return folder / "published.duckdb"


@pytest.fixture(scope="module")
def report(database, folder) -> Path:
    page = folder / "index.html"
    assert main(["report", "--database", str(database), "--page", str(page)]) == 0
    return page


@pytest.fixture(scope="module")
def hostile(database, folder) -> Path:
    """Write the report of data whose names are code."""
    copy = Path(shutil.copy(database, folder / "hostile.duckdb"))
    with duckdb.connect(str(copy)) as connection:
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() where data_type = "
            "'VARCHAR' and regexp_matches(column_name, '^(product|country|gender|"
            "age_band|attribute_value|marked_by|reasons|interpretation)$|segment_name$')"
        ).fetchall()
        for table, column in columns:
            connection.execute(
                f'update "{table}" set "{column}" = "{column}" || ?', [HOSTILE]
            )
    write_report(copy, folder / "hostile.html")
    return folder / "hostile.html"


class Opened:
    """A page that is open, and what it complained of."""

    def __init__(self, browser: Browser, report: Path, address: str, size: dict):
        self.complaints: list[str] = []
        self.requests: list[str] = []
        context = browser.new_context(viewport=size, offline=True)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: said.type == "error" and self.complaints.append(said.text),
        )
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.go(report, address)

    def go(self, report: Path, address: str) -> None:
        self.page.goto("about:blank")
        self.page.goto(f"{report.as_uri()}#{address}")
        self.page.wait_for_selector("main section")

    def draw(self) -> int:
        """Draw every chart, as printing does."""
        charts = self.page.locator("[data-chart]").count()
        self.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        self.page.wait_for_function(
            f"document.querySelectorAll('{DRAWN}').length === {charts}"
        )
        return charts

    def traces(self, chart: str) -> list[dict]:
        """What a chart shows, as Plotly holds it once it is drawn."""
        return self.page.evaluate(
            """(key) => document.querySelector(`[data-chart="${key}"] .plot`)._fullData
                .map(({name, x, y, z, text}) => ({
                    name, z, x: x && [...x], y: y && [...y], text
                }))""",
            chart,
        )


@pytest.fixture
def opened(browser, report):
    """Open the report at an address; a complaint of the page fails the test."""
    contexts: list[Opened] = []

    def open_page(address: str = "", size: dict = DESKTOP, page: Path = report):
        contexts.append(Opened(browser, page, address, size))
        return contexts[-1]

    yield open_page
    for each in contexts:
        each.page.context.close()
        assert each.complaints == []


class TestItOpensFromAFileWithTheNetworkOff:
    """It is sent by mail, and opened on a train."""

    def test_every_chart_of_every_segmentation_is_drawn(self, opened, database):
        with duckdb.connect(str(database), read_only=True) as connection:
            names = connection.execute(
                "select distinct segmentation from segment_summary where entities > 0"
            ).fetchall()
        view = opened()
        for (name,) in names:
            view.page.evaluate(f"location.hash = 'segmentation={name}'")
            view.page.wait_for_function(
                f"document.querySelector('#segmentation').value === '{name}'"
            )
            assert view.draw() > 8
        assert {url.split(":")[0] for url in view.requests} <= {
            *("about", "file", "blob", "data")
        }

    def test_it_is_one_file_that_is_light(self, report):
        text = report.read_text("utf-8")
        assert len(text.encode()) < 12e6
        page = re.sub(r"<script.*?</script>", "", text, flags=re.S)
        assert not re.search(r"""(src|href)=["'](?!#|data:,)""", page)

    def test_the_same_database_gives_the_same_page(self, database, report, folder):
        write_report(database, folder / "again.html")
        assert (folder / "again.html").read_bytes() == report.read_bytes()


class TestADatabaseThatCannotBeShownGivesAClearError:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ("drop table segment_points", "does not hold the tables of this version"),
            ("delete from segmentation_models", "holds no segmentation"),
        ],
    )
    def test_of_another_version_or_of_nobody(
        self, database, tmp_path, capsys, change, words
    ):
        copy = Path(shutil.copy(database, tmp_path / "other.duckdb"))
        with duckdb.connect(str(copy)) as connection:
            connection.execute(change)
        page = tmp_path / "index.html"
        assert main(["report", "--database", str(copy), "--page", str(page)]) == 1
        assert words in capsys.readouterr().err
        assert not page.exists()

    def test_or_of_none(self, tmp_path, capsys):
        assert main(["report", "--database", str(tmp_path / "none.duckdb")]) == 1
        assert "Run `make build` first" in capsys.readouterr().err


class TestEveryChoiceChangesWhatIsShown:
    @pytest.mark.parametrize("segmentation", VIEWS)
    def test_of_every_chart(self, opened, segmentation):
        view = opened(f"segmentation={segmentation}")
        view.draw()
        selects = view.page.locator("[data-chart] select")
        assert selects.count() > 5
        for at in range(selects.count()):
            select = selects.nth(at)
            figure = select.locator("xpath=ancestor::figure")
            options = select.locator("option").all_text_contents()
            shown = {_shown(figure)}
            for option in options[1:4]:
                select.select_option(option)
                shown.add(_shown(figure))
            assert len(shown) == len(options[:4]), select.get_attribute("name")

    def test_and_stands_in_the_address(self, opened, report):
        view = opened("segmentation=online_retail_customers")
        select = view.page.locator('[data-chart="country-sales"] select').first
        select.scroll_into_view_if_needed()
        country = select.locator("option").nth(2).text_content()
        select.select_option(country)
        address = view.page.evaluate("location.hash.slice(1)")
        sentence = view.page.locator('[data-chart="country-sales"] .says')
        said = sentence.text_content()
        assert country in said
        view.go(report, address)
        assert sentence.text_content() == said
        assert select.input_value() == country

    def test_of_dataset_and_segmentation(self, opened):
        view = opened()
        for chooser in ("#dataset", "#segmentation"):
            options = view.page.locator(f"{chooser} option")
            before = view.page.locator("#summary .lead").text_content()
            view.page.select_option(chooser, index=options.count() - 1)
            assert view.page.locator("#summary .lead").text_content() != before
            address = view.page.evaluate("location.hash")
            assert f"={view.page.input_value(chooser)}" in address

    def test_an_address_of_a_section_leads_there(self, opened):
        view = opened("segmentation=mall_shoppers&section=k")
        view.page.wait_for_function(
            "Math.abs(document.querySelector('#k').getBoundingClientRect().top) < 200"
        )


def _shown(figure) -> str:
    """What a chart says and draws."""
    return (
        figure.locator(".plot").get_attribute("data-drawn")
        + figure.locator(".says").text_content()
    )


@pytest.fixture(scope="module")
def view(browser, report) -> Iterator[Opened]:
    """Open one segmentation with every chart drawn, to look at."""
    view = Opened(browser, report, "segmentation=online_retail_customers", DESKTOP)
    view.draw()
    yield view
    view.page.context.close()


@pytest.fixture(scope="module")
def query(database):
    with duckdb.connect(str(database), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


class TestItsFiguresAreThoseOfTheTables:
    def test_of_every_segment(self, view, query):
        cards = view.page.locator(".cards > li").all_text_contents()
        rows = query(
            "select segment_name, entities, share, revenue_share from segment_summary "
            "where segmentation = 'online_retail_customers' order by revenue desc"
        )
        assert len(cards) == len(rows)
        for card, (name, entities, share, revenue_share) in zip(
            cards, rows, strict=True
        ):
            assert name in card
            assert f"{entities:,} customers" in card
            for part in (share, revenue_share):
                assert f"{100 * part:.1f}".removesuffix(".0") + " %" in card

    def test_of_every_k(self, view, query):
        inertia = view.traces("elbow")[0]
        rows = query(
            "select k, inertia from k_selection "
            "where segmentation = 'online_retail_customers' order by k"
        )
        assert list(zip(inertia["x"], inertia["y"], strict=True)) == rows

    def test_of_a_product_by_month(self, view, query):
        product, *_ = query(
            "select product from monthly_product_sales where dataset = 'online_retail' "
            "group by product order by sum(total_amount) desc, product limit 1"
        )[0]
        view.page.locator('[data-chart="products"] select').first.select_option(product)
        (series,) = view.traces("products")
        rows = query(
            "select strftime(sales_month, '%Y-%m-%d'), average_amount "
            "from monthly_product_sales where dataset = 'online_retail' "
            f"and product = $${product}$$ order by sales_month"
        )
        assert list(zip(series["x"], series["y"], strict=True)) == rows

    def test_of_countries(self, view, query):
        for trace in view.traces("countries"):
            for country, share in zip(trace["x"], trace["y"], strict=True):
                found = query(
                    "select 100 * share_of_country from segments_by_country "
                    "where segmentation = 'online_retail_customers' and "
                    f"segment_name = $${trace['name']}$$ and country = $${country}$$"
                )
                assert share == pytest.approx(found[0][0] if found else 0)

    def test_of_drift(self, view, query):
        bars = view.traces("drift")[0]
        rows = query(
            "select psi from feature_drift where dataset = 'online_retail' and "
            "is_latest and unit = 'customer' and comparison = 'since_reference' "
            "and psi is not null order by psi desc, feature"
        )
        assert bars["x"] == [psi for (psi,) in rows]

    def test_of_the_silhouette_of_every_customer(self, view, query):
        said = view.page.locator('[data-chart="silhouettes"] .says').text_content()
        ((mean,),) = query(
            "select avg(silhouette) from customer_silhouettes "
            "where segmentation = 'online_retail_customers'"
        )
        assert f"The mean is {mean:.3f}" in said

    def test_as_a_table_under_the_chart_too(self, view, query):
        figure = view.page.locator('[data-chart="sizes"]')
        figure.locator("summary").click()
        cells = figure.locator("details td").all_text_contents()
        rows = query(
            "select 100 * share from monthly_segment_sizes "
            "where segmentation = 'online_retail_customers'"
        )
        written = [float(cell) for cell in cells if "-" not in cell]
        for (share,) in rows:
            assert min(abs(number - share) for number in written) < 1e-3

    def test_with_one_colour_for_a_segment_in_every_chart(self, view):
        colours = view.page.evaluate(
            """() => [...document.querySelectorAll('[data-chart] .plot')].flatMap(
                (plot) => plot._fullData.map(
                    ({name, marker, line}) => [name, marker?.color ?? line?.color])
            )"""
        )
        names = view.page.locator(".cards h3").all_text_contents()
        for name in names:
            found = {str(colour) for each, colour in colours if each == name}
            assert len(found) == 1, (name, found)


class TestNamesFromTheDataStayText:
    """A product may be called anything; the page must not run it."""

    @pytest.mark.parametrize("segmentation", VIEWS)
    def test_wherever_they_are_shown(self, opened, hostile, segmentation):
        view = opened(f"segmentation={segmentation}", page=hostile)
        view.draw()
        for select in view.page.locator("[data-chart] select").all():
            select.select_option(index=select.locator("option").count() - 1)
        for summary in view.page.locator("summary").all():
            summary.click()
        assert view.page.evaluate("window.hacked") is None
        assert view.page.locator("main :is(script, b b, img, .plot b)").count() == 0
        assert HOSTILE in view.page.locator(".cards h3").first.text_content()
        plots = " ".join(view.page.locator(".plot svg").all_text_contents())
        assert "</script>" in plots
        assert "&lt;" not in plots and "&amp;" not in plots
        assert "&lt;" not in view.page.locator("main").inner_text()


class TestItCanBeUsedByEveryone:
    @pytest.mark.parametrize("segmentation", VIEWS)
    def test_with_eyes_or_without_on_a_desk_or_a_phone(self, opened, segmentation):
        """Nothing that axe calls serious, and nothing that needs sideways scroll."""
        view = opened(f"segmentation={segmentation}")
        view.draw()
        for summary in view.page.locator("summary").all():
            summary.click()
        for size in (DESKTOP, PHONE):
            view.page.set_viewport_size(size)
            serious = [
                (found["id"], [node["html"] for node in found["nodes"]][:3])
                for found in Axe().run(view.page).response["violations"]
                if found["impact"] in ("serious", "critical")
            ]
            assert serious == []
            view.page.wait_for_function(
                f"document.documentElement.scrollWidth <= {size['width']}"
            )

    def test_a_keyboard_reaches_every_chooser_and_turns_the_space(self, opened):
        view = opened("segmentation=online_retail_customers")
        view.draw()
        expected = set(
            view.page.locator("select").evaluate_all("all => all.map((s) => s.name)")
        )
        reached = set()
        for _ in range(150):
            view.page.keyboard.press("Tab")
            reached.add(view.page.evaluate("document.activeElement.name"))
        assert expected <= reached
        eye = "document.querySelector('[data-chart=space] .plot')._fullLayout.scene"
        before = view.page.evaluate(f"{eye}.camera.eye")
        view.page.get_by_role("button", name="Turn left").focus()
        view.page.keyboard.press("Enter")
        assert view.page.evaluate(f"{eye}.camera.eye") != before

    def test_every_chart_says_what_it_shows(self, view):
        said = view.page.locator("[data-chart] .says").all_text_contents()
        assert all(len(sentence) > 20 for sentence in said)
        labels = view.page.locator("[data-chart] .plot").evaluate_all(
            "all => all.map((plot) => plot.ariaLabel)"
        )
        for sentence, label in zip(said, labels, strict=True):
            assert sentence in label

    def test_it_prints_with_every_chart(self, opened, folder):
        view = opened("segmentation=online_retail_customers")
        charts = view.page.locator("[data-chart]").count()
        view.page.pdf(path=str(folder / "print.pdf"))
        assert view.page.locator(DRAWN).count() == charts
