"""What the project's macros ask the library, through a function of their warehouse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from customer_segmentation.dialects import DuckDB, Spark
from customer_segmentation.errors import SegmentationError
from customer_segmentation.skipped_lines import fault_sql, skipped_lines_sql
from customer_segmentation.sources import Table, plan

__all__ = ["answer", "table_of"]


def answer(request: str, dialect: DuckDB | Spark) -> str:
    """Tell how a table is read, or the fault in words.

    Parameters
    ----------
    request : str
        JSON of the macro plan_reading: dataset, table, its meta and columns, and what
        is given under ``input_files``.
    dialect : DuckDB or Spark

    Returns
    -------
    str
        JSON of a `Reading`, each text file with its ``skipped_lines_sql`` and
        ``fault_sql``; or of ``{"fault": …}``; or of nothing where there is no input.
    """
    asked = json.loads(request)
    try:
        reading = plan(
            *(table_of(asked), asked["given"], asked.get("relation_columns")),
            dialect=dialect,
        )
    except SegmentationError as error:
        return json.dumps({"fault": str(error)})
    if reading is None:
        return json.dumps({})
    told = asdict(reading)
    if reading.kind == "text":
        for file, of_file in zip(reading.files, told["files"], strict=True):
            of_file["skipped_lines_sql"] = skipped_lines_sql(file)
            of_file["fault_sql"] = fault_sql(asked["dataset"], file)
    return json.dumps(told)


def table_of(asked: Mapping[str, Any]) -> Table:
    """Read the table that a request is about."""
    return Table.read(asked["dataset"], asked["table"], asked["meta"], asked["columns"])
