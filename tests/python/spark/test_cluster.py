"""The build on a real cluster: a master, two workers and Spark Connect."""

from __future__ import annotations

import threading
import time

import pytest
from cluster import running
from conftest import Build
from engines import SparkBuild, differences, tables

pytestmark = pytest.mark.slow


def settings(build: Build) -> dict[str, str]:
    return {
        "spark.sql.warehouse.dir": str(build.database),
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={build.database}/metastore;create=true"
        ),
        "spark.sql.shuffle.partitions": "4",
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> dict:
    """Build the demo on DuckDB."""
    build = Build(tmp_path_factory.mktemp("duckdb"), {})
    result = build.dbt("build")
    assert result.returncode == 0, result.stdout
    return tables(build)


def check(build: Build, expected: dict) -> None:
    found = tables(build)
    assert found.keys() == expected.keys()
    faults = {name: differences(expected[name], found[name]) for name in expected}
    assert {name: fault for name, fault in faults.items() if fault} == {}


class TestAClusterGivesTheSameTables:
    """Only settings of the profile change: the master, or the remote."""

    def test_with_dbt_as_its_driver(self, tmp_path, expected):
        build = SparkBuild(tmp_path, {})
        with running(tmp_path, settings(build)) as cluster:
            build.settings["SEGMENTATION_SPARK_MASTER"] = cluster.master
            # The server of this cluster would hold the cores, and the metastore.
            cluster.kill("server")
            result = build.dbt("build")
        assert result.returncode == 0, result.stdout
        check(build, expected)

    def test_through_spark_connect_though_a_worker_is_killed(self, tmp_path, expected):
        build = SparkBuild(tmp_path, {})
        with running(tmp_path, settings(build)) as cluster:
            build.settings["SEGMENTATION_SPARK_REMOTE"] = cluster.remote
            killer = threading.Thread(
                target=self._kill_in_the_middle, args=(build, cluster)
            )
            killer.start()
            result = build.dbt("build")
            killer.join()
            assert "worker_1" not in cluster.processes
        assert result.returncode == 0, result.stdout
        check(build, expected)

    @staticmethod
    def _kill_in_the_middle(build, cluster) -> None:
        """Kill a worker as soon as the features are there, before the models."""
        features = build.database / "main.db" / "customer_features"
        while not features.exists():
            time.sleep(0.5)
        cluster.kill("worker_1")
