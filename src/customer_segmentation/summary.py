"""What a build gives, in a few lines of text."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import duckdb

from customer_segmentation.errors import SegmentationError

__all__ = ["summary"]

LOADS = """
select
    dataset || '.' || source_table, source, rows_read, rows_accepted, rows_refused
from source_loads
where source <> 'none'
order by dataset, rows_read desc, source_table
"""

SEGMENTS = """
select
    segmentation, segmentations.dataset, source_is_there, chosen.k, reason,
    coalesce(structure || ' segments; ', '') as structure,
    model_version, fitted_entities, cast(trained_at as date) as trained_on, verdict,
    segment_name, entities, share, marked_by
from segmentations
left join (
    select segmentation, k, reason, structure from k_selection where is_chosen
) as chosen using (segmentation)
left join (
    select distinct segmentation, model_version, fitted_entities, trained_at
    from segmentation_models
    where is_current
) as models using (segmentation)
left join (select segmentation, verdict from retraining_advice) as advice
    using (segmentation)
left join segment_summary using (segmentation)
left join (
    select dataset, bool_or(source <> 'none') as source_is_there
    from source_loads
    group by dataset
) as sources on segmentations.dataset = sources.dataset
order by segmentation, entities desc, segment_id
"""


def summary(database: Path) -> str:
    """Summarise the published database: rows, segments and where to look next.

    Parameters
    ----------
    database : Path
        The published database.

    Returns
    -------
    str
        Lines of at most about 100 characters.

    Raises
    ------
    SegmentationError
        If there is no such database, or it does not hold the tables of a build.
    """
    if not database.exists():
        raise SegmentationError(f"No database at {database}. Run `make build` first.")
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            loads = connection.execute(LOADS).fetchall()
            segments = connection.execute(SEGMENTS).fetchall()
    except duckdb.Error as error:
        raise SegmentationError(
            f"{database} cannot be summarised ({error}). Run `make build` first."
        ) from None
    lines = ["Rows" + f"{'read':>48}{'accepted':>12}{'refused':>12}"]
    for dataset, source, *counts in loads:
        lines.append(
            "".join(
                [f"  {dataset:<38}", *(f"{n:>12,}" for n in counts), f"   {source}"]
            )
        )
    lines += ["", "Segments"]
    for segmentation, rows in groupby(segments, lambda row: row[:10]):
        name, dataset, is_there, k, reason, structure, *model = segmentation
        if k is None:
            lines.append(
                f"  {name}: no entities; look at its key where and {dataset}"
                if is_there
                else f"  {name}: no input of {dataset}; see docs/own-data.md"
            )
            continue
        lines.append(f"  {name}: k = {k}, {reason}")
        version, fitted, day, verdict = model
        lines.append(
            f"    {structure}model {version} of {day}, fitted to {fitted:,} entities: "
            f"{verdict}"
        )
        for *_, segment, entities, share, marked_by in rows:
            lines.append(f"    {entities:>9,}  {share:>6.1%}  {segment}: {marked_by}")
    return "\n".join(
        [
            *lines,
            "",
            "Where to look next",
            f"  {database}  every table; begin with segment_summary",
            "  rejected_rows in it                  each refused row, with its reasons",
            "  retraining_advice in it              keep, watch or retrain, and why",
            "  analyses/                            ready queries",
            "  make docs                            every model and column",
        ]
    )
