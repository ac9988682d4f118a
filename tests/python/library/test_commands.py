"""The commands of ``segments``, and what they print."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import yaml

from customer_segmentation.cli import main
from customer_segmentation.errors import SegmentationError
from customer_segmentation.inputs import input_files
from customer_segmentation.sources import read_catalogue
from customer_segmentation.summary import summary

PROJECT = Path(__file__).resolve().parents[3]
CATALOGUE = read_catalogue(PROJECT)
PUBLISHED = """
create table source_loads as
    select 'online_retail' as dataset, 'invoice_lines' as source_table,
        'a b.csv' as source,
        541909 as rows_read, 541900 as rows_accepted, 9 as rows_refused
    union all select 'own', 'sale_lines', 'none', 0, 0, 0;
create table segment_summary (
    segmentation text, segment_id int, segment_name text, entities int,
    share double, marked_by text
);
insert into segment_summary values
    ('buyers', 1, 'Lapsed', 1000, 0.25, 'low spend'),
    ('buyers', 2, 'Champions', 3000, 0.75, 'high spend'),
    ('accounts', 1, 'All', 7, 1, 'none');
create table segmentations (segmentation text, dataset text, k int);
insert into segmentations values
    ('buyers', 'online_retail', null), ('accounts', 'chocolate_sales', 1),
    ('nobody', 'online_retail', null), ('own_customers', 'own', null);
create table k_selection as
    select 'buyers' as segmentation, 2 as k, 'chosen: best' as reason,
        'natural' as structure, true as is_chosen
    union all select 'buyers', 3, 'rejected: small', 'constructed', false
    union all select 'accounts', 1, 'chosen: fixed', null, true;
create table retraining_advice as
    select 'buyers' as segmentation, 'watch' as verdict
    union all select 'accounts', 'keep';
create table segmentation_models as
    select 'buyers' as segmentation, 2 as model_version, 3900 as fitted_entities,
        timestamp '2024-03-01 12:30' as trained_at, true as is_current
    union all select 'buyers', 1, 2000, timestamp '2024-01-01', false
    union all select 'accounts', 1, 7, timestamp '2024-01-01', true;
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder whose name is hard to quote."""
    folder = tmp_path / 'Kunden "Süd", it\'s 😀'
    folder.mkdir()
    return folder


@pytest.fixture
def published(folder) -> Path:
    with duckdb.connect(str(folder / "published.duckdb")) as connection:
        connection.execute(PUBLISHED)
    return folder / "published.duckdb"


def put(folder: Path, place: str) -> str:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return str(path.resolve())


class TestInputFilesAreFoundAsPublished:
    """A user unpacks the files of the source and names the folder, no more."""

    PLACES = {
        dataset: {name: table.file for name, table in tables.items() if table.file}
        for dataset, tables in CATALOGUE.items()
        if dataset != "own"
    }

    @pytest.mark.parametrize("dataset", PLACES)
    def test_each_dataset_alone_by_absolute_paths(self, folder, dataset, monkeypatch):
        paths = {
            table: put(folder, place) for table, place in self.PLACES[dataset].items()
        }
        monkeypatch.chdir(folder)
        (only, *others) = paths.values()
        expected = paths if others else only
        assert input_files(Path(), CATALOGUE) == {dataset: expected}

    def test_unpacked_where_it_is_published_gzipped(self, folder):
        path = put(folder, "online_retail/Online Retail.csv")
        assert input_files(folder, CATALOGUE) == {"online_retail": path}

    def test_the_compressed_one_before_the_other(self, folder):
        put(folder, "online_retail/Online Retail.csv")
        path = put(folder, "online_retail/Online Retail.csv.gz")
        assert input_files(folder, CATALOGUE) == {"online_retail": path}

    def test_some_tables_of_a_dataset_are_not_enough(self, folder):
        """The others would be made-up rows among real ones."""
        put(folder, "complete_journey/products.csv.gz")
        with pytest.raises(SegmentationError) as error:
            input_files(folder, CATALOGUE)
        assert "some tables of complete_journey, but not" in str(error.value)
        assert '"complete_journey/campaigns.csv.gz"' in str(error.value)

    @pytest.mark.parametrize("name", [".", "nowhere"])
    def test_or_all_that_are_known_are_named(self, folder, name):
        (folder / "Chocolate Sales.csv").touch()  # not where it is looked for
        with pytest.raises(SegmentationError) as error:
            input_files(folder / name, CATALOGUE)
        assert f"The folder {folder / name} holds none of" in str(error.value)
        for places in self.PLACES.values():
            for place in places.values():
                assert f'"{place}"' in str(error.value)


class TestTheSummaryTellsWhatABuildGave:
    """The first thing that a user sees after a build."""

    def test_the_rows_and_the_segments(self, published):
        lines = summary(published).splitlines()
        rows = lines.index(f"Rows{'read':>48}{'accepted':>12}{'refused':>12}")
        assert lines[rows + 1].split() == [
            *("online_retail.invoice_lines", "541,909", "541,900", "9", "a", "b.csv")
        ]
        assert "own.sale_lines" not in summary(published)
        segments = lines.index("Segments")
        assert lines[segments + 1 : segments + 9] == [
            "  accounts: k = 1, chosen: fixed",
            "    model 1 of 2024-01-01, fitted to 7 entities: keep",
            "            7  100.0%  All: none",
            "  buyers: k = 2, chosen: best",
            "    natural segments; model 2 of 2024-03-01, fitted to 3,900 entities: "
            "watch",
            "        3,000   75.0%  Champions: high spend",
            "        1,000   25.0%  Lapsed: low spend",
            "  nobody: no entities; look at its key where and online_retail",
        ]
        assert "  own_customers: no input of own; see docs/own-data.md" in lines

    def test_and_where_to_look_next(self, published):
        text = summary(published)
        assert text.index("Where to look next") < text.index(str(published))

    def test_while_others_read_the_file(self, published):
        with duckdb.connect(str(published), read_only=True):
            assert summary(published)

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("nowhere.duckdb", "No database at"),
            ("text.duckdb", "cannot be summarised"),
            ("other.duckdb", "source_loads does not exist"),
        ],
    )
    def test_or_that_there_was_none(self, folder, name, words):
        (folder / "text.duckdb").write_text("no database")
        duckdb.connect(str(folder / "other.duckdb")).close()
        with pytest.raises(SegmentationError, match=words) as error:
            summary(folder / name)
        assert str(folder / name) in str(error.value)
        assert "`make build` first" in str(error.value)


class TestCommandsCanBeUsedInScripts:
    """Make and CI go by the exit code and read the output; people read the errors."""

    @pytest.fixture(autouse=True)
    def in_the_project(self, monkeypatch):
        """Commands that read the sources look for them in the working directory."""
        monkeypatch.chdir(PROJECT)

    def test_inputs_prints_the_vars_for_dbt(self, folder, capsys):
        path = put(folder, "chocolate_sales/Chocolate Sales.csv")
        assert main(["inputs", str(folder)]) == 0
        output = capsys.readouterr().out
        expected = {"input_files": {"chocolate_sales": path}}
        assert json.loads(output) == expected
        assert yaml.safe_load(output) == expected  # how dbt reads --vars
        assert output.count("\n") == 1

    def test_publish_says_how_much_and_where(self, folder, published, capsys):
        target = folder / "new folder" / "it's.duckdb"
        arguments = ["--source", str(published), "--database", str(target)]
        assert main(["publish", *arguments]) == 0
        assert capsys.readouterr().out == f"Published 6 tables to {target}\n"
        assert main(["summary", "--database", str(target)]) == 0
        assert "Champions" in capsys.readouterr().out

    def test_publish_takes_the_database_that_dbt_takes(
        self, published, monkeypatch, capsys
    ):
        monkeypatch.chdir(published.parent)
        monkeypatch.setenv("SEGMENTATION_DATABASE", published.name)
        assert main(["publish"]) == 0
        assert Path("serve/customer_segmentation.duckdb").exists()
        monkeypatch.delenv("SEGMENTATION_DATABASE")
        assert main(["publish"]) == 1
        assert "No database at warehouse/segmentation.duckdb" in capsys.readouterr().err

    def test_demo_prints_the_seeds_it_writes(self, folder, capsys):
        assert main(["demo", "--folder", str(folder / "seeds")]) == 0
        paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
        assert sorted(paths) == sorted((folder / "seeds").iterdir())

    def test_demo_writes_one_dataset_as_large_as_it_is_wanted(self, folder, capsys):
        arguments = ["--dataset", "ecommerce_orders", "--customers", "60"]
        assert main(["demo", "--folder", str(folder), *arguments]) == 0
        paths = [Path(line) for line in capsys.readouterr().out.splitlines()]
        lines, groups = paths
        assert lines == folder / "ecommerce_orders/order_lines.csv"
        assert len(groups.read_text().splitlines()) == 61
        assert input_files(folder, CATALOGUE) == {"ecommerce_orders": str(lines)}

    @pytest.mark.parametrize(
        "arguments",
        [
            ["inputs", "{folder}"],
            ["publish", "--source", "{folder}/no.duckdb"],
            ["publish", "--source", "{published}", "--database", "{folder}"],
            ["publish", "--source", "{published}", "--database", "{published}/x"],
            ["summary", "--database", "{folder}/no.duckdb"],
            ["demo", "--folder", "{published}"],
        ],
    )
    def test_an_error_is_one_message_and_exit_code_1(
        self, arguments, folder, published, capsys
    ):
        (folder / "keep").touch()
        paths = {"folder": folder, "published": published}
        assert main([argument.format(**paths) for argument in arguments]) == 1
        output, error = capsys.readouterr()
        assert output == ""
        assert error.startswith("segments: ")
        assert str(folder) in error.replace("\\'", "'")  # OSError escapes it
        assert "Traceback" not in error

    @pytest.mark.parametrize("arguments", [[], ["inputs"], ["segment"], ["demo", "-x"]])
    def test_a_wrong_call_shows_the_usage_and_exit_code_2(self, arguments, capsys):
        with pytest.raises(SystemExit) as error:
            main(arguments)
        assert error.value.code == 2
        assert capsys.readouterr().err.startswith("usage: segments")

    def test_help_explains_every_command(self, capsys):
        with pytest.raises(SystemExit) as error:
            main(["--help"])
        assert error.value.code == 0
        output = capsys.readouterr().out
        for command in ("inputs", "inspect", "validate", "publish", "summary", "demo"):
            assert f"    {command} " in output
