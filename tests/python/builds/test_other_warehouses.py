"""What Snowflake, BigQuery, Databricks and Spark make of the project's SQL.

Nothing is run on them here. sqlglot knows their dialects: whether a query can be
said in each, and what its text holds that a warehouse refuses, which
docs/warehouses.md tells. dbt translates nothing: it sends the text as it stands.
"""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from sqlglot import ErrorLevel, exp, parse
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import UnsupportedError

PROJECT = Path(__file__).resolve().parents[3]
PAGE = (PROJECT / "docs/warehouses.md").read_text(encoding="utf-8")
DIALECTS = ("snowflake", "bigquery", "databricks", "spark")

# dbt's own, written for each warehouse by its adapter.
OF_DBT = {"accepted_values", "not_null", "relationships", "unique"}

# sqlglot knows no meaning of these.
UNKNOWN = {
    "list_reduce": "walked_months' on DuckDB: a macro with a form for each engine",
    "try_strptime": "to_timestamp's on DuckDB: likewise",
}
# What sqlglot says of a query that means the same elsewhere.
HARMLESS = (
    # The numbers of lines, by which rows are ordered, are never NULL.
    r"'NULLS LAST' translation not supported (?:in window|for aggregate) function SUM"
    r"(?: with\s+sort order)?",
    # Months are numbered, and walked_months needs a form of its own anyway.
    r"'NULLS LAST' translation not supported for aggregate function ARRAY_AGG"
    r"(?: with\s+sort order)?",
    # Refused as it stands, too: see the page.
    r"Named columns are not supported in table alias\.",
)


def _is_large(node: exp.Expr) -> bool:
    """Tell a decimal that is too large for NUMERIC of BigQuery."""
    if not node.is_type(exp.DType.DECIMAL):
        return False
    precision, scale = (int(each.name) for each in node.expressions)
    return scale > 9 or precision - scale > 29


def _joins_by_range(node: exp.Expr) -> bool:
    """Tell an outer join without an equation of two columns."""
    if not isinstance(node, exp.Join) or not node.side:
        return False
    condition = node.args["on"].unnest()
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    return not any(isinstance(part, exp.EQ) for part in parts)


# What some warehouse refuses, under the name that the page gives it.
REFUSED = {
    "`double`": lambda node: isinstance(node, exp.DataType) and node.is_type("double"),
    "`decimal(38, 12)`": lambda node: (
        isinstance(node, exp.DataType) and _is_large(node)
    ),
    "`try_cast`": lambda node: isinstance(node, exp.TryCast),
    "`percentile_cont`": lambda node: isinstance(node, exp.WithinGroup),
    "`regexp_extract`": lambda node: isinstance(node, exp.RegexpExtract),
    "`left join … between`": _joins_by_range,
    "`with a (b) as (values …)`": lambda node: isinstance(node, exp.Values),
    "`filter (where …)`": lambda node: isinstance(node, exp.Filter),
    "`concat_ws`": lambda node: isinstance(node, exp.ConcatWs),
    "`qualify`": lambda node: isinstance(node, exp.Qualify),
    "`window w as`": lambda node: isinstance(node, exp.Window) and node.alias != "",
    "a keyword as a name": lambda node: (
        isinstance(node, exp.Identifier)
        and not node.quoted
        and node.name.lower() in BigQuery.Generator.RESERVED_KEYWORDS
    ),
}
# Functions that dbt writes for each warehouse, where it is asked to: dbt.hash(…).
OF_DBT_MACROS = re.compile(r"(?<![.\w])(date_?diff|date_trunc|md5|strftime)\(")


@pytest.fixture(scope="module")
def manifest(demo_build) -> dict[str, Any]:
    """What dbt knows of the project."""
    path = demo_build.folder / "target/manifest.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def nodes(manifest) -> list[dict[str, Any]]:
    """Models, analyses and tests that are SQL of this project."""
    return [
        node
        for node in manifest["nodes"].values()
        if node.get("language") == "sql"
        and (node.get("test_metadata") or {}).get("name") not in OF_DBT
    ]


@pytest.fixture(scope="module")
def queries(demo_build, nodes) -> dict[str, list[exp.Expr]]:
    """Parse what dbt compiled of them for DuckDB."""
    compiled = {
        path.stem: path.read_text(encoding="utf-8")
        for path in (demo_build.folder / "target/compiled").rglob("*.sql")
        if path.is_file() and "_unit_tests.yml" not in str(path)
    }
    return {
        node["name"]: [
            query
            for query in parse(compiled[Path(node["path"]).stem], read="duckdb")
            if query
        ]
        for node in nodes
    }


class TestEveryQueryCanBeSaidElsewhere:
    """What only DuckDB knows how to say would tie the project to it."""

    @pytest.fixture(autouse=True)
    def quiet(self):
        logging.disable(logging.WARNING)
        yield
        logging.disable(logging.NOTSET)

    @pytest.mark.parametrize("dialect", DIALECTS)
    def test_in_words_that_the_warehouse_reads(self, queries, dialect):
        faults = []
        for name, parsed in queries.items():
            for query in parsed:
                try:
                    text = query.sql(
                        dialect,
                        unsupported_level=ErrorLevel.RAISE,
                        max_unsupported=100,
                    )
                except UnsupportedError as error:
                    left = re.sub("|".join(HARMLESS), "", str(error)).strip()
                    faults += [f"{name}: {left}"] * bool(left)
                else:
                    assert parse(text, read=dialect), name
        assert faults == []

    def test_with_functions_that_are_known(self, queries):
        unknown = {
            function.name.lower()
            for parsed in queries.values()
            for query in parsed
            for function in query.find_all(exp.Anonymous)
        }
        assert unknown == set(UNKNOWN)


class TestThePageTellsWhatIsRefused:
    """A user plans by it: nothing more may be refused, and nothing less."""

    def test_in_the_text_as_it_stands(self, queries):
        found = {
            name: {
                construct
                for query in parsed
                for node in query.walk()
                for construct, is_used in REFUSED.items()
                if is_used(node)
            }
            for name, parsed in queries.items()
        }
        table = PAGE.split("| in the SQL | refused by |")[1].split("\n\n")[0]
        told = set(re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE))
        assert set.union(*found.values()) == told, found

    def test_and_dbt_writes_what_differs_by_warehouse(self, nodes, manifest):
        """A macro that says so by its name is for one engine."""
        texts = {node["name"]: node["raw_code"] for node in nodes} | {
            macro["name"]: macro["macro_sql"]
            for macro in manifest["macros"].values()
            if macro["package_name"] == "customer_segmentation"
            and not macro["name"].startswith(("duckdb__", "spark__"))
        }
        assert {name for name in texts if OF_DBT_MACROS.search(texts[name])} == set()
