"""What a page of docs/ says that a query gives, the build gives.

An example is a block of SQL directly followed by a Markdown table, or a command
``dbt show`` directly followed by what it prints. One with a sentence in between is
not of the demo build; nor is what becomes of segments in a retrain.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import Build

PAGES = Path(__file__).resolve().parents[3] / "docs"
EXAMPLE = re.compile(
    r"```(?:sql\n(?P<sql>[^`]*)|sh\n[^`]*--inline \"(?P<show>[^`\"]*)\"\n)```\n\n"
    r"(?:```\n)?(?P<table>(?:\|.*\n)+)"
)
OF_A_RETRAIN = "from segment_lineage"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?")


def examples() -> list:
    return [
        pytest.param(
            (found["sql"] or found["show"]).strip(),
            found["table"],
            id=f"{page.name}-{number}",
        )
        for page in sorted(PAGES.glob("*.md"))
        for number, found in enumerate(EXAMPLE.finditer(page.read_text()), 1)
        if OF_A_RETRAIN not in found[0]
    ]


def documented() -> dict:
    """Segmentations that pages define and that do not ship."""
    households = yaml.safe_load((PAGES / "households_by_age.yml").read_text())
    (profiles,) = re.findall(
        r"```yaml\n(vars:.*?)```", (PAGES / "names.md").read_text(), re.DOTALL
    )
    return (
        households["segmentations"] | yaml.safe_load(profiles)["vars"]["segmentations"]
    )


@pytest.fixture(scope="module")
def documented_build(demo_build, tmp_path_factory) -> Build:
    """Build what pages define, as they tell to."""
    build = Build(
        tmp_path_factory.mktemp("documented"), {"segmentations": documented()}
    )
    shutil.copy(demo_build.database, build.database)
    result = build.dbt(
        *("build", "--select", "segmentations", "k_selection+"),
        *("--exclude-resource-types", "test", "unit_test"),
    )
    assert result.returncode == 0, result.stdout
    return build


def cells(table: str) -> list[list[str]]:
    """Rows of a Markdown table, the header first."""
    rows = [
        [cell.strip().strip("*") for cell in line.strip("|").split("|")]
        for line in table.splitlines()
    ]
    return [rows[0], *rows[2:]]


def written(value) -> str | float:
    """A value as it is compared: numbers by their size, all else as text."""
    text = "" if pd.isna(value) else str(value)
    return float(text) if NUMBER.fullmatch(text) else text


class TestThePagesShowWhatTheBuildGives:
    """A rule of k, a scale or a name that changes would leave the old table there."""

    @pytest.mark.parametrize(("query", "table"), examples())
    def test_in_every_example(self, request, query, table):
        is_documented = any(name in query for name in documented())
        build = request.getfixturevalue(
            "documented_build" if is_documented else "demo_build"
        )
        header, *rows = cells(table)
        if "{{" in query:  # of `dbt show`, which prints the first rows
            result = build.query(build.compiled(query)).head(len(rows))
        else:
            result = build.query(query)
        assert len(header) == len(result.columns)  # a page may shorten a name
        found = [[written(value) for value in row] for row in result.to_numpy(object)]
        assert found == [[written(cell) for cell in row] for row in rows]

    def test_there_are_some(self):
        pages = {example.id.rsplit("-", 1)[0] for example in examples()}
        assert pages >= {"explanations.md", "features.md", "names.md", "rfm.md"}
