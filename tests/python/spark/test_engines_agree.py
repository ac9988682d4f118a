"""The same project on DuckDB and on Spark gives the same tables."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import PROJECT, Build
from engines import SparkBuild, differences, tables

from customer_segmentation.publish import publish
from customer_segmentation.summary import summary
from customer_segmentation.validation import validate_marts


@pytest.fixture(scope="module")
def builds(tmp_path_factory) -> list[Build]:
    """Build the demo data on both engines, with every test of dbt."""
    made = [
        Build(tmp_path_factory.mktemp("duckdb"), {}),
        SparkBuild(tmp_path_factory.mktemp("spark"), {}),
    ]
    run(made, "build")
    return made


@pytest.fixture(scope="module")
def later_builds(builds) -> list[Build]:
    """Build anew in the same warehouses: real files, and a retrained model."""
    variables = {"retrain": ["ecommerce_customers"]}
    if folder := os.environ.get("SEGMENTATION_DATA_DIR"):
        file = PROJECT / folder / "online_retail" / "Online Retail.csv.gz"
        variables["input_files"] = {"online_retail": str(file.resolve())}
    run(builds, "run", **variables)
    return builds


def run(builds: list[Build], command: str, **variables) -> None:
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda build: build.dbt(command, **variables), builds))
    for result in results:
        assert result.returncode == 0, result.stdout


def unlike(builds: list[Build]) -> dict[str, list[str]]:
    on_duckdb, on_spark = map(tables, builds)
    assert on_duckdb.keys() == on_spark.keys()
    faults = {name: differences(on_duckdb[name], on_spark[name]) for name in on_duckdb}
    return {name: found for name, found in faults.items() if found}


class TestEveryPublicTableIsEqual:
    """Keys, integers, labels and decimals exactly, doubles within 1e-9."""

    def test_of_a_first_build_of_the_demo(self, builds):
        assert unlike(builds) == {}

    def test_of_a_later_build_with_real_files_and_a_retrained_model(self, later_builds):
        assert unlike(later_builds) == {}
        found = tables(later_builds[1])
        assert len(found["segment_overlaps"]) > 0
        if "SEGMENTATION_DATA_DIR" in os.environ:
            loads = found["source_loads"]
            read = loads.rows_read[loads.dataset == "online_retail"]
            assert list(read) == ["541909"]


class TestPublishing:
    """What Spark built is published as one file, like what DuckDB built."""

    def test_the_published_tables_are_equal(self, later_builds, tmp_path):
        files = [tmp_path / "duckdb.duckdb", tmp_path / "spark.duckdb"]
        rows = [
            publish(build.database, file)
            for build, file in zip(later_builds, files, strict=True)
        ]
        assert rows[0] == rows[1]
        assert (
            summary(files[0]).split("Where to")[0]
            == (summary(files[1]).split("Where to")[0])
        )

    def test_the_marts_pass_the_gate(self, later_builds, tmp_path):
        report = validate_marts(
            later_builds[1].database, Path("nothing.duckdb"), tmp_path
        )
        assert report.failed == 0


class TestAnalyses:
    """The ready queries run on both engines."""

    def test_each_runs_on_spark(self, later_builds):
        build = later_builds[1]
        assert build.dbt("compile", "-s", "resource_type:analysis").returncode == 0
        folder = build.folder / "target/compiled/customer_segmentation/analyses"
        queries = [path.read_text() for path in folder.glob("*.sql")]
        assert len(queries) == len(list((PROJECT / "analyses").glob("*.sql")))
        # One after the other in a single process.
        calls = [f"{{% do run_query({json.dumps(query)}) %}}" for query in queries]
        text = f"{{% if execute %}}{''.join(calls)}{{% endif %}} select 1 as done"
        result = build.dbt("show", "--inline", text)
        assert result.returncode == 0, result.stdout


class TestFailures:
    """A build that fails says why, and leaves what was there."""

    def test_a_file_that_is_not_there_stops_before_any_table(self, later_builds):
        before = tables(later_builds[1])
        inputs = {"mall_customers": "nowhere.csv"}
        result = later_builds[1].dbt("build", input_files=inputs)
        assert result.returncode != 0
        assert 'no file at "nowhere.csv"' in result.stdout
        assert "Traceback" not in result.stdout
        after = tables(later_builds[1])
        assert all(differences(before[name], after[name]) == [] for name in before)
