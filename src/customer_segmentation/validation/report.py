"""What a run of the gate gave: in lines for the terminal, and as pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pandas as pd

from customer_segmentation.validation.engine import Check, frames, rendered, run
from customer_segmentation.validation.messages import explain

__all__ = ["Checked", "Checker", "Report"]


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
    """

    name: str
    rows: int
    checks: int
    failures: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def state(self) -> str:
        """FAIL, warn or ok."""
        return "FAIL" if self.failures else "warn" if self.warnings else "ok"

    def lines(self) -> Iterator[str]:
        """Say it in one line, and one more for each check that does not hold."""
        rows = f"{self.rows:>11,} rows, {self.checks} checks"
        yield f"{self.state:<6}{self.name:<45}{rows}"
        yield from (f"      failed: {self.name}, {fault}" for fault in self.failures)
        yield from (f"      warning: {self.name}, {fault}" for fault in self.warnings)


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


class Checker:
    """Runs checks, and collects what they give."""

    def __init__(self):
        self._frames = frames()
        self._pages: dict[Checked, str] = {}

    def check(
        self,
        name: str,
        rows: int,
        runs: Sequence[tuple[pd.DataFrame, list[Check]]],
        keys: Sequence[str] = (),
    ) -> None:
        """Check the frames of a table, each against its expectations.

        Where `keys` tell the rows of a frame apart, a message names each of them.
        """
        results = [
            result
            for frame, checks in runs
            for result in run(self._frames, frame, checks, keys)
        ]
        messages = {"critical": [], "warning": []}
        for result in results:
            if not result.success:
                severity = result.expectation_config.severity.value
                messages[severity].append(explain(result, keys))
        checked = Checked(name, rows, len(results), *map(tuple, messages.values()))
        self._pages[checked] = _page(name, rendered(name, results))

    def leave(self, name: str, why: str) -> None:
        """Say why a table is not checked."""
        checked = Checked(name, 0, 0, (), (why,))
        body = f"<h1>{escape(name)}</h1>\n<p>Not checked: {escape(why)}</p>"
        self._pages[checked] = _written(name, body)

    def report(self, docs: Path, kind: str, title: str) -> Report:
        """Write the pages of this run; those of the other kind of run stay."""
        folder = docs / kind
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.html"):
            old.unlink()
        for table, page in self._pages.items():
            (folder / f"{table.name}.html").write_text(page, encoding="utf-8")
        part = _part(kind, title, self._pages)
        (folder / "index.part").write_text(part, encoding="utf-8")
        parts = [path.read_text("utf-8") for path in sorted(docs.glob("*/index.part"))]
        index = _written("Validation", "\n".join(["<h1>Validation</h1>", *parts]))
        (docs / "index.html").write_text(index, encoding="utf-8")
        return Report(tuple(self._pages), docs / "index.html")


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


def _written(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{STYLE}</style></head>
<body>
{body}
</body></html>
"""


def _page(name: str, document: str) -> str:
    """Keep the results of a document; nothing in it loads from elsewhere, or runs."""
    body = re.search(r'<div id="section-1".*(?=<footer>)', document, re.S).group()
    body = re.sub(r"<script.*?</script>", "", body, flags=re.S)
    body = re.sub(r'<a href="[^#][^>]*>(.*?)</a>', r"\1", body, flags=re.S)
    back = '<p><a href="../index.html">All tables</a></p>'
    return _written(name, f"{back}\n<h1>{escape(name)}</h1>\n{body}")


def _part(folder: str, title: str, tables: Iterable[Checked]) -> str:
    """List the tables of a run, with what does not hold."""
    rows = ""
    for table in tables:
        faults = (*table.failures, *table.warnings)
        items = "".join(f"<li>{escape(fault)}</li>" for fault in faults)
        name = escape(table.name)
        rows += (
            f'<tr><td class="{table.state}">{table.state}</td>'
            f'<td><a href="{folder}/{name}.html">{name}</a></td>'
            f"<td>{table.rows:,}</td><td>{table.checks}</td>"
            f"<td>{f'<ul>{items}</ul>' if items else ''}</td></tr>"
        )
    return (
        f"<h2>{escape(title)}</h2>\n<p>{datetime.now(UTC):%Y-%m-%d %H:%M UTC}</p>"
        "<table><tr><th>State</th><th>Table</th><th>Rows</th><th>Checks</th>"
        f"<th>What does not hold</th></tr>{rows}</table>"
    )
