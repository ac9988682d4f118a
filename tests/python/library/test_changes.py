"""What `segments publish` says of who moved since it was last run."""

from __future__ import annotations

import duckdb
import pytest

from customer_segmentation.publish import publish

COLUMNS = (
    "(segmentation text, dataset text, entity_id text, segment_id bigint, "
    "segment_name text, model_version bigint)"
)


@pytest.fixture
def published(tmp_path):
    """Build these segments and publish them; give the changes."""

    def run(*segments: tuple) -> list[tuple]:
        source = tmp_path / "built.duckdb"
        source.unlink(missing_ok=True)
        with duckdb.connect(str(source)) as connection:
            connection.execute(f"create table customer_segments {COLUMNS}")
            for segment in segments:
                connection.execute(
                    "insert into customer_segments "
                    "values ('buyers', 'shop', ?, ?, ?, ?)",
                    segment,
                )
        target = tmp_path / "published.duckdb"
        rows = publish(source, target)
        with duckdb.connect(str(target), read_only=True) as connection:
            changes = connection.execute(
                "select from_segment_name, to_segment_name, from_model_version, "
                "model_version, entities from segment_changes"
            ).fetchall()
            assert rows["segment_changes"] == len(changes)
            return changes

    return run


class TestWhoMovedSinceTheLastTimeIsCounted:
    def test_everyone_is_new_at_first(self, published):
        assert published(("a", 1, "Loyal", 1), ("b", 1, "Loyal", 1)) == [
            (None, "Loyal", None, 1, 2)
        ]

    def test_those_who_came_went_moved_and_stayed(self, published):
        published(("a", 1, "Loyal", 1), ("b", 1, "Loyal", 1), ("c", 2, "New", 1))
        assert sorted(
            published(("a", 1, "Loyal", 2), ("b", 2, "New", 2), ("d", 2, "New", 2)),
            key=str,
        ) == sorted(
            [
                ("Loyal", "Loyal", 1, 2, 1),
                ("Loyal", "New", 1, 2, 1),
                ("New", None, 1, None, 1),
                (None, "New", None, 2, 1),
            ],
            key=str,
        )

    def test_a_second_time_everyone_stays(self, published):
        published(("a", 1, "Loyal", 1))
        assert published(("a", 1, "Loyal", 1)) == [("Loyal", "Loyal", 1, 1, 1)]


class TestAPublishedFileThatCannotBeComparedIsReplacedAllTheSame:
    @pytest.mark.parametrize("is_database", [True, False])
    def test_then_everyone_is_new(self, published, tmp_path, is_database):
        target = tmp_path / "published.duckdb"
        if is_database:
            duckdb.connect(str(target)).close()
        else:
            target.write_text("no database")
        assert published(("a", 1, "Loyal", 1)) == [(None, "Loyal", None, 1, 1)]
