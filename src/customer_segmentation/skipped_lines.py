"""Lines of a text file that are no rows, told by DuckDB after it read the file.

Both engines ask DuckDB: the one on its own connection, Spark on those of its workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_segmentation.errors import SegmentationError
from customer_segmentation.sql import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from customer_segmentation.sources import File

__all__ = ["UNCHANGED", "fault_sql", "refuse_swallowed_lines", "skipped_lines_sql"]

UNCHANGED = "The tables of the dataset are as they were."


def fault_sql(dataset: str, file: File) -> str:
    """Give a query that tells whether a quote that is not closed swallowed lines.

    It makes one field of all that follows it, and the reader then counts one line
    where there were many. So the lines of a file are counted by themselves: each must
    be a row, a line break within a field of one, or unreadable.

    Parameters
    ----------
    dataset : str
    file : File

    Returns
    -------
    str
        A query of one text, the fault or NULL. It reads the relation `lines_read`,
        whose one value is the number of rows and of line breaks within them.
    """
    before, after = (
        literal(text)
        for text in (
            f'Dataset "{dataset}", file "{file.name}": of {file.rows} lines only ',
            " could be told apart. Look for a quote that is not closed",
        )
    )
    return f"""select case when told_apart <> {file.rows} then
    {before} || told_apart || {after}
    || coalesce(' near line ' || first_line, '') || {literal(f". {UNCHANGED}")}
end as fault
from (
    select
        (select lines from lines_read)
        + coalesce(sum(1 + line_breaks), 0) as told_apart,
        min(record_number) as first_line
    from ({_unreadable_sql(file.path)}) as unreadable
) as counted"""


def refuse_swallowed_lines(
    connection: DuckDBPyConnection, dataset: str, file: File
) -> None:
    """Ask the query of `fault_sql` on the connection that read the file.

    Raises
    ------
    SegmentationError
        If lines were swallowed.
    """
    (fault,) = connection.execute(fault_sql(dataset, file)).fetchone()
    if fault:
        raise SegmentationError(fault)


def skipped_lines_sql(file: File) -> str:
    """Give a query of the lines without a row: unreadable ones, and blank ones.

    DuckDB numbers records, in which a line break within a field does not count: those
    of the rows before are added for the line's number.

    Parameters
    ----------
    file : File

    Returns
    -------
    str
        A query of source_file, line_number, record_number, reasons (NULL for a blank
        line), raw_row and line_breaks. It reads the relation `broken_rows`: position
        and line_breaks of the rows that have line breaks.
    """
    blank = (
        "union all select unnest([{}]), null, '', 0".format(
            ", ".join(map(str, file.blank_records))
        )
        if file.blank_records
        else ""
    )
    return f"""select
    {literal(file.name)} as source_file,
    cast(
        record_number
        + {file.header_lines - 1}
        + (
            select coalesce(sum(broken_rows.line_breaks), 0)
            from broken_rows
            where broken_rows.position < skipped.record_number - skipped.skipped_number
        )
        + coalesce(
            sum(line_breaks) over (
                order by record_number
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as bigint
    ) as line_number,
    cast(record_number as bigint) as record_number,
    reasons,
    raw_row,
    cast(line_breaks as bigint) as line_breaks
from (
    select *, row_number() over (order by record_number) as skipped_number
    from ({_unreadable_sql(file.path)} {blank}) as lines_without_a_row
) as skipped"""


def _unreadable_sql(path: str) -> str:
    """Give a query of the lines that DuckDB could not read on this connection.

    It keeps the errors of other files beside them.
    """
    # What follows a quote that is not closed is no part of its line.
    return f"""select
    record_number,
    reasons,
    raw_row,
    case
        when has_open_quote then 0
        else length(raw_row) - length(replace(raw_row, chr(10), ''))
    end as line_breaks
from (
    select
        line as record_number,
        min(lower(cast(error_type as varchar))) as reasons,
        bool_or(error_type = 'UNQUOTED VALUE') as has_open_quote,
        any_value(trim(csv_line, chr(10) || chr(13))) as raw_row
    from reject_errors
    inner join reject_scans using (scan_id, file_id)
    where reject_scans.file_path = {literal(path)}
    group by line
) as errors"""
