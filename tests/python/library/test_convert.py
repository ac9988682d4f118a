"""``segments convert``: copies of the user's files that lack nothing but the lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from customer_segmentation.cli import main
from customer_segmentation.sources import plan, read_catalogue

PROJECT = Path(__file__).resolve().parents[3]
BROKEN = PROJECT / "tests/fixtures/broken_files"
SALES = read_catalogue(PROJECT)["chocolate_sales"]["sales"]


def convert(folder: Path, given: Any) -> int:
    return main(
        [
            *("convert", "--project", str(PROJECT), "--folder", str(folder)),
            *("--vars", json.dumps({"input_files": given, "retrain": True})),
        ]
    )


def rows(given: Any) -> list[tuple]:
    """Read the rows as the build does, without their places."""
    columns = ", ".join(column.name for column in SALES.columns)
    with duckdb.connect() as connection:
        sql = plan(SALES, given).sql
        return connection.execute(
            f"select raw_row, {columns} from ({sql}) order by source_file, position"
        ).fetchall()


class TestACopyIsReadAsItsFile:
    """The same texts in the same order; unused columns tell duplicates apart too."""

    @pytest.mark.parametrize(
        "given",
        [
            {"path": "columns_added.csv"},
            {"path": "glob_reordered/*.csv"},
            {"path": "cp1252.csv", "encoding": "cp1252"},
            {"path": "semicolons.csv", "delimiter": ";", "decimal_sign": ","},
            {"path": "line_breaks_and_ragged.csv"},
        ],
    )
    def test_rows(self, tmp_path, capsys, given):
        given = given | {"path": str(BROKEN / given["path"])}
        assert convert(tmp_path / "copies", {"chocolate_sales": given}) == 0
        printed = json.loads(capsys.readouterr().out)
        copied = printed["input_files"]["chocolate_sales"]
        assert printed["retrain"] is True
        assert {*copied["sales"]} == {"path", *({"decimal_sign"} & {*given})}
        assert rows(copied) == rows(given) != []

    def test_lines_that_are_no_rows_are_told(self, tmp_path, capsys):
        path = str(BROKEN / "line_breaks_and_ragged.csv")
        assert convert(tmp_path / "copies", {"chocolate_sales": path}) == 0
        said = capsys.readouterr().err
        assert said == (
            f"{path}: 2 lines are no rows and were left out, the first is line 6.\n"
        )

    def test_relations_stay_as_they_are(self, tmp_path, capsys):
        given = {"chocolate_sales": {"sales": {"relation": "crm.sales"}}}
        assert convert(tmp_path / "copies", given) == 0
        assert json.loads(capsys.readouterr().out)["input_files"] == given


class TestWhatCannotBeConvertedIsSaid:
    """In one line, before anything is written."""

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (None, "needed is a path for each dataset"),
            ({"chocolate": "sales.csv"}, "Known are chocolate_sales, "),
            ({"chocolate_sales": "nope.csv"}, 'no file at "nope.csv"'),
            (
                {"chocolate_sales": str(BROKEN / "quote_unclosed_early.csv")},
                "Look for a quote that is not closed near line 3",
            ),
        ],
    )
    def test_inputs(self, tmp_path, capsys, given, words):
        assert convert(tmp_path / "copies", given) == 1
        assert words in capsys.readouterr().err
        assert not list(tmp_path.rglob("*.parquet"))

    def test_a_folder_that_holds_copies(self, tmp_path, capsys):
        given = {"chocolate_sales": str(BROKEN / "crlf.csv")}
        assert convert(tmp_path, given) == 0
        assert convert(tmp_path, given) == 1
        assert "is there already. Remove it" in capsys.readouterr().err
