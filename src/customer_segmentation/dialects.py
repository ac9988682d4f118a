"""Values of any type as the text that a file would hold, in the SQL of each engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from customer_segmentation import sql

__all__ = ["DuckDB", "Spark"]

# 15 digits are all that a double surely holds: 0.1 + 0.2 is 0.3 again.
DIGITS = 15


@dataclass(frozen=True)
class DuckDB:
    """The SQL of DuckDB."""

    names_of_tables = (
        "Tables of an attached PostgreSQL are named postgres.<schema>.<table>."
    )
    position = "row_number() over ()"
    text_type = "varchar"

    def identifier(self, name: str) -> str:
        """Quote a name."""
        return sql.identifier(name)

    def literal(self, text: str) -> str:
        """Quote a text."""
        return sql.literal(text)

    def numbered(self, query: str, columns: Sequence[str]) -> str:
        """Give the query with the rows numbered, where `position` did not."""
        return query

    def text(self, value: str) -> str:
        """Cast a value to text."""
        return f"cast({value} as {self.text_type})"

    def csv(self, fields: Sequence[str]) -> str:
        """Write a row as one line of CSV."""
        texts = [f"coalesce({self.text(field)}, '')" for field in fields]
        return " || ',' || ".join(
            f"case when {self._needs_quotes(text)} "
            f"then '\"' || replace({text}, '\"', '\"\"') || '\"' else {text} end"
            for text in texts
        )

    def as_text(
        self,
        field: str,
        source_type: str,
        data_type: str,
        date_format: str,
        decimal_sign: str,
    ) -> str:
        """Write a typed value as the text that a file of this input would hold.

        The type of a spreadsheet's cell is the day from which the workbook counts.
        """
        if re.match(r"\d", source_type):
            return self._cell(field, source_type, data_type, date_format, decimal_sign)
        kind = re.match(r"\w+", source_type)[0].upper()
        if kind == "DATE" or kind.startswith("TIMESTAMP"):
            return self._moment(field, source_type.upper(), date_format)
        if kind in ("DOUBLE", "FLOAT", "DECIMAL"):
            text = self._number(field, source_type.upper())
            return f"replace({text}, '.', ',')" if decimal_sign == "," else text
        return self.text(field)

    def _needs_quotes(self, text: str) -> str:
        return f"regexp_matches({text}, '[\",\\r\\n]')"

    def _moment(self, field: str, source_type: str, date_format: str) -> str:
        if "TIME ZONE" in source_type:
            field = f"({field} at time zone 'UTC')"
        return f"strftime({field}, {self.literal(date_format)})"

    def _number(self, field: str, source_type: str) -> str:
        if source_type == "DOUBLE":
            return f"format('{{:.{DIGITS}g}}', {field})"
        return self.text(field)

    def _cell(
        self,
        field: str,
        first_day: str,
        data_type: str,
        date_format: str,
        decimal_sign: str,
    ) -> str:
        """Write a cell of a spreadsheet: all are doubles, dates are days."""
        number = f"try_cast({field} as double)"
        if data_type in ("date", "timestamp"):
            seconds = f"cast(round({number} * 86400) as bigint)"
            moment = f"timestamp '{first_day}' + to_seconds({seconds})"
            pattern = "[0-9]{4,5}([.][0-9]+)?"
            text = self._moment(moment, "TIMESTAMP", date_format)
        elif data_type in ("decimal", "bigint"):
            pattern = "-?[0-9]+[.][0-9]+|-?[0-9.]+[eE][-+]?[0-9]+"
            text = self._number(number, "DOUBLE")
            if decimal_sign == ",":
                text = f"replace({text}, '.', ',')"
        else:
            return field
        is_number = f"regexp_full_match({field}, '{pattern}')"
        return f"case when {is_number} then {text} else {field} end"


@dataclass(frozen=True)
class Spark(DuckDB):
    """The SQL of Spark, for its own tables; DuckDB reads the files there too.

    Attributes
    ----------
    date_pattern : str
        The input's format of dates in Java's letters.
    """

    date_pattern: str

    names_of_tables = (
        "Tables of the catalog are named <schema>.<table> or "
        "<catalog>.<schema>.<table>."
    )
    # A table has no order: see `numbered`.
    position = "cast(null as bigint)"
    text_type = "string"

    def identifier(self, name: str) -> str:
        """Quote a name."""
        return "`" + name.replace("`", "``") + "`"

    def literal(self, text: str) -> str:
        """Quote a text, in which a backslash is an escape."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def numbered(self, query: str, columns: Sequence[str]) -> str:
        """Give the query with the rows numbered from 1, by what stands in them.

        The same for any order of the rows, and no task has to see all of them: rows
        of one hash are numbered beside each other, after those of lower hashes.
        """
        return f"""with texts as (
    select *, pmod(xxhash64(raw_row), 4096) as part from ({query}) as read
),
parts as (
    select part, sum(count(*)) over (order by part) - count(*) as rows_before
    from texts
    group by part
)
select
    source_file,
    header_lines,
    rows_before + row_number() over (
        partition by texts.part order by raw_row
    ) as position,
    line_breaks,
    raw_row,
    {", ".join(columns)}
from texts
inner join parts on texts.part = parts.part"""

    def _needs_quotes(self, text: str) -> str:
        return f"{text} rlike '[\",\\\\r\\\\n]'"

    def _moment(self, field: str, source_type: str, date_format: str) -> str:
        return f"date_format({field}, {self.literal(self.date_pattern)})"

    def _number(self, field: str, source_type: str) -> str:
        if source_type.startswith("DECIMAL"):
            # A cast would write 0E-9.
            scale = re.search(r",\s*(\d+)", source_type)
            return f"replace(format_number({field}, {scale[1]}), ',', '')"
        # By way of text, which for a float holds no more digits than the float.
        number = f"cast(cast({field} as string) as double)"
        padded = f"format_string('%.{DIGITS}g', {number})"
        stripped = f"regexp_replace({padded}, '([.][0-9]*?)0+($|e)', '$1$2')"
        return f"regexp_replace({stripped}, '[.]($|e)', '$1')"
