"""Publishing: one file, complete at every moment, that others may keep open."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from customer_segmentation import publish as module
from customer_segmentation.errors import SegmentationError
from customer_segmentation.publish import publish

AWKWARD = 'it\'s "so"; -- here'
NAME = '"' + AWKWARD.replace('"', '""') + '"'
TEXT = "'" + AWKWARD.replace("'", "''") + "'"
BUILT = f"""
create schema staging;
create table staging.raw as select 1 as line;
create table segments as
    select i as segment_id, 'name ' || i as "segment name", date '2024-01-31' as day
    from range(3) as ids (i);
create table empty (amount decimal(18, 2), sold_at timestamp);
create table {NAME} as select 1 as "a ""b"" c";
create view seen as from segments;
comment on table segments is {TEXT};
comment on column segments."segment name" is {TEXT};
"""


def run(database: Path, *statements: str) -> list[tuple]:
    """Run SQL on a database and return the rows of the last statement."""
    with duckdb.connect(str(database)) as connection:
        for statement in statements:
            result = connection.execute(statement)
        return result.fetchall()


@contextmanager
def other_process(code: str, database: Path) -> Iterator[subprocess.Popen]:
    """Run Python beside this process, up to its first line of output."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb, sys\n{code}", str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        yield process


@pytest.fixture
def source(tmp_path) -> Path:
    run(tmp_path / "built.duckdb", BUILT)
    return tmp_path / "built.duckdb"


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "serve" / 'it\'s "published".duckdb'


class TestThePublishedFileHoldsTheMarts:
    """A BI tool sees what a user is meant to see, with its descriptions."""

    def test_with_all_tables_of_main_and_nothing_else(self, source, target):
        rows = publish(source, target)
        assert rows == {"segments": 3, "empty": 0, AWKWARD: 1}
        tables = run(
            target,
            "select table_schema, table_name, table_type "
            "from information_schema.tables",
        )
        assert sorted(tables) == sorted(("main", name, "BASE TABLE") for name in rows)

    def test_with_the_same_rows_and_types(self, source, target):
        publish(source, target)
        for table in ("segments", "empty", NAME):
            for query in (f"from {table} order by all", f"describe {table}"):
                assert run(target, query) == run(source, query)

    def test_with_the_same_comments(self, source, target):
        publish(source, target)
        assert run(
            target, "select comment from duckdb_tables() where table_name = 'segments'"
        ) == [(AWKWARD,)]
        assert run(
            target,
            "select table_name, column_name, comment from duckdb_columns() "
            "where comment is not null and not internal",
        ) == [("segments", "segment name", AWKWARD)]

    def test_for_drivers_of_any_age(self, source, target):
        publish(source, target)
        magic, version = target.read_bytes()[8:12], target.read_bytes()[12:20]
        assert (magic, int.from_bytes(version, "little")) == (b"DUCK", 64)  # 1.0


class TestReadersNeverSeeAHalfPublishedFile:
    """Dashboards stay open while the next build is published."""

    def test_one_that_has_the_old_file_open_keeps_it(self, source, target):
        publish(source, target)
        before = target.read_bytes()
        code = """
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    print("ready", flush=True)
    sys.stdin.readline()
    print(connection.execute("select count(*) from segments").fetchone()[0])
"""
        with other_process(code, target) as reader, target.open("rb") as opened:
            run(source, "insert into segments from segments")
            assert publish(source, target)["segments"] == 6
            assert reader.communicate("go on\n")[0] == "3\n"
            assert opened.read() == before  # DuckDB may have read all of it before
        assert run(target, "select count(*) from segments") == [(6,)]

    def test_what_an_interrupted_run_left_is_removed(self, source, target):
        target.parent.mkdir()
        for suffix in ("", ".wal", ".tmp", ".tmp.wal"):
            target.with_name(target.name + suffix).write_bytes(b"left over")
        publish(source, target)
        assert list(target.parent.iterdir()) == [target]
        assert run(target, "select count(*) from segments") == [(3,)]

    def test_a_failure_leaves_the_old_file_as_it_was(self, source, target, monkeypatch):
        publish(source, target)
        before = target.read_bytes()

        def fail(*_):
            raise OSError("disk full")

        monkeypatch.setattr(module, "_copy", fail)
        with pytest.raises(OSError, match="disk full"):
            publish(source, target)
        assert target.read_bytes() == before


class TestASourceThatCannotBePublishedIsRefused:
    """The message says what to do, and the published file stays."""

    def refusal(self, source: Path, target: Path) -> str:
        with pytest.raises(SegmentationError) as error:
            publish(source, target)
        assert not target.exists()
        return str(error.value)

    def test_if_it_does_not_exist(self, tmp_path, target):
        source = tmp_path / "nowhere.duckdb"
        message = self.refusal(source, target)
        assert message == f"No database at {source}. Run `dbt build` first."

    @pytest.mark.parametrize("statement", ["", "create view v as select 1"])
    def test_if_it_holds_no_tables(self, tmp_path, target, statement):
        run(tmp_path / "empty.duckdb", f"select 1; {statement}")
        message = self.refusal(tmp_path / "empty.duckdb", target)
        assert "empty.duckdb holds no tables. Run `dbt build` first." in message

    def test_if_it_is_no_database(self, tmp_path, target):
        (tmp_path / "text.duckdb").write_text("no database")
        message = self.refusal(tmp_path / "text.duckdb", target)
        assert "text.duckdb cannot be read" in message
        assert "run `dbt build`" in message

    def test_while_a_build_writes_to_it(self, source, target):
        code = """
with duckdb.connect(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
"""
        with other_process(code, source) as build:
            message = self.refusal(source, target)
            build.communicate("go on\n")
        assert f"{source} cannot be read" in message
        assert "If a build writes to it, wait" in message
        assert publish(source, target)["segments"] == 3

    def test_if_it_is_the_target(self, source):
        with pytest.raises(SegmentationError, match="in its own place"):
            publish(source, source.parent / "." / source.name)
        assert run(source, "from staging.raw") == [(1,)]
