"""Weigh the report beside a page of Plotly Express on all points, in one run.

python benchmarks/report.py [--customers 25000 100000 1000000] [--repeats 5]

Needs Chromium. For each number of customers it builds the project on generated
ecommerce_orders, the other datasets on their demo. "report" is all of that, every
section of every segmentation. "all points" is ecommerce_customers alone, the usual
way: the tables in pandas, and in one file a scatter and a 3-D scatter of the
principal components, a histogram and a box plot of every feature. Each is written by
a process of its own; opening is the median of the repeats, from the address to the
first chart and to every chart of the view.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import astuple, dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb
import plotly.express as px
from playwright.sync_api import Browser, Error, TimeoutError, sync_playwright

from customer_segmentation.demo import write_demo
from customer_segmentation.publish import publish
from customer_segmentation.report import write_report

PROJECT = Path(__file__).resolve().parents[1]
SEGMENTATION = "ecommerce_customers"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120  # seconds

POINTS = """
select segments.segment_name, pca_1, pca_2, pca_3, features.*
from customer_segments as segments
inner join customer_features as features
    on
        features.dataset = segments.dataset
        and features.customer_id = segments.entity_id
where segmentation = $1
"""
FEATURES = """
select feature from segmentation_models where segmentation = $1 and is_current
group by feature order by min(feature_position)
"""


@dataclass
class Cost:
    """What a page costs: seconds, and megabytes."""

    to_write: float
    memory: float
    page: float
    first_chart: float
    every_chart: float


def build(folder: Path, customers: int) -> Path:
    """Build and publish; return the published database."""
    orders, _ = write_demo(folder, "ecommerce_orders", customers=customers)
    built = folder / "built.duckdb"
    subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "--quiet", "build"),
            *("--exclude-resource-types", "test", "unit_test"),
            *("--project-dir", PROJECT, "--profiles-dir", PROJECT),
            *("--target-path", folder / "target", "--log-path", folder / "logs"),
            "--vars",
            json.dumps({"input_files": {"ecommerce_orders": str(orders.resolve())}}),
        ],
        env=os.environ | {"SEGMENTATION_DATABASE": str(built)},
        check=True,
    )
    publish(built, folder / "published.duckdb")
    return folder / "published.duckdb"


def write_all_points(database: Path, page: Path) -> None:
    """Draw every customer with Plotly Express."""
    with duckdb.connect(str(database), read_only=True) as connection:
        customers = connection.execute(POINTS, [SEGMENTATION]).df()
        features = connection.execute(FEATURES, [SEGMENTATION]).fetchall()
    components, colour = ("pca_1", "pca_2", "pca_3"), {"color": "segment_name"}
    figures = [
        px.scatter(customers, *components[:2], **colour),
        px.scatter_3d(customers, *components, **colour),
        *(px.histogram(customers, feature, **colour) for (feature,) in features),
        *(px.box(customers, "segment_name", feature) for (feature,) in features),
    ]
    with page.open("w", encoding="utf-8") as file:
        for place, figure in enumerate(figures):
            file.write(
                figure.to_html(
                    full_html=False,
                    include_plotlyjs=place == 0,
                    # As our page marks what is drawn.
                    post_script="document.getElementById('{plot_id}').dataset.drawn=1",
                )
            )


def written(write: Callable, database: Path, page: Path) -> tuple[float, float]:
    """Write a page; return seconds and the peak of resident memory in MB."""
    start = perf_counter()
    write(database, page)
    seconds = perf_counter() - start
    status = Path("/proc/self/status").read_text()
    return seconds, int(status.split("VmHWM:")[1].split()[0]) / 1e3


def opened(browser: Browser, page: Path) -> tuple[float, float]:
    """Open a page; return the seconds to the first chart, and to every chart."""
    tab = browser.new_page()
    tab.set_default_timeout(PATIENCE * 1e3)
    try:
        start = perf_counter()
        tab.goto(f"{page.as_uri()}#segmentation={SEGMENTATION}", wait_until="commit")
        tab.wait_for_selector("[data-drawn]")
        first = perf_counter() - start
        tab.wait_for_load_state()
        # Our page draws what is in sight, and the rest when it is to be printed.
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        charts = tab.locator("[data-chart], .plotly-graph-div").count()
        tab.wait_for_function(
            f"document.querySelectorAll('[data-drawn]').length === {charts}"
        )
        return first, perf_counter() - start
    finally:
        tab.close()


def cost(write: Callable, database: Path, browser: Browser, repeats: int) -> Cost | str:
    """Measure a page, or say why it cannot be."""
    page = database.with_name(f"{write.__name__}.html")
    # Only a fresh process knows the peak that is its own.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        try:
            spent = process.submit(written, write, database, page).result()
        except BrokenProcessPool:
            return "killed while it was written"
    size = page.stat().st_size / 1e6
    try:
        times = [opened(browser, page) for _ in range(repeats)]
    except TimeoutError:
        return f"{spent[0]:.1f} s, {spent[1]:,.0f} MB; not open within {PATIENCE} s"
    except Error as error:
        return f"{size:,.0f} MB, and the browser gives up: {error.message}"
    return Cost(*spent, size, *map(median, zip(*times, strict=True)))


def print_rows(customers: int, ours: Cost | str, theirs: Cost | str) -> None:
    """Print a row for each page and, where both are open, for their ratio."""
    rows = {"report": ours, "all points": theirs}
    if isinstance(ours, Cost) and isinstance(theirs, Cost):
        pairs = zip(astuple(theirs), astuple(ours), strict=True)
        rows["ratio"] = Cost(*(their / our for their, our in pairs))
    for name, found in rows.items():
        said = (
            [f"{figure:,.1f}" for figure in astuple(found)]
            if isinstance(found, Cost)
            else [found]
        )
        print(f"| {customers:,} | {name} | {' | '.join(said)} |", flush=True)


def main() -> None:
    """Print a row for each number of customers and way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise SystemExit(f"None of {', '.join(BROWSERS)} is installed.")
    print("| customers | page | s to write | peak MB | MB | s to first | s to all |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    # Containers have no sandbox, and no card that draws.
    arguments = ["--no-sandbox", "--use-angle=swiftshader"]
    arguments.append("--enable-unsafe-swiftshader")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        for customers in options.customers:
            with tempfile.TemporaryDirectory() as folder:
                database = build(Path(folder), customers)
                print_rows(
                    customers,
                    *(
                        cost(write, database, browser, options.repeats)
                        for write in (write_report, write_all_points)
                    ),
                )


if __name__ == "__main__":
    main()
