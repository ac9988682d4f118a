"""The gate before and after a build: ``segments validate``.

Before it, every input is read as the build will read it, into a temporary table;
after it, the marts are looked at in aggregates. Great Expectations checks; what it is
given is bounded, whatever the size of the data.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import yaml
from scipy.stats import entropy

from customer_segmentation import expectations
from customer_segmentation.duckdb_plugin import configure
from customer_segmentation.errors import SegmentationError
from customer_segmentation.expectations import (
    UNSEEN,
    Reference,
    as_date,
    as_number,
    explain,
    frames,
    is_compared,
    noise,
    rendered,
    run,
    unreadable,
)
from customer_segmentation.extensions import load_extension
from customer_segmentation.sources import (
    CANONICAL_DATE,
    Column,
    Input,
    Reading,
    Table,
    plan,
    read_catalogue,
    read_input,
)

__all__ = [
    "Checked",
    "Report",
    "spread_of_numbers",
    "spread_of_texts",
    "validate",
    "validate_marts",
]

MOST_ROWS = 50_000
"""That Great Expectations is given of a table: one of every n, always the same."""

MEMORY = "1GB"
RARE = 0.01
"""Values and bins of a smaller share are compared together from load to load."""

DEMO = "demo data"


@dataclass(frozen=True)
class Checked:
    """What the checks of one table gave.

    Attributes
    ----------
    name : str
        Such as online_retail.invoice_lines.
    rows : int
    checks : int
    failures, warnings : tuple of str
        One message for each check that does not hold.
    page : str
        File of its page, beside the others of the run.
    """

    name: str
    rows: int
    checks: int
    failures: tuple[str, ...]
    warnings: tuple[str, ...]
    page: str

    def lines(self) -> Iterator[str]:
        """Say it in one line, and one more for each check that does not hold."""
        state = "FAIL" if self.failures else "warn" if self.warnings else "ok"
        yield f"{state:<6}{self.name:<45}{self.rows:>11,} rows, {self.checks} checks"
        for word, messages in (("failed", self.failures), ("warning", self.warnings)):
            for message in messages:
                yield f"      {word}: {self.name}, {message}"


@dataclass(frozen=True)
class Report:
    """What a run of the gate gave.

    Attributes
    ----------
    tables : tuple of Checked
    page : Path
        Of the report, to open in a browser.
    """

    tables: tuple[Checked, ...]
    page: Path

    @property
    def failed(self) -> int:
        """Number of checks that failed, warnings left out."""
        return sum(len(table.failures) for table in self.tables)

    def lines(self) -> Iterator[str]:
        """Say what was checked, what does not hold and where the report stands."""
        for table in self.tables:
            yield from table.lines()
        yield f"Report: {self.page}"


# --------------------------------------------------------------------- before a build


def validate(
    project: Path, variables: Mapping[str, Any], database: Path, docs: Path
) -> Report:
    """Check every input before a build touches a table.

    Parameters
    ----------
    project : Path
        Folder of ``dbt_project.yml``.
    variables : mapping
        What dbt is given as ``--vars``.
    database : Path
        That dbt builds; there need be none. It is only read: for inputs that are
        relations, and for the last load, which new ones are compared with.
    docs : Path
        Folder of the report.

    Returns
    -------
    Report

    Raises
    ------
    SegmentationError
        If the vars name what does not exist, or the database cannot be read. All that
        is wrong with an input is a failed check.
    """
    catalogue = read_catalogue(project)
    given = _input_files(project, variables, catalogue)
    checker = _Checker()
    is_built = database.exists()
    with _connected() as connection:
        if is_built:
            _attach(connection, database, database.stem)
            # Names of relations are those that dbt would read.
            connection.execute(f"use {_name(database.stem)}")
        for dataset, tables in catalogue.items():
            for name, table in tables.items():
                _check_input(
                    checker,
                    connection,
                    table,
                    given.get(dataset),
                    project / f"seeds/demo/demo_{dataset}__{name}.csv",
                    database.stem if is_built else None,
                )
    return checker.report(docs, "inputs", "Inputs, before the build")


def _input_files(
    project: Path, variables: Mapping[str, Any], catalogue: Mapping[str, Mapping]
) -> Mapping[str, Any]:
    """Return the var ``input_files`` as dbt takes it."""
    settings = yaml.safe_load((project / "dbt_project.yml").read_text("utf-8"))
    known = settings.get("vars") or {}
    known = known | (known.get(settings.get("name")) or {})
    given = {**known, **variables}.get("input_files") or {}
    if not isinstance(given, Mapping):
        raise SegmentationError(
            f"The var input_files is {json.dumps(given)}; needed is a path for each "
            "dataset, such as {online_retail: sales.csv}."
        )
    for dataset, entry in given.items():
        if dataset not in catalogue:
            raise SegmentationError(
                f'The var input_files names the dataset "{dataset}", which is unknown. '
                f"Known are {', '.join(catalogue)}."
            )
        if isinstance(entry, Mapping) and not {"path", "relation"} & {*entry}:
            for table in entry:
                if table not in catalogue[dataset]:
                    raise SegmentationError(
                        f'The var input_files, dataset "{dataset}", names the table '
                        f'"{table}", which is unknown. Known are '
                        f"{', '.join(catalogue[dataset])}; or give path or relation."
                    )
    return given


@contextmanager
def _connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to DuckDB with bounded memory; what is more spills into a file."""
    with (
        TemporaryDirectory(prefix="segments_validate_") as folder,
        duckdb.connect() as connection,
    ):
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute(f"set temp_directory = {_text(folder)}")
        yield connection


def _attach(connection: duckdb.DuckDBPyConnection, database: Path, name: str) -> None:
    try:
        connection.execute(f"attach {_text(database)} as {_name(name)} (read_only)")
    except duckdb.Error as error:
        raise SegmentationError(
            f"{database} cannot be read ({error}). If a build writes to it, wait; "
            "otherwise run `dbt build` to make it anew."
        ) from None


def _check_input(
    checker: _Checker,
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    given: Any,
    seed: Path,
    built: str | None,
) -> None:
    name = f"{table.dataset}.{table.name}"
    facts: dict[str, Any] = {"fault": None, "rows": 0}
    try:
        read = read_input(table, given)
        is_demo = read is None
        if is_demo:
            if table.dataset == "own" or not seed.exists():
                return
            given = {"path": str(seed)}
            read = read_input(table, given)
        reading = _load(connection, table, given, read)
    except SegmentationError as error:
        checks = expectations.expected_of_file(is_comparable=False)[:1]
        checker.check(
            name, 0, [(pd.DataFrame([facts | {"fault": str(error)}]), checks)]
        )
        return
    facts |= _facts(connection, table, reading)
    last_rows, references = 0, {}
    if built and not is_demo:
        last_rows, references = _last_load(connection, table, read, built)
    facts["rows_to_last_load"] = facts["rows"] / last_rows if last_rows else None
    checks = expectations.expected_of_file(is_comparable=last_rows > 0)
    runs = [(pd.DataFrame([facts]), checks)]
    if facts["rows"]:
        sample = _sample(connection, table, read, facts["rows"])
        today = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        checks = expectations.expected_of_rows(table, read, sample, references, today)
        runs.append((sample, checks))
    checker.check(name, facts["rows"], runs)


def _load(
    connection: duckdb.DuckDBPyConnection, table: Table, given: Any, read: Input
) -> Reading:
    """Read a table as the build will, into a table that ends with the connection."""
    columns = None
    if read.relation:
        attached = connection.execute("select database_name from duckdb_databases()")
        if ("postgres",) not in attached.fetchall():
            configure(connection)
        where = f'Dataset "{table.dataset}", relation "{read.relation}"'
        try:
            described = connection.execute(f"describe select * from {read.relation}")
        except duckdb.Error as error:
            raise SegmentationError(
                f"{where}: it cannot be read ({_first_line(error)}). Name a table of "
                "the database that dbt builds, or of the PostgreSQL that is attached "
                "as postgres."
            ) from None
        columns = {row[0]: row[1] for row in described.fetchall()}
    reading = plan(table, given, columns)
    if reading.kind == "xlsx":
        load_extension(connection, "excel")
    try:
        connection.execute(f"create or replace temp table loaded as {reading.sql}")
    except duckdb.Error as error:
        raise SegmentationError(
            f'Dataset "{table.dataset}", table {table.name}: it cannot be read '
            f"({_first_line(error)})."
        ) from None
    return reading


def _facts(
    connection: duckdb.DuckDBPyConnection, table: Table, reading: Reading
) -> dict[str, Any]:
    """Count what was read, whole and exact."""
    rows, breaks, different = connection.execute(
        "select count(*), cast(coalesce(sum(line_breaks), 0) as bigint), "
        "count(distinct hash(raw_row)) from temp.loaded"
    ).fetchone()
    facts = {
        "rows": rows,
        "duplicate_share": 1 - different / rows if rows else 0.0,
        "unreadable_share": 0.0,
        "lost_lines": 0,
    }
    if reading.kind != "text":
        return facts
    lines = sum(file.rows for file in reading.files)
    faulty = sum(_unreadable_lines(connection, file.path) for file in reading.files)
    return facts | {
        "unreadable_share": faulty / lines if lines else 0.0,
        "lost_lines": abs(lines - rows - breaks - faulty),
    }


def _unreadable_lines(connection: duckdb.DuckDBPyConnection, path: str) -> int:
    return connection.execute(
        "select count(distinct line) from reject_errors "
        "inner join reject_scans using (scan_id, file_id) where file_path = ?",
        [path],
    ).fetchone()[0]


def _sample(
    connection: duckdb.DuckDBPyConnection, table: Table, read: Input, rows: int
) -> pd.DataFrame:
    """Take one row of every n, as text and as what the text stands for."""
    selected = []
    for column in table.columns:
        name = column.name
        selected.append(f"nullif(trim({name}), '') as {name}")
        value = _value(table, column, read)
        if value is None:
            continue
        is_number = column.data_type in ("decimal", "bigint")
        selected += [
            f"case when {value} is null then nullif(trim({name}), '') else '' end "
            f"as {_name(unreadable(name))}",
            f"{value} as {_name((as_number if is_number else as_date)(name))}",
        ]
    if table.one_of:
        texts = ", ".join(f"nullif(trim({name}), '')" for name in table.one_of)
        selected.append(f"coalesce({texts}) as {_name(' or '.join(table.one_of))}")
    step = -(-rows // MOST_ROWS)
    # Not always the first of the n: what alternates from row to row would not show.
    return connection.execute(
        f"select {', '.join(selected)} from temp.loaded "
        f"where rowid % {step} = hash(rowid // {step}) % {step} order by rowid"
    ).df()


# ------------------------------------------------------------- numbers and dates in SQL

# As macros/to_decimal.sql, to_whole_number.sql and to_timestamp.sql read them.


def _value(table: Table, column: Column, read: Input) -> str | None:
    """Write SQL for the number or date that a text stands for, NULL for others."""
    text = f"trim({column.name})"
    if column.data_type in ("date", "timestamp"):
        written = _text(read.date_format or table.date_format or CANONICAL_DATE)
        parsed = f"try_strptime({text}, {written})"
        return f"case when strftime({parsed}, {written}) = {text} then {parsed} end"
    if column.data_type not in ("decimal", "bigint"):
        return None
    sign, thousands = (".", ",") if read.decimal_sign == "." else (",", ".")
    if column.data_type == "bigint":
        pattern = (
            f"-?([0-9]{{1,3}}([{thousands}][0-9]{{3}}){{1,2}}|[0-9]{{1,9}})"
            f"([{sign}]0+)?"
        )
    else:
        scale = 4 if column.name in ("unit_price", "unit_cost") else 2
        pattern = (
            f"-?[$€£]? ?([0-9]{{1,3}}([{thousands}][0-9]{{3}}){{1,3}}|[0-9]{{1,12}})"
            f"([{sign}][0-9]{{1,{scale}}}0*)? ?[$€£]?"
        )
    digits = f"replace(translate({text}, '$€£ {thousands}', ''), '{sign}', '.')"
    return (
        f"case when regexp_full_match({text}, '{pattern}') "
        f"then try_cast({digits} as double) end"
    )


# ------------------------------------------------------------------------ the last load


def _last_load(
    connection: duckdb.DuckDBPyConnection, table: Table, read: Input, built: str
) -> tuple[int, dict[str, Reference]]:
    """Look at what the last build loaded: its rows, and how its values were spread.

    Nothing where there was none, or it was the demo data.
    """
    name = f"raw_{table.dataset}__{table.name}"
    known = {
        row[0]
        for row in connection.execute(
            "select column_name from duckdb_columns() where database_name = ? "
            "and schema_name = 'staging' and table_name = ?",
            [built, name],
        ).fetchall()
    }
    if "source_file" not in known:
        return 0, {}
    raw = f"{_name(built)}.staging.{_name(name)}"
    rows, demo = connection.execute(
        f"select count(*), count(*) filter (where source_file = '{DEMO}') from {raw}"
    ).fetchone()
    if demo:
        return 0, {}
    references = {}
    for column in table.columns:
        if column.name in known and is_compared(column.name):
            value = _value(table, column, read)
            if value is None:
                found = spread_of_texts(connection, raw, column.name)
            elif column.data_type in ("decimal", "bigint"):
                found = spread_of_numbers(connection, raw, column.name, value)
            else:  # dates go on
                continue
            if found:
                references[column.name] = found
    return rows, references


def spread_of_texts(
    connection: duckdb.DuckDBPyConnection, raw: str, column: str
) -> Reference | None:
    """Count the shares of a column's texts; rare ones are taken together.

    Parameters
    ----------
    connection : DuckDBPyConnection
    raw : str
        SQL for a table of texts.
    column : str

    Returns
    -------
    Reference or None
        None where most are rare: names or ids, and no classes.
    """
    found = connection.execute(
        "select value, count(*) as lines, sum(lines) over () "
        f"from (select nullif(trim({column}), '') as value from {raw}) "
        "where value is not null group by value order by lines desc, value "
        f"limit {round(1 / RARE)}"
    ).fetchall()
    rows = int(found[0][2]) if found else 0
    counts = {value: lines for value, lines, _ in found if lines >= RARE * rows}
    frequent = sum(counts.values())
    if frequent < rows / 2 or rows < 5 * len(counts) or len(found) < 2:
        return None
    weights = [count / frequent for count in counts.values()]
    partition = {"values": [*counts], "weights": weights}
    return Reference(partition, rows, rare=1 - frequent / rows)


def spread_of_numbers(
    connection: duckdb.DuckDBPyConnection, raw: str, column: str, value: str
) -> Reference | None:
    """Count the shares of a column's numbers in bins of about equal shares.

    Zeros, of which a column of discounts is full, have bins of their own.

    Parameters
    ----------
    connection : DuckDBPyConnection
    raw : str
        SQL for a table of texts.
    column : str
    value : str
        SQL for the number that the text stands for.

    Returns
    -------
    Reference or None
        None where nearly all are equal, or the texts are no such numbers.
    """
    numbers = f"(select {value} as x, {column} as text from {raw})"
    rows, filled, tenths, quarters = connection.execute(
        f"select count(x), count(nullif(trim(text), '')), "
        f"quantile_disc(x, {[n / 10 for n in range(11)]}), "
        f"quantile_disc(x, {[n / 4 for n in range(5)]}) filter (where x <> 0) "
        f"from {numbers}"
    ).fetchone()
    # Texts of another decimal sign are no numbers of this one.
    if not rows or rows < expectations.READABLE * filled:
        return None
    edges = sorted({*tenths, *(quarters or ())})
    if len(edges) < 3:
        return None
    bins = zip(edges, edges[1:], strict=False)
    within = [f"x >= {low!r} and x < {high!r}" for low, high in bins]
    within[-1] = within[-1].replace(" < ", " <= ")
    counts = connection.execute(
        "select "
        + ", ".join(f"count(*) filter (where {condition})" for condition in within)
        + f" from {numbers}"
    ).fetchone()
    # Bins with next to nothing in them would make much of every change.
    bins, weights, weight = [edges[0]], [], 0.0
    for edge, count in zip(edges[1:], counts, strict=True):
        weight += count / rows
        if weight >= RARE:
            bins.append(edge)
            weights.append(weight)
            weight = 0.0
    if len(weights) < 2:
        return None
    bins[-1] = edges[-1]
    weights[-1] += weight
    return Reference({"bins": bins, "weights": weights}, rows)


# ---------------------------------------------------------------------- after a build


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
    checker = _Checker()
    with _connected() as connection:
        _attach(connection, database, "built")
        is_comparable = published.exists()
        if is_comparable:
            _attach(connection, published, "published")
        try:
            for name, keys, frame, checks in _marts(connection, is_comparable):
                checker.check(f"marts.{name}", len(frame), [(frame, checks)], keys)
        except duckdb.Error as error:
            raise SegmentationError(
                f"{database} does not hold the marts of a build "
                f"({_first_line(error)}). Run `dbt build` first."
            ) from None
    return checker.report(docs, "marts", "Marts, after the build")


def _marts(
    connection: duckdb.DuckDBPyConnection, is_comparable: bool
) -> Iterator[tuple[str, tuple[str, ...], pd.DataFrame, list]]:
    """Aggregate each mart: a row per table, dataset or segmentation."""
    same = _same_sources(connection) if is_comparable else []
    loads = connection.execute(LOADS).df()
    checks = expectations.expected_of_loads()
    yield "source_loads", ("dataset", "source_table"), loads, checks
    lines = connection.execute(TRANSACTIONS).df()
    no_customers = lines["dataset"].isin(expectations.WITHOUT_CUSTOMERS)
    lines.loc[no_customers, "without_customer_share"] = np.nan
    lines = _compared(connection, lines, "transactions", "lines", same)
    yield "transactions", ("dataset",), lines, expectations.expected_of_transactions()
    customers = connection.execute(CUSTOMERS).df()
    customers = _compared(connection, customers, "customers", "customers", same)
    yield "customers", ("dataset",), customers, expectations.expected_of_customers()
    segments = connection.execute(SEGMENTS).df()
    segments["mix_drift"] = [
        _mix_drift(connection, segmentation) if dataset in same else np.nan
        for segmentation, dataset in zip(
            segments["segmentation"], segments["dataset"], strict=True
        )
    ]
    checks = expectations.expected_of_segments()
    yield "customer_segments", ("segmentation",), segments, checks


LOADS = """
select dataset, source_table, source, rows_read, rows_refused,
    rows_refused / rows_read as refused_share
from built.main.source_loads
where rows_read > 0
order by dataset, source_table
"""

TRANSACTIONS = """
with by_customer as (
    select dataset, customer_id, count(*) as lines, sum(net_amount) as revenue
    from built.main.transactions
    group by dataset, customer_id
)
select
    dataset,
    cast(sum(lines) as bigint) as lines,
    coalesce(sum(lines) filter (where customer_id is null), 0) / sum(lines)
        as without_customer_share,
    case when sum(revenue) > 0 then
        cast(max(revenue) filter (where customer_id is not null) as double)
        / cast(sum(revenue) as double)
    end as top_customer_revenue_share
from by_customer
group by dataset
order by dataset
"""

CUSTOMERS = """
select dataset, count(*) as customers
from built.main.customers group by dataset order by dataset
"""

# A segmentation whose smallest segment may be of any size speaks of outliers.
SEGMENTS = """
with sizes as (
    select segmentation, segment_id, count(*) as entities
    from built.main.customer_segments
    group by segmentation, segment_id
),
shares as (
    select segmentation, count(*) as segments,
        min(entities) / sum(entities) as smallest,
        max(entities) / sum(entities) as largest
    from sizes group by segmentation
),
entities as (
    select segmentation, any_value(dataset) as dataset, count(*) as entities,
        cast(median(confidence) as double) as median_confidence,
        count(*) filter (where is_outlier) / count(*) as outlier_share
    from built.main.customer_segments group by segmentation
)
select
    segmentation, entities.dataset, entities.entities, shares.segments,
    case when has_minimum then smallest end as smallest_share,
    case when has_minimum then largest end as largest_share,
    case when shares.segments > 1 then median_confidence end as median_confidence,
    outlier_share
from entities
inner join shares using (segmentation)
left join (
    select segmentation, true as has_minimum
    from built.main.segmentations where minimum_share > 0
) as minimums on minimums.segmentation = entities.segmentation and shares.segments > 1
order by segmentation
"""


def _same_sources(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the datasets that were published from the real source of the build."""
    sources = f"""
        select dataset, list(source_table || ' ' || source order by all) as sources
        from {{}}.main.source_loads group by dataset
        having not bool_or(source = '{DEMO}')
    """
    try:
        rows = connection.execute(
            f"select dataset from ({sources.format('built')}) as built "
            f"inner join ({sources.format('published')}) as published "
            "using (dataset, sources) order by dataset"
        ).fetchall()
    except duckdb.Error:  # published by a version with other tables
        return []
    return [row[0] for row in rows]


def _compared(
    connection: duckdb.DuckDBPyConnection,
    frame: pd.DataFrame,
    mart: str,
    counted: str,
    same: Sequence[str],
) -> pd.DataFrame:
    """Add the rows that were published, also of datasets that have none any more."""
    ratio = f"{counted}_to_published"
    if not same:
        return frame.assign(**{ratio: np.nan})
    before = connection.execute(
        f"select dataset, count(*) as published from published.main.{mart} "
        "where list_contains(?, dataset) group by dataset",
        [list(same)],
    ).df()
    both = frame.merge(before, on="dataset", how="outer").sort_values("dataset")
    both[counted] = both[counted].fillna(0).astype("int64")
    return both.assign(**{ratio: both[counted] / both["published"]})


def _mix_drift(connection: duckdb.DuckDBPyConnection, segmentation: str) -> float:
    """Measure how far the segments' shares are from those that were published.

    Returns
    -------
    float
        Divergence less the noise of sampling; not a number where a new model makes
        other segments, or nothing was published.
    """
    counts, versions = {}, {}
    for database in ("built", "published"):
        rows = connection.execute(
            f"select segment_name, count(*), max(model_version) "
            f"from {database}.main.customer_segments where segmentation = ? "
            "group by segment_name order by segment_name",
            [segmentation],
        ).fetchall()
        counts[database] = pd.Series({row[0]: row[1] for row in rows}, dtype=float)
        versions[database] = {row[2] for row in rows}
    now, was = counts["built"], counts["published"]
    if was.empty or versions["built"] != versions["published"]:
        return np.nan
    shares = pd.DataFrame({"now": now / now.sum(), "was": was / was.sum()})
    unseen = shares["was"].isna()
    if unseen.any():
        shares["was"] = (shares["was"] * (1 - UNSEEN)).fillna(UNSEEN / unseen.sum())
    drift = entropy(shares["now"].fillna(0), shares["was"])
    return max(0.0, float(drift) - noise(len(shares), int(now.sum()), int(was.sum())))


# ------------------------------------------------------------------ Great Expectations


class _Checker:
    """Runs checks, and collects what they give."""

    def __init__(self):
        self._frames = frames()
        self._checked: list[tuple[Checked, str]] = []

    def check(
        self,
        name: str,
        rows: int,
        runs: Sequence[tuple[pd.DataFrame, list]],
        keys: tuple[str, ...] = (),
    ) -> None:
        """Check the frames of a table, each against its expectations.

        Where `keys` tell the rows of a frame apart, a message names each of them.
        """
        results, messages = [], {"critical": [], "warning": []}
        for frame, checks in runs:
            for result in run(self._frames, name, frame, checks, keys):
                results.append(result)
                if not result.success:
                    severity = result.expectation_config.severity.value
                    messages[severity].append(explain(result, keys))
        checked = Checked(
            name,
            rows,
            len(results),
            tuple(messages["critical"]),
            tuple(messages["warning"]),
            f"{name}.html",
        )
        self._checked.append((checked, _page(name, results)))

    def report(self, docs: Path, folder: str, title: str) -> Report:
        """Write the pages of this run; those of the other kind of run stay."""
        (docs / folder).mkdir(parents=True, exist_ok=True)
        for old in (docs / folder).glob("*.html"):
            old.unlink()
        for checked, page in self._checked:
            (docs / folder / checked.page).write_text(page, encoding="utf-8")
        tables = tuple(checked for checked, _ in self._checked)
        run = {
            "title": title,
            "time": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "tables": [asdict(table) for table in tables],
        }
        (docs / folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
        (docs / "index.html").write_text(_index(docs), encoding="utf-8")
        return Report(tables, docs / "index.html")


# -------------------------------------------------------------------------- the report

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem;
  padding: 0 1rem; color: #1c2733; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { border: 1px solid #d5dbe1; padding: .35rem .6rem; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
td table { width: auto; margin: .5rem 0 0; }
h5, h6 { font-size: 1.1rem; margin: 1.5rem 0 .3rem; }
ul { padding-left: 1.2rem; }
a { color: #0b5cad; }
.badge { background: #e8ecf0; border-radius: 3px; padding: 0 .3rem; }
.fa-check-circle::before, .ok { color: #1a7f37; }
.fa-check-circle::before { content: "✔ holds"; }
.fa-times::before, .FAIL, .text-danger { color: #b42318; }
.fa-times::before { content: "✘ fails"; }
.warn { color: #8a5a00; }
.ok, .FAIL, .warn { font-weight: 600; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body>
{body}
</body></html>
"""


def _page(name: str, results: list) -> str:
    """Write the page of a table; nothing in it loads from elsewhere, or runs."""
    body = re.search(
        r'<div id="section-1".*(?=<footer>)', rendered(name, results), re.S
    )
    body = re.sub(r"<script.*?</script>", "", body.group(), flags=re.S)
    body = re.sub(r'<a href="[^#][^>]*>(.*?)</a>', r"\1", body, flags=re.S)
    return PAGE.format(
        title=html.escape(name),
        style=STYLE,
        body=f'<p><a href="../index.html">All tables</a></p>\n<h1>{html.escape(name)}'
        f"</h1>\n{body}",
    )


def _index(docs: Path) -> str:
    """List every table of the last run of each kind, with what does not hold."""
    parts = ["<h1>Validation</h1>"]
    for path in sorted(docs.glob("*/run.json")):
        run = json.loads(path.read_text(encoding="utf-8"))
        parts.append(
            f"<h2>{html.escape(run['title'])}</h2>\n<p>{html.escape(run['time'])}</p>"
            "<table><tr><th>State</th><th>Table</th><th>Rows</th><th>Checks</th>"
            "<th>What does not hold</th></tr>"
        )
        for table in run["tables"]:
            faults = [*table["failures"], *table["warnings"]]
            state = "FAIL" if table["failures"] else "warn" if faults else "ok"
            items = "".join(f"<li>{html.escape(fault)}</li>" for fault in faults)
            name = html.escape(table["name"])
            parts.append(
                f'<tr><td class="{state}">{state}</td>'
                f'<td><a href="{path.parent.name}/{html.escape(table["page"])}">{name}'
                f"</a></td><td>{table['rows']:,}</td><td>{table['checks']}</td>"
                f"<td>{f'<ul>{items}</ul>' if items else ''}</td></tr>"
            )
        parts.append("</table>")
    return PAGE.format(title="Validation", style=STYLE, body="\n".join(parts))


# ------------------------------------------------------------------------------- words


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(value: str | Path) -> str:
    return "'" + str(value).replace("'", "''") + "'"
