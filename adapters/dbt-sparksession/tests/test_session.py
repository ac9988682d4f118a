"""The session, and what is said where it cannot be had."""

from __future__ import annotations

import re
import sys

import pytest
from dbt.adapters.sparksession.connections import SparkSessionCredentials
from dbt.adapters.sparksession.session import open_session
from dbt_common.exceptions import DbtRuntimeError


def credentials(**keys) -> SparkSessionCredentials:
    return SparkSessionCredentials(schema="main", database=None, **keys)


class TestPlugins:
    """Modules that register functions and data sources before the first statement."""

    def test_each_is_configured_once(self, project, tmp_path, monkeypatch):
        monkeypatch.syspath_prepend(tmp_path)
        project.write(
            "twice.py",
            "calls = []\n"
            "def configure(session):\n"
            "    calls.append(session)\n"
            "    session.range(4).createOrReplaceTempView('four_rows')\n"
            "def shout(text):\n"
            "    return text.upper()\n",
        )
        text = (project.folder / "profiles.yml").read_text()
        project.write(
            "profiles.yml",
            text.replace("schema:", "plugins: [twice]\n      schema:").replace(
                "spark.log.level", "spark.some.name: x\n        spark.log.level"
            ),
        )
        project.write(
            "models/four.sql",
            "select count(*) as n, '{{ adapter.call_plugin('shout', 'a') }}' as heard"
            " from four_rows",
        )
        project.run("run")
        assert project.rows(f"select * from {project.schema}.four") == [(4, "A")]
        assert len(sys.modules["twice"].calls) == 1

    def test_one_that_is_not_there_is_named(self, project):
        project.write("models/one.sql", "select 1 as n")
        text = (project.folder / "profiles.yml").read_text()
        project.write(
            "profiles.yml",
            text.replace("schema:", "plugins: [no_such_module]\n      schema:").replace(
                "spark.log.level", "spark.other.name: x\n        spark.log.level"
            ),
        )
        fault = project.fault("run")
        assert 'The plugin "no_such_module" of the profile cannot be used' in fault
        assert "needed is a module with a function configure(session)" in fault


class TestOpening:
    """An address that leads nowhere is told in one sentence."""

    @pytest.mark.parametrize(
        ("name", "address"),
        [
            ("spark.remote", "sc://127.0.0.1:1"),
            ("spark.master", "spark://127.0.0.1:1,127.0.0.1:2"),
            ("spark.master", "spark://no.such.host.example:7077"),
        ],
    )
    def test_one_that_does_not_answer(self, name, address):
        place = re.escape(f"Spark at {address} cannot be started or reached: ")
        with pytest.raises(DbtRuntimeError, match=place):
            open_session(credentials(server_side_parameters={name: address}))
