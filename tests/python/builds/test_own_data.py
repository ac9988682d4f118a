"""docs/own-data.md, followed line by line as a user would."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from customer_segmentation.demo import DEMOS

PROJECT = Path(__file__).resolve().parents[3]
PAGE = (PROJECT / "docs/own-data.md").read_text(encoding="utf-8")
COMMANDS = {
    ".venv/bin/segments": [sys.executable, "-m", "customer_segmentation"],
    ".venv/bin/dbt": [str(Path(sys.executable).with_name("dbt"))],
}


def blocks(language: str) -> list[str]:
    """Code blocks of the page, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


class Followed:
    """A copy of the project in which the page's commands were run."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("macros", "models", "python_models", "seeds", "tests", "analyses"):
            shutil.copytree(PROJECT / name, folder / name)
        for name in (
            *("dbt_project.yml", "profiles.yml", ".dbtignore", "warehouse/.gitignore"),
        ):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, folder / name)

    def run(self, block: str) -> str:
        """Run the lines of a block, and return the output of the last."""
        unset = ("SEGMENTATION_DATABASE", "DBT_PROFILES_DIR")
        environment = {k: v for k, v in os.environ.items() if k not in unset}
        for line in block.splitlines():
            program, *arguments = shlex.split(line)
            result = subprocess.run(
                [*COMMANDS[program], *arguments],
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def query(self, sql: str):
        published = self.folder / "serve/customer_segmentation.duckdb"
        with duckdb.connect(str(published), read_only=True) as connection:
            return connection.execute(sql).df()


@pytest.fixture(scope="module")
def followed(tmp_path_factory) -> Followed:
    followed = Followed(tmp_path_factory.mktemp("own") / "project")
    make_file, inspect, build, *_ = blocks("sh")
    followed.run(make_file)
    followed.proposed = followed.run(inspect)
    settings = followed.folder / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    assert text.count("  input_files: {}\n") == 1
    pasted = followed.proposed.removeprefix("vars:\n")
    text = text.replace("  input_files: {}\n", pasted)
    # Other tests train those of the demo datasets.
    start = text.index("  segmentations:\n") + len("  segmentations:\n")
    text = text[:start] + text[text.index("    own_customers:\n") :]
    settings.write_text(text, encoding="utf-8")
    followed.summary = followed.run(build)
    return followed


class TestThePageIsRight:
    def test_the_proposal_is_the_one_shown(self, followed):
        proposed, shown = (
            yaml.safe_load(followed.proposed),
            yaml.safe_load(blocks("yaml")[0]),
        )
        for block in (proposed, shown):
            path = block["vars"]["input_files"]["own"]["sale_lines"].pop("path")
            assert path.endswith("/invoice_lines.csv")
        assert proposed == shown

    def test_the_query_shows_every_refused_row(self, followed):
        refused = followed.query(blocks("sql")[0])
        assert len(refused) > 60
        assert {"exact duplicate of an earlier line"} <= set(refused.reasons)
        path = followed.folder / "demo/online_retail/invoice_lines.csv"
        assert set(refused.source_file) == {str(path)}

    def test_the_tables_name_every_column_and_key(self):
        """What the catalogue and the reader know stands on the page."""
        from customer_segmentation.sources import Input, read_catalogue

        for table in read_catalogue(PROJECT)["own"].values():
            for column in table.columns:
                assert f"`{column.name}`" in PAGE
        for key in Input.model_fields:
            assert f"`{key}`" in PAGE


class TestOwnSalesBecomeSegments:
    def test_every_customer_has_a_named_segment(self, followed):
        found = followed.query(
            "select entity_id, segment_name from customer_segments "
            "where segmentation = 'own_customers'"
        )
        assert set(found.entity_id) == set(DEMOS["online_retail"](0).groups.index)
        assert found.segment_name.nunique() > 1
        assert "own_customers: k =" in followed.summary

    def test_cancellations_are_returns(self, followed):
        returns = followed.query(
            "select count(*) filter (where is_return) as n, "
            "sum(net_amount) filter (where is_return) as amount "
            "from transactions where dataset = 'own'"
        ).iloc[0]
        assert returns.n > 300
        assert returns.amount < 0

    def test_made_up_rows_do_not_stand_among_them(self, followed):
        loads = followed.query("from source_loads where dataset = 'own'")
        sources = dict(zip(loads.source_table, loads.source, strict=True))
        assert sources["customers"] == "none"
        assert sources["sale_lines"].endswith("invoice_lines.csv")
