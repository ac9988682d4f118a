"""The gate after a build: the marts in aggregates, a row per table or segmentation."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from customer_segmentation.errors import SegmentationError
from customer_segmentation.validation.connection import connected
from customer_segmentation.validation.drift import DRIFT, divergence
from customer_segmentation.validation.engine import Check, between
from customer_segmentation.validation.report import Checker, Report

__all__ = ["validate_marts"]

# ------------------------------------------------------------------------ aggregates

# Datasets that were published from the real source of the build.
SAME = """
select dataset
from built.main.source_loads as built
full join published.main.source_loads as published
    using (dataset, source_table, source)
group by dataset
having count(built.rows_read) = count(*) and count(published.rows_read) = count(*)
    and not bool_or(source = 'demo data')
order by dataset
"""

LOADS = """
select dataset, source_table, source, rows_read, rows_refused,
    rows_refused / rows_read as refused_share
from built.main.source_loads
where rows_read > 0
order by dataset, source_table
"""

# Lines of sales_records name no customer.
TRANSACTIONS = """
with by_customer as (
    select dataset, customer_id, count(*) as lines, sum(net_amount) as revenue
    from built.main.transactions
    group by dataset, customer_id
)
select
    dataset,
    cast(sum(lines) as bigint) as lines,
    case when dataset <> 'sales_records' then
        coalesce(sum(lines) filter (where customer_id is null), 0) / sum(lines)
    end as without_customer_share,
    case when sum(revenue) > 0 then
        cast(max(revenue) filter (where customer_id is not null) as double)
        / cast(sum(revenue) as double)
    end as top_customer_revenue_share
from by_customer
group by dataset
"""

CUSTOMERS = """
select dataset, count(*) as customers from built.main.customers group by dataset
"""

# Of a single segment there is nothing to say, and a segmentation whose smallest segment
# may be of any size speaks of outliers.
SEGMENTS = """
with entities as (
    select segmentation, dataset, confidence, is_outlier,
        count(*) over (partition by segmentation, segment_id)
            / count(*) over (partition by segmentation) as share
    from built.main.customer_segments
)
select
    segmentation,
    any_value(entities.dataset) as dataset,
    min(share) filter (share < 1 and minimum_share > 0) as smallest_share,
    max(share) filter (share < 1 and minimum_share > 0) as largest_share,
    cast(median(confidence) filter (share < 1) as double) as median_confidence,
    count(*) filter (is_outlier) / count(*) as outlier_share
from entities
left join built.main.segmentations using (segmentation)
group by segmentation
order by segmentation
"""

# A new model makes other segments: those of one version are compared.
MIX = """
with built as (
    select segmentation, model_version, segment_name, count(*) as now
    from built.main.customer_segments where list_contains(?, dataset) group by all
),
published as (
    select segmentation, model_version, segment_name, count(*) as was
    from published.main.customer_segments group by all
)
select segmentation, coalesce(now, 0) as now, coalesce(was, 0) as was
from (from built semi join published using (segmentation, model_version)) as built
full join (from published semi join built using (segmentation, model_version))
    as published using (segmentation, segment_name)
order by segmentation, segment_name
"""

# ------------------------------------------------------------------- what must hold

_REFUSED = "Look at the reasons in rejected_rows: a format or a rule does not fit."
_SEGMENTS = (
    "Look at k_selection and segment_summary, and at the segmentation's features "
    "and k in dbt_project.yml."
)


def _not_shrunk(counted: str, what: str) -> Check:
    return between(
        *(f"{counted}_to_published", 0.5, None),
        f"there are at least half as many {what} as were published from this source",
        "A table that lost its half is consistent in itself.",
        "Look at source_loads for what was read; if the change is meant, run `segments "
        "publish`: what it publishes is then what the next build is compared with.",
    )


SUITES = {
    "source_loads": [
        between(
            *("refused_share", None, 0.2),
            "at most 20 % of a table's rows are refused",
            "dbt tests that every row is accepted or refused, not how many.",
            _REFUSED,
        ),
        between(
            *("refused_share", None, 0.05),
            "at most 5 % of a table's rows are refused",
            *("Slips are fewer.", _REFUSED, "warning"),
        ),
    ],
    "transactions": [
        _not_shrunk("lines", "sale lines"),
        between(
            *("without_customer_share", None, 0.5),
            "at most half of the sale lines name no customer",
            "Segments would speak for a minority of the sales.",
            "See whether the right column is mapped as customer_id.",
        ),
        between(
            *("top_customer_revenue_share", None, 0.5),
            "no single customer makes more than half of the revenue",
            "A collective account, such as of walk-in customers, is no customer.",
            "Look at this customer; leave it out in the segmentation's key where if it "
            "is none.",
            "warning",
        ),
    ],
    "customers": [_not_shrunk("customers", "customers")],
    "customer_segments": [
        between(
            *("smallest_share", 0.005, None),
            "no segment holds less than 0.5 % of the entities",
            "minimum_share holds in training; scored entities may differ.",
            _SEGMENTS,
        ),
        between(
            *("largest_share", None, 0.95),
            "no segment holds more than 95 % of the entities",
            *("It tells nobody apart.", _SEGMENTS),
        ),
        between(
            *("median_confidence", 0.05, None),
            "half of the entities have a confidence of at least 0.05",
            *("Below it they stand between two segments.", _SEGMENTS),
        ),
        between(
            *("outlier_share", None, 0.3, "at most 30 % of the entities are outliers"),
            "The model was trained on others.",
            f"{_SEGMENTS} Retrain, or widen winsorise_at.",
        ),
        between(
            *("mix_drift", None, DRIFT),
            "the entities are spread over the segments as was published from this "
            f"source: divergence of at most {DRIFT} above the noise of sampling",
            "Campaigns that were planned for one mix meet another.",
            *("Look at segment_summary, before and after.", "warning"),
        ),
    ],
}

# --------------------------------------------------------------------------------- run


def validate_marts(database: Path, published: Path, docs: Path) -> Report:
    """Check the marts of a build, before they are published.

    Parameters
    ----------
    database : Path
        That dbt built.
    published : Path
        Database that was published before; there need be none. Datasets whose source
        is still the same are compared with it.
    docs : Path
        Folder of the report.

    Returns
    -------
    Report

    Raises
    ------
    SegmentationError
        If there is no such database, or it does not hold the tables of a build.
    """
    if not database.exists():
        raise SegmentationError(f"No database at {database}. Run `dbt build` first.")
    checker = Checker()
    with connected({"built": database, "published": published}) as connection:
        try:
            marts = _measured(connection)
        except duckdb.Error as error:
            raise SegmentationError(
                f"{database} does not hold the marts of a build "
                f"({str(error).splitlines()[0]}). Run `dbt build` first."
            ) from None
    for name, frame in marts.items():
        runs = [(frame.reset_index(), SUITES[name])]
        checker.check(f"marts.{name}", len(frame), runs, frame.index.names)
    return checker.report(docs, "marts", "Marts, after the build")


def _measured(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    """Measure each mart, in rows that the index tells apart."""
    loads = connection.execute(LOADS).df()
    same = _same_sources(connection)
    segments = connection.execute(SEGMENTS).df()
    mix = connection.execute(MIX, [same]).df() if same else segments[:0]
    drifts = {
        name: divergence(of["now"], of["was"])
        for name, of in mix.groupby("segmentation")
    }
    segments["mix_drift"] = segments["segmentation"].map(drifts).astype(float)
    return {
        "source_loads": loads.set_index(["dataset", "source_table"]),
        "transactions": _counted(
            connection, TRANSACTIONS, "transactions", "lines", same
        ),
        "customers": _counted(connection, CUSTOMERS, "customers", "customers", same),
        "customer_segments": segments.set_index("segmentation"),
    }


def _same_sources(connection: duckdb.DuckDBPyConnection) -> list[str]:
    try:
        return [row[0] for row in connection.execute(SAME).fetchall()]
    except duckdb.Error:  # nothing is published, or by a version with other tables
        return []


def _counted(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    mart: str,
    counted: str,
    same: list[str],
) -> pd.DataFrame:
    """Add what was published, also of datasets that have no rows any more."""
    frame = connection.execute(query).df().set_index("dataset")
    before = {}
    if same:
        found = connection.execute(
            f"select dataset, count(*) from published.main.{mart} "
            "where list_contains(?, dataset) group by dataset",
            [same],
        )
        before = dict(found.fetchall())
    frame = frame.reindex(sorted({*frame.index, *before}))
    published = pd.Series(before, dtype=float)
    frame[f"{counted}_to_published"] = frame[counted].fillna(0) / published
    return frame.rename_axis("dataset")
