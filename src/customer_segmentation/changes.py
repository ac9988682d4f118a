"""Who is in another segment than in what was published before."""

from __future__ import annotations

from pathlib import Path

import duckdb

from customer_segmentation.sql import describe, literal

__all__ = ["add_changes"]

# Of each column its description; the order is that of the table.
COLUMNS = {
    "segmentation": "Name of the segmentation, a key of the dbt var `segmentations`.",
    "dataset": "Source of the row, such as `online_retail`.",
    "from_segment_id": "Segment in what was published before; NULL for who is new.",
    "from_segment_name": "Its name then.",
    "to_segment_id": "Segment now; NULL for who is gone.",
    "to_segment_name": "Its name now.",
    "from_model_version": "Version of the model that gave the segment before.",
    "model_version": "Version that gives the segment now.",
    "entities": "Entities that went from the one to the other, or stayed.",
}
COMMENT = (
    "One row per segmentation, segment before and segment now: who moved, stayed, "
    "came and went since the database was published before. Everyone is new where "
    "nothing was published before."
)
CHANGES = """
create table published.main.segment_changes as
select
    coalesce(now.segmentation, before.segmentation) as segmentation,
    coalesce(now.dataset, before.dataset) as dataset,
    before.segment_id as from_segment_id,
    before.segment_name as from_segment_name,
    now.segment_id as to_segment_id,
    now.segment_name as to_segment_name,
    before.model_version as from_model_version,
    now.model_version as model_version,
    count(*) as entities
from published.main.customer_segments as now
full join {before} as before
    on now.segmentation = before.segmentation and now.entity_id = before.entity_id
group by all
order by all
"""


def add_changes(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    """Add `segment_changes` to a database that is about to take another's place.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the new database attached as ``published``; it holds
        ``customer_segments``.
    target : Path
        The database that was published before, if there is one. Where it cannot be
        read, or is of a version that had other columns, everyone is new.

    Returns
    -------
    int
        Rows of the table.
    """
    rows = _write(connection, target)
    describe(connection, "published.main.segment_changes", COMMENT, COLUMNS)
    return rows


def _write(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    if target.exists():
        try:
            connection.execute(f"attach {literal(target)} as before_it (read_only)")
            query = CHANGES.format(before="before_it.main.customer_segments")
            return connection.execute(query).fetchone()[0]
        except duckdb.Error:
            pass
    nobody = "(from published.main.customer_segments where false)"
    return connection.execute(CHANGES.format(before=nobody)).fetchone()[0]
