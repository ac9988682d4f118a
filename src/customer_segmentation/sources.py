"""From a user's files and tables to the SQL that reads them as text.

What a source's tables hold stands in ``_<dataset>__sources.yml`` under
``models/staging/``; where they are, and how they are written, in the dbt var
``input_files``. Nothing about a file is guessed: delimiter, quote, encoding, date
format and decimal sign have a stated default, or are given.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from customer_segmentation.dialects import DuckDB, Spark
from customer_segmentation.errors import SegmentationError
from customer_segmentation.extensions import load_extension
from customer_segmentation.skipped_lines import UNCHANGED
from customer_segmentation.sql import literal
from customer_segmentation.text_files import look_at, readable

__all__ = [
    *("Column", "File", "Input", "Reading", "Table"),
    *("plan", "plan_file", "read_catalogue"),
]

CANONICAL_DATE = "%Y-%m-%d %H:%M:%S"
TEXT = (".csv", ".tsv", ".txt")
KINDS = {**dict.fromkeys(TEXT, "text"), ".parquet": "parquet", ".xlsx": "xlsx"}


# ---------------------------------------------------------------------- catalogue


@dataclass(frozen=True)
class Column:
    """A column of a source's table.

    Attributes
    ----------
    name : str
        As the project calls it.
    header : str or None
        As the source calls it; None where the user has to say.
    data_type : str
        What its text stands for: string, date, timestamp, bigint or decimal.
    is_needed : bool
        False where the source may lack it.
    """

    name: str
    header: str | None
    data_type: str
    is_needed: bool


@dataclass(frozen=True)
class Table:
    """A table of a source, as its YAML file describes it.

    Attributes
    ----------
    file : str or None
        Where it stands in a folder of published files.
    date_format : str or None
        Default, in strptime's letters.
    one_of : tuple of str
        Columns of which at least one is needed.
    """

    dataset: str
    name: str
    columns: tuple[Column, ...]
    file: str | None = None
    date_format: str | None = None
    one_of: tuple[str, ...] = ()

    @classmethod
    def read(cls, dataset: str, name: str, meta: Mapping, columns: Mapping) -> Table:
        """Read the ``meta`` of a dbt source and of its columns."""
        return cls(
            dataset,
            name,
            tuple(
                Column(
                    column,
                    of_column.get("meta", {}).get("header"),
                    of_column.get("data_type") or "string",
                    of_column.get("meta", {}).get("needed", True),
                )
                for column, of_column in columns.items()
            ),
            meta.get("file"),
            meta.get("date_format"),
            tuple(meta.get("one_of", ())),
        )


def read_catalogue(project: Path) -> dict[str, dict[str, Table]]:
    """Read every table of every dataset from the YAML files of a project.

    Parameters
    ----------
    project : Path
        Folder of ``dbt_project.yml``.

    Returns
    -------
    dict of str to dict of str to Table
        Dataset to table name to table.

    Raises
    ------
    SegmentationError
        If the folder holds no such files.
    """
    catalogue: dict[str, dict[str, Table]] = {}
    for path in sorted(project.glob("models/staging/*/_*__sources.yml")):
        for source in yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]:
            for table in source["tables"]:
                columns = {
                    column["name"]: {
                        "meta": column.get("config", {}).get("meta", {}),
                        "data_type": column.get("data_type"),
                    }
                    for column in table["columns"]
                }
                catalogue.setdefault(source["name"], {})[table["name"]] = Table.read(
                    source["name"],
                    table["name"],
                    table.get("config", {}).get("meta", {}),
                    columns,
                )
    if not catalogue:
        raise SegmentationError(
            f"The folder {project.resolve()} holds no description of the sources, "
            "models/staging/*/_*__sources.yml. Run this in the project's folder."
        )
    return catalogue


# -------------------------------------------------------------------------- input


class Input(BaseModel):
    """Where a table is, and how it is written: an entry under ``input_files``.

    Attributes
    ----------
    path
        A file, or a glob of files with the same columns.
    relation
        A table or view that the warehouse can read, such as ``crm.public.orders``.
    sheet
        Sheet of an xlsx file; by default the first.
    date_format
        Of every date of the table, in strptime's letters.
    columns
        The project's name of a column to the name in the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    path: Annotated[str | None, Field(description="a path or glob in quotes")] = None
    relation: Annotated[
        str | None,
        Field(
            pattern=r'^("[^"]+"|\w+)([.]("[^"]+"|\w+)){0,2}$',
            description="a table such as schema.table or database.schema.table",
        ),
    ] = None
    sheet: Annotated[str | None, Field(description="the name of a sheet")] = None
    delimiter: Annotated[
        str, Field(pattern=r"^[\t -~]$", description="one character")
    ] = ","
    quote: Annotated[
        str,
        Field(
            pattern="^[!-~]?$",
            description="one character, or '' for none; not the key \"delimiter\"",
        ),
    ] = '"'
    encoding: Annotated[
        str, Field(description="an encoding such as utf-8, latin-1 or utf-16")
    ] = "utf-8"
    date_format: Annotated[
        str | None,
        Field(
            pattern="%",
            description="a format in strptime's letters: '%d/%m/%Y'; without a zone",
        ),
    ] = None
    decimal_sign: Annotated[Literal[".", ","], Field(description="'.' or ','")] = "."
    columns: Annotated[
        dict[str, str],
        Field(description="names of columns, such as {customer_id: Customer No}"),
    ] = {}

    @field_validator("quote")
    @classmethod
    def _is_no_delimiter(cls, value: str, info: ValidationInfo) -> str:
        if value == info.data.get("delimiter"):
            raise ValueError("the delimiter")
        return value

    @field_validator("date_format")
    @classmethod
    def _can_be_written(cls, value: str | None) -> str | None:
        if value is not None:
            if "%z" in value.lower():
                raise ValueError("a zone")
            with duckdb.connect() as connection:
                try:
                    connection.execute("select strftime(now()::timestamp, ?)", [value])
                except duckdb.Error:
                    raise ValueError("no format") from None
        return value

    @field_validator("sheet")
    @classmethod
    def _is_chosen(cls, value: str | None) -> str | None:
        # What `segments inspect` writes where the user has to decide.
        if value == "choose":
            raise ValueError("to be chosen")
        return value

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            "".encode(value)  # a text encoding: base64 is none
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError("unknown") from None


def read_input(table: Table, given: Any) -> Input | None:
    """Read the entry of a table under ``input_files``.

    Parameters
    ----------
    table : Table
    given : str or mapping or None
        The value under the dataset: a path or relation, the keys of `Input`, or, for
        a dataset of several tables, one of these for each table.

    Returns
    -------
    Input or None
        None where the dataset or this table of it has no entry.

    Raises
    ------
    SegmentationError
        If a key or value cannot be used, or a column is not one of the table.
    """
    if isinstance(given, Mapping) and table.name in given:
        given = given[table.name]
    elif isinstance(given, Mapping) and not {"path", "relation"} & {*given}:
        return None
    if given is None:
        return None
    if isinstance(given, str):
        is_file = _kind(given) or "/" in given or "*" in given
        given = {"path" if is_file else "relation": given}
    where = f'The var input_files, dataset "{table.dataset}", table {table.name}'
    if not isinstance(given, Mapping):
        raise SegmentationError(
            f"{where}: {given!r} is not allowed; needed is a path, or keys such as "
            "{path: sales.csv, delimiter: ';'}."
        )
    try:
        read = Input.model_validate(dict(given))
    except ValidationError as error:
        raise SegmentationError(
            "\n".join(f"{where}, {fault}." for fault in _faults(error))
        ) from None
    if (read.path is None) == (read.relation is None):
        raise SegmentationError(f"{where}: needed is one of the keys path, relation.")
    known = [column.name for column in table.columns]
    for name in read.columns:
        if name not in known:
            raise SegmentationError(
                f'{where}, key "columns": there is no column "{name}"; the columns are '
                f"{', '.join(known)}."
            )
    mapped = {column.name for column in table.columns if _header(column, read)}
    missing = [c.name for c in table.columns if c.is_needed and c.name not in mapped]
    if missing:
        raise SegmentationError(
            f'{where}, key "columns": {", ".join(missing)} must be mapped to a column '
            "of the file. `segments inspect <file>` proposes the block."
        )
    if table.one_of and not mapped & {*table.one_of}:
        raise SegmentationError(
            f'{where}, key "columns": one of {", ".join(table.one_of)} must be mapped '
            "to a column of the file. `segments inspect <file>` proposes the block."
        )
    return read


def _faults(error: ValidationError) -> list[str]:
    faults = []
    for fault in error.errors(include_url=False):
        key = str(fault["loc"][0])
        if fault["type"] == "extra_forbidden":
            keys = ", ".join(Input.model_fields)
            faults.append(f'key "{key}": this key is not allowed; the keys are {keys}')
        else:
            allowed = Input.model_fields[key].description
            faults.append(
                f'key "{key}": {fault["input"]!r} is not allowed; needed is {allowed}'
            )
    return faults


def _header(column: Column, given: Input) -> str | None:
    return given.columns.get(column.name, column.header)


def _kind(path: str) -> str | None:
    return KINDS.get(Path(path.removesuffix(".gz")).suffix.lower())


# ------------------------------------------------------------------------ reading


@dataclass(frozen=True)
class File:
    """A file of an input, and what its lines are.

    Attributes
    ----------
    name : str
        As the user knows it.
    path : str
        As the warehouse reads it: a copy or link where it cannot read the file itself.
    rows : int or None
        Lines below the header that are not blank; None for kinds without lines.
    header_lines : int
    blank_records : tuple of int
        Numbers of the blank lines, line breaks within fields not counted.
    """

    name: str
    path: str
    rows: int | None = None
    header_lines: int = 1
    blank_records: tuple[int, ...] = ()


@dataclass(frozen=True)
class Reading:
    """How a table is read.

    Attributes
    ----------
    sql : str or None
        A query that gives source_file, header_lines, position (from 1 in each file),
        line_breaks (within the fields of the row), raw_row (all fields, as CSV) and
        every column of the table, as text. None for a relation whose columns are not
        known yet.
    kind : str
        text, parquet, xlsx or relation.
    files : tuple of File
    order : tuple of str
        Names of the columns in raw_row, of all files together.
    relation : str or None
        Its name, quoted for SQL.
    columns_sql : str or None
        A query that gives name and type of a relation's columns in DuckDB.
    """

    sql: str | None
    kind: str
    files: tuple[File, ...] = ()
    order: tuple[str, ...] = ()
    relation: str | None = None
    columns_sql: str | None = None


def plan(
    table: Table,
    given: Any,
    relation_columns: Mapping[str, str] | None = None,
    dialect: DuckDB | Spark | None = None,
) -> Reading | None:
    """Check the input of a table, and say how to read it.

    Parameters
    ----------
    table : Table
    given : str or mapping or None
        The dataset's entry under ``input_files``.
    relation_columns : mapping of str to str, optional
        Name to type of each column, where the input is a relation: what the
        `Reading.columns_sql` of a first call gives.
    dialect : DuckDB or Spark, optional
        Of a relation's query; DuckDB reads files, on the workers of Spark too.

    Returns
    -------
    Reading or None
        None where there is no input.

    Raises
    ------
    SegmentationError
        If there is no file or relation, a file cannot be read or is empty, a column is
        missing or stands there twice, or the entry is wrong.
    """
    read = read_input(table, given)
    if read is None:
        return None
    if read.relation:
        return _read_relation(table, read, relation_columns, dialect or DuckDB())
    order: list[str] = []  # of the columns in raw_row, the same for every file
    readings = [_read_file(table, read, n, order) for n in _found(table, read)]
    kinds = {reading.kind for reading in readings}
    files = tuple(file for reading in readings for file in reading.files)
    if len(kinds) > 1:
        raise SegmentationError(
            f'Dataset "{table.dataset}": "{read.path}" holds files of several kinds '
            f"({', '.join(sorted(kinds))}); needed is one. {UNCHANGED}"
        )
    if all(file.rows == 0 for file in files):
        raise SegmentationError(
            f'Dataset "{table.dataset}", "{read.path}": there is no row below the '
            f"header. {UNCHANGED}"
        )
    sql = "\nunion all\n".join(reading.sql for reading in readings)
    return Reading(sql, kinds.pop(), files, tuple(order))


def plan_file(table: Table, given: Any, name: str, order: Sequence[str]) -> Reading:
    """Say how one of the files is read, as `plan` says it for all of them.

    Parameters
    ----------
    table, given
        As for `plan`.
    name : str
        `File.name` of the plan for all.
    order : sequence of str
        `Reading.order` of the plan for all.

    Raises
    ------
    SegmentationError
        As `plan` does.
    """
    return _read_file(table, read_input(table, given), name, list(order))


def _read_file(table: Table, read: Input, name: str, order: list[str]) -> Reading:
    kind = _kind(name)
    where = f'file "{name}"'
    try:
        if kind is None:
            raise SegmentationError(
                f"is of no known kind; known are {', '.join(KINDS)}, the text files "
                "gzipped too"
            )
        select, file = READERS[kind](table, read, name, order)
    except SegmentationError as error:
        raise SegmentationError(
            f'Dataset "{table.dataset}", {where}: {error}. {UNCHANGED}'
            if not str(error).startswith("Dataset")
            else str(error)
        ) from None
    except duckdb.Error as error:
        raise unreadable(table, name, error) from None
    return Reading(select, kind, (file,))


def unreadable(table: Table, name: str, error: duckdb.Error) -> SegmentationError:
    """Say that the warehouse cannot read a file, and why."""
    return SegmentationError(
        f'Dataset "{table.dataset}", file "{name}": it cannot be read as '
        f"{_kind(name)} ({str(error).splitlines()[0]}). {UNCHANGED}"
    )


def _read_relation(
    table: Table,
    read: Input,
    columns: Mapping[str, str] | None,
    dialect: DuckDB | Spark,
) -> Reading:
    # One part is a table, two are schema or database and table, three all of them.
    *outer, name = parts = [
        part.strip('"') for part in re.findall(r'"[^"]+"|[^."]+', read.relation)
    ]
    relation = ".".join(map(dialect.identifier, parts))
    columns_sql = (
        "select column_name, data_type from duckdb_columns() where "
        + _within(outer)
        + f" and lower(table_name) = lower({literal(name)}) order by column_index"
    )
    if columns is None:
        return Reading(None, "relation", relation=relation, columns_sql=columns_sql)
    where = f'relation "{read.relation}"'
    if not columns:
        raise SegmentationError(
            f'Dataset "{table.dataset}", {where}: there is no such table or view. '
            f"{dialect.names_of_tables} {UNCHANGED}"
        )
    headers = _chosen(table, read, list(columns), where)
    select = _select(
        *(table, read, read.relation, headers, list(columns), list(columns.values())),
        dialect=dialect,
    )
    sql = dialect.numbered(f"{select} from {relation}", [c.name for c in table.columns])
    return Reading(sql, "relation", relation=relation)


def _within(outer: Sequence[str]) -> str:
    """Say where a relation is looked for, as DuckDB does."""
    if len(outer) == 2:
        database, schema = map(literal, outer)
        return f"database_name = {database} and schema_name = {schema}"
    if outer:
        either = literal(outer[0])
        return (
            f"((database_name = current_database() and schema_name = {either})"
            f" or (database_name = {either} and schema_name = 'main'))"
        )
    return "database_name = current_database() and schema_name = 'main'"


def _found(table: Table, read: Input) -> list[str]:
    """Every file at the path, sorted; a name may itself hold a glob's signs."""
    if Path(read.path).is_file():
        return [read.path]
    found = sorted(
        path for path in glob(read.path, recursive=True) if Path(path).is_file()
    )
    if not found:
        raise SegmentationError(
            f'Dataset "{table.dataset}": no file at "{read.path}". Mend the path in '
            "the var input_files; a relative one is read from the folder where dbt was "
            f"started. {UNCHANGED}"
        )
    return found


def _read_text(
    table: Table, read: Input, name: str, order: list[str]
) -> tuple[str, File]:
    if read.date_format is None and table.date_format is None and _has_dates(table):
        raise SegmentationError(
            "the key date_format is missing; needed is the format of its dates, such "
            "as '%d/%m/%Y'. `segments inspect <file>` proposes it"
        )
    facts = look_at(
        Path(name), encoding=read.encoding, delimiter=read.delimiter, quote=read.quote
    )
    headers = _chosen(table, read, facts.header, f'file "{name}"')
    # DuckDB knows few other encodings, and its Latin-1 not every byte.
    is_plain = read.encoding == "utf-8" and not facts.has_mixed_line_ends
    path = readable(Path(name), encoding=None if is_plain else read.encoding)
    names = [f"field_{place}" for place, _ in enumerate(facts.header, 1)]
    breaks = " + ".join(
        f"length(coalesce({field}, '')) - length(replace(coalesce({field}, ''), "
        "chr(10), ''))"
        for field in names
    )
    columns = ", ".join(f"'{field}': 'varchar'" for field in names)
    select = _select(
        *(table, read, name, headers, names, None, breaks),
        header_lines=facts.header_lines,
        places=_places(facts.header, order),
    )
    sql = (
        f"{select} from read_csv({literal(path)}, auto_detect = false, header = true, "
        f"skip = {facts.lines_before}, delim = {literal(read.delimiter)}, "
        f"quote = {literal(read.quote)}, escape = {literal(read.quote)}, "
        f"encoding = 'utf-8', store_rejects = true, columns = {{{columns}}})"
    )
    rows = facts.lines - facts.header_lines - len(facts.blank_records)
    return sql, File(name, path, rows, facts.header_lines, facts.blank_records)


def _read_parquet(
    table: Table, read: Input, name: str, order: list[str]
) -> tuple[str, File]:
    path = readable(Path(name))
    source = f"read_parquet({literal(path)})"
    with duckdb.connect() as connection:
        described = connection.execute(f"describe from {source}").fetchall()
        rows = connection.execute(f"select count(*) from {source}").fetchone()[0]
    names = [column[0] for column in described]
    headers = _chosen(table, read, names, f'file "{name}"')
    types = [column[1] for column in described]
    places = _places(names, order)
    select = _select(table, read, name, headers, names, types, places=places)
    return f"{select} from {source}", File(name, path, None if rows else 0)


def _read_xlsx(
    table: Table, read: Input, name: str, order: list[str]
) -> tuple[str, File]:
    path = readable(Path(name))
    first_day = _first_day(path)
    sheet = f", sheet = {literal(read.sheet)}" if read.sheet else ""
    source = (
        f"read_xlsx({literal(path)}, header = false, all_varchar = true, "
        f"stop_at_empty = false{sheet})"
    )
    with duckdb.connect() as connection:
        load_extension(connection, "excel")
        rows = connection.execute(f"from {source} limit 2").fetchall()
    header = [(text or "").strip() for text in (rows[0] if rows else ())]
    if not any(header):
        raise SegmentationError("is empty; needed is a header and rows below it")
    headers = _chosen(table, read, header, f'file "{name}"')
    names = [f"field_{place}" for place, _ in enumerate(header, 1)]
    select = _select(
        *(table, read, name, headers, names, [first_day] * len(names)),
        places=_places(header, order),
    )
    # The header is a row of the sheet like any other.
    sql = (
        f"{select} from (select * from {source} as sheet ({', '.join(names)}) offset 1)"
    )
    return sql, File(name, path, None if len(rows) > 1 else 0)


def _first_day(path: str) -> str:
    """Say from which day on a workbook counts its dates."""
    try:
        # DuckDB never comes back from a file that was cut off.
        with zipfile.ZipFile(path) as workbook:
            properties = workbook.read("xl/workbook.xml")
    except (zipfile.BadZipFile, KeyError) as error:
        raise SegmentationError(
            f"is no xlsx file, or a damaged one ({error}). Save it anew"
        ) from None
    is_1904 = re.search(rb"date1904=[\"'](1|true)", properties)
    return "1904-01-01" if is_1904 else "1899-12-30"


READERS = {"text": _read_text, "parquet": _read_parquet, "xlsx": _read_xlsx}


def _chosen(
    table: Table, read: Input, found: Sequence[str], where: str
) -> dict[str, int | None]:
    """Place of each column among those found, or what is wrong with the header."""
    places: dict[str, int | None] = {}
    for column in table.columns:
        header = _header(column, read)
        count = list(found).count(header)
        is_given = column.name in read.columns
        if count == 1:
            places[column.name] = list(found).index(header)
        elif count == 0 and not column.is_needed and not is_given:
            places[column.name] = None
        else:
            needed = [_header(c, read) for c in table.columns if c.is_needed]
            raise SegmentationError(
                f'Dataset "{table.dataset}", {where}: the column "{header}" '
                + ("stands there twice" if count else "is missing")
                + f". The header holds {_listed(found)}; needed are "
                f"{_listed(filter(None, needed))}, each once, in any order"
                + _delimiter_hint(read, found)
                + f". {UNCHANGED}"
            )
    return places


def _delimiter_hint(read: Input, found: Sequence[str]) -> str:
    if read.relation or _kind(read.path) != "text":
        return ""
    others = [sign for sign in ",;\t|" if sign != read.delimiter]
    if len(found) == 1:
        for sign in others:
            if sign in found[0]:
                return (
                    f", with {read.delimiter!r} between them. The file seems to have "
                    f"{sign!r} there: set its key delimiter"
                )
    return f", with {read.delimiter!r} between them"


def _select(
    table: Table,
    read: Input,
    source: str,
    headers: Mapping[str, int | None],
    names: Sequence[str],
    types: Sequence[str] | None,
    breaks: str = "0",
    header_lines: int = 1,
    places: Sequence[int] = (),
    dialect: DuckDB | Spark = DuckDB(),  # noqa: B008
) -> str:
    """Select every column of the table as text, whatever its type in the source."""
    date_format = read.date_format or table.date_format or CANONICAL_DATE
    fields = [dialect.identifier(name) for name in names]
    selected = [
        f"{dialect.literal(source)} as source_file",
        f"cast({header_lines} as bigint) as header_lines",
        f"{dialect.position} as position",
        f"cast({breaks} as bigint) as line_breaks",
        # All of it: rows that differ in a column that is not used are no duplicates.
        f"{dialect.csv([fields[place] for place in places] or fields)} as raw_row",
    ]
    for column in table.columns:
        place = headers[column.name]
        if place is None:
            text = dialect.text("null")
        elif types is None:
            text = fields[place]
        else:
            text = dialect.as_text(
                *(fields[place], types[place], column.data_type, date_format),
                read.decimal_sign,
            )
        selected.append(f"{text} as {column.name}")
    return "select " + ",\n    ".join(selected) + "\n"


def _places(header: Sequence[str], order: list[str]) -> list[int]:
    """Order the columns of a file as the files before had them, new ones last.

    Equal rows are then equal texts, whatever the order of the columns.
    """
    order += [name for name in dict.fromkeys(header) if name not in order]
    return sorted(range(len(header)), key=lambda place: order.index(header[place]))


def _has_dates(table: Table) -> bool:
    return any(column.data_type in ("date", "timestamp") for column in table.columns)


def _listed(names) -> str:
    return ", ".join(f'"{name}"' for name in names) or "nothing"
