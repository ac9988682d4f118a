"""A small dbt project, run in this process on Spark local."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from dbt.cli.main import dbtRunner, dbtRunnerResult
from pyspark.sql import SparkSession

SETTINGS = {
    "spark.master": "local[2]",
    "spark.remote": "",
    "spark.log.level": "OFF",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}


@dataclass
class Project:
    """A folder with a dbt project, whose files a test writes."""

    folder: Path

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def dbt(self, *arguments: str, **variables: Any) -> dbtRunnerResult:
        return dbtRunner().invoke(
            [
                *("--quiet", "--no-use-colors", *arguments),
                *("--project-dir", str(self.folder)),
                *("--profiles-dir", str(self.folder)),
                *("--vars", yaml.safe_dump(variables)),
            ]
        )

    def run(self, *arguments: str, **variables: Any) -> None:
        """Run what must succeed."""
        result = self.dbt(*arguments, **variables)
        assert result.success, result.exception or result.result

    def fault(self, *arguments: str, **variables: Any) -> str:
        """Run what must fail, and return what dbt says of it."""
        result = self.dbt(*arguments, **variables)
        assert not result.success
        if result.exception:
            return str(result.exception)
        return "\n".join(each.message or "" for each in result.result.results)

    def rows(self, sql: str) -> list[tuple]:
        return [tuple(row) for row in self.session.sql(sql).collect()]

    @property
    def session(self) -> SparkSession:
        return SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("warehouse")


@pytest.fixture
def project(tmp_path, warehouse, request) -> Project:
    """Give a project with a schema of its own; the session is that of all tests."""
    made = Project(tmp_path)
    name = "s" + tmp_path.name.replace("-", "_").lower()
    metastore = f"jdbc:derby:;databaseName={warehouse}/metastore;create=true"
    profile = {
        "type": "sparksession",
        "schema": name,
        "threads": 2,
        "server_side_parameters": SETTINGS
        | {
            "spark.sql.warehouse.dir": str(warehouse),
            "spark.hadoop.javax.jdo.option.ConnectionURL": metastore,
            "spark.driver.extraJavaOptions": "-Dderby.stream.error.file=/dev/null",
        },
    }
    outputs = {"target": "test", "outputs": {"test": profile}}
    made.write("profiles.yml", yaml.safe_dump({"test": outputs}))
    settings = {
        "name": "test",
        "version": "1.0.0",
        "profile": "test",
        "flags": {"send_anonymous_usage_stats": False},
        "models": {"test": {"+materialized": "table"}},
    }
    made.write("dbt_project.yml", yaml.safe_dump(settings))
    made.schema = name
    return made
