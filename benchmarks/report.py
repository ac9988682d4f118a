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
# The summary above fills a screen with cards, and charts are drawn in sight only.
ADDRESS = f"segmentation={SEGMENTATION}&section=segments"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Containers have no sandbox, and no card that draws.
ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
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
# Our page draws what is in sight, and the rest when it is to be printed.
FIRST_CHART = """
new MutationObserver((changes, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => {
        window.firstChart = performance.now();
        dispatchEvent(new Event("beforeprint"));
    });
}).observe(document, { subtree: true, attributeFilter: ["data-drawn"] });
"""
EVERY_CHART = """
() => {
    const count = (selector) => document.querySelectorAll(selector).length;
    return window.firstChart && document.readyState === "complete"
        && count("[data-drawn]") === count("[data-chart], .plotly-graph-div")
        && [firstChart, performance.now()];
}
"""


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


WAYS = {"report": write_report, "all points": write_all_points}


def written(write: Callable, database: Path, page: Path) -> tuple[float, float]:
    """Write a page; return seconds and the peak of resident memory in MB."""
    start = perf_counter()
    write(database, page)
    seconds = perf_counter() - start
    status = Path("/proc/self/status").read_text()
    return seconds, int(status.split("VmHWM:")[1].split()[0]) / 1e3


def opened(browser: Browser, page: Path) -> list[float]:
    """Open a page; return the seconds to the first chart, and to every chart."""
    tab = browser.new_page()
    tab.set_default_timeout(PATIENCE * 1e3)
    tab.add_init_script(FIRST_CHART)
    tab.goto(f"{page.as_uri()}#{ADDRESS}", wait_until="commit")
    seen = tab.wait_for_function(EVERY_CHART).json_value()
    tab.close()
    return [milliseconds / 1e3 for milliseconds in seen]


def cost(write: Callable, database: Path, chromium: str, repeats: int) -> list:
    """Measure a page: the figures of a row, or why there are none."""
    page = database.with_name(f"{write.__name__}.html")
    # Only a fresh process knows the peak that is its own.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        try:
            spent = process.submit(written, write, database, page).result()
        except BrokenProcessPool:
            return ["killed"] * 5
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS) as browser,
    ):
        try:
            times = [opened(browser, page) for _ in range(repeats)]
            opening = [median(each) for each in zip(*times, strict=True)]
        except TimeoutError:
            opening = [f"not within {PATIENCE} s"] * 2
        except Error as error:
            opening = [error.message.splitlines()[0]] * 2
    return [*spent, page.stat().st_size / 1e6, *opening]


def ratio(ours: float | str, theirs: float | str) -> float | str:
    """Divide what was measured."""
    is_measured = isinstance(ours, float) and isinstance(theirs, float)
    return theirs / ours if is_measured else "–"


def main() -> None:
    """Print a row for each number of customers and way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        raise SystemExit(f"None of {', '.join(BROWSERS)} is installed.")
    print("| customers | page | s to write | peak MB | MB | s to first | s to all |")
    print("|---:|---|---:|---:|---:|---:|---:|", flush=True)
    for customers in options.customers:
        with tempfile.TemporaryDirectory() as folder:
            database = build(Path(folder), customers)
            rows = {
                name: cost(write, database, chromium, options.repeats)
                for name, write in WAYS.items()
            }
        rows["ratio"] = list(map(ratio, *rows.values()))
        for name, row in rows.items():
            said = (f"{x:,.1f}" if isinstance(x, float) else x for x in row)
            print(f"| {customers:,} | {name} | {' | '.join(said)} |", flush=True)


if __name__ == "__main__":
    main()
