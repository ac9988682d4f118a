"""Whole builds of the project, made once and shared by the tests that read them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import pytest

from customer_segmentation.inputs import input_files
from customer_segmentation.sources import read_catalogue

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Build:
    """A folder with a database of its own that the project is built into."""

    folder: Path
    variables: dict[str, Any]

    @property
    def database(self) -> Path:
        return self.folder / "built.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        """The tools of this environment, and a database of its own."""
        return os.environ | {
            "DBT_PROFILES_DIR": str(PROJECT),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SEGMENTATION_DATABASE": str(self.database),
        }

    def dbt(self, *arguments: str, **variables: Any) -> subprocess.CompletedProcess:
        """Run a dbt command from a folder that is not the project's."""
        return subprocess.run(
            [
                *("dbt", "--quiet", "--no-use-colors", *arguments),
                *("--project-dir", str(PROJECT)),
                *("--target-path", str(self.folder / "target")),
                *("--log-path", str(self.folder / "logs")),
                *("--vars", json.dumps(self.variables | variables)),
            ],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )

    def compiled(self, text: str) -> str:
        """Compile a text with macros against the built tables."""
        result = self.dbt("compile", "--inline", text, "--output", "json")
        assert result.returncode == 0, result.stdout
        return json.loads(result.stdout[result.stdout.index("{") :])["compiled"]

    def query(self, sql: str) -> pd.DataFrame:
        """Query the built tables."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql).df()

    def execute(self, sql: str) -> None:
        """Change the built tables."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(sql)

    def analysis(self, name: str) -> pd.DataFrame:
        """Run one of the ready queries."""
        compiled = self.folder / "target/compiled/customer_segmentation/analyses"
        return self.query((compiled / f"{name}.sql").read_text())


def make(folder: Path, **variables: Any) -> Build:
    build = Build(folder, variables)
    analyses = ("compile", "--select", "resource_type:analysis")  # not in `build`
    for command in (("build",), analyses):
        result = build.dbt(*command)
        assert result.returncode == 0, result.stdout
    return build


@pytest.fixture(scope="session")
def demo_build(tmp_path_factory) -> Build:
    """Build the bundled demo data from scratch."""
    return make(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def loader(tmp_path_factory):
    """Parse the project once, and load files in this process."""
    from test_broken_files import Loader

    loader = Loader(tmp_path_factory.mktemp("loads"))
    loader.build_demo()
    return loader


@pytest.fixture(scope="session")
def real_build(tmp_path_factory) -> Build:
    """Build the real files, where there are any."""
    folder = os.environ.get("SEGMENTATION_DATA_DIR")
    if not folder:
        pytest.skip("SEGMENTATION_DATA_DIR is not set: no real files to build on")
    files = input_files(PROJECT / folder, read_catalogue(PROJECT))
    return make(tmp_path_factory.mktemp("real"), input_files=files)


@pytest.fixture(params=["demo_build", "real_build"])
def build(request) -> Build:
    """Give the demo build, and then the real one."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def copied(demo_build, tmp_path) -> Build:
    """Copy the demo build for a test that builds on it."""
    build = Build(tmp_path, {})
    shutil.copy(demo_build.database, build.database)
    return build


@pytest.fixture(scope="session")
def spark(tmp_path_factory) -> Iterator[SparkSession]:
    """Start Spark in this process, as profiles.yml sets it."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]")
    for name, value in {
        "spark.driver.memory": "1g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.log.level": "OFF",
        "spark.sql.ansi.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("spark")),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
