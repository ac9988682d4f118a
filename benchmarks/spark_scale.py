"""Time the build of generated sales on Spark beside DuckDB, in one run.

python benchmarks/spark_scale.py [--lines 10000000 50000000] [--engines duckdb spark]

Run it in the environment of Spark, .venv-spark. Of every size it prints seconds, the
largest memory of the driver (Python, which fits the models, and the Java beside it),
and whether segments and their sizes are the same on both. Each customer has 26 lines
on average, of one of four kinds that buy often or seldom, much or little.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter, sleep

import duckdb

from customer_segmentation.built import attach_built
from customer_segmentation.sql import literal

PROJECT = Path(__file__).resolve().parents[1]
LINES_PER_CUSTOMER = 20
LINES_PER_FILE = 2_500_000

SALES = """
copy (
    with lines as (
        select
            line,
            hash(line, 1) % {customers} as customer,
            customer % 4 as kind,
            hash(line, 2) % 100 as chance
        from (select range as line from range({start}, {end})) as numbers
    )
    select
        'o' || line as order_id,
        -- Of one kind many lines fall on few customers.
        'c' || case when kind = 0 then customer // 40 * 40 + kind else customer end
            as customer_id,
        timestamp '2024-01-01' + to_minutes(cast(
            case when kind % 2 = 0 then 525600 - chance * 1500 else chance * 4000 end
            as bigint
        )) as sold_at,
        'p' || hash(line, 3) % 500 as product,
        1 + chance % 5 as quantity,
        cast((case when kind = 3 then 90 else 8 end) + chance / 10 as decimal(18, 2))
            as unit_price
    from lines
) to {file} (format parquet)
"""

COLUMNS = ("customer_id", "order_id", "product", "sold_at", "quantity", "unit_price")
INPUT = {
    "date_format": "%Y-%m-%d %H:%M:%S",
    "columns": {name: name for name in COLUMNS},
}


def generate(folder: Path, lines: int) -> dict:
    """Write sales as files of Parquet, and return the entry of ``input_files``."""
    for start in range(0, lines, LINES_PER_FILE):
        file = folder / f"sales_{start:012}.parquet"
        sql = SALES.format(
            customers=lines // LINES_PER_CUSTOMER,
            start=start,
            end=min(start + LINES_PER_FILE, lines),
            file=literal(file),
        )
        duckdb.execute(sql)
    return {"own": {"sale_lines": {"path": str(folder / "*.parquet"), **INPUT}}}


class Memory(threading.Thread):
    """Follows the largest resident memory of a process and its children, by name."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.pid = pid
        self.peaks: dict[str, int] = {}

    def run(self) -> None:
        """Look twice a second until the process is gone."""
        while Path(f"/proc/{self.pid}").exists():
            now: dict[str, int] = {}
            for pid, name, memory in self._family():
                # Workers of Spark are executors here, not the driver.
                kind = name if pid == self.pid or name == "java" else "workers"
                now[kind] = now.get(kind, 0) + memory
            for kind, memory in now.items():
                self.peaks[kind] = max(memory, self.peaks.get(kind, 0))
            sleep(0.5)

    def _family(self):
        parents, facts = {}, {}
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = dict(
                    line.split(":\t", 1) for line in status.read_text().splitlines()
                )
            except (OSError, ValueError):
                continue
            pid = int(status.parent.name)
            parents[pid] = int(text["PPid"])
            facts[pid] = text["Name"], int(text.get("VmRSS", "0 kB").split()[0])
        for pid, (name, memory) in facts.items():
            up = pid
            while up in parents and up != self.pid:
                up = parents[up]
            if up == self.pid:
                yield pid, name, memory


def build(engine: str, folder: Path, inputs: dict) -> tuple[float, dict[str, int]]:
    """Build without tests, and return seconds and the peaks of memory in kB."""
    started = perf_counter()
    process = subprocess.Popen(
        [
            *(Path(sys.executable).with_name("dbt"), "--quiet", "build"),
            *("--exclude-resource-type", "test", "unit_test", "--target", engine),
            *("--project-dir", PROJECT, "--profiles-dir", PROJECT),
            *("--target-path", folder / "target", "--log-path", folder / "logs"),
            *("--vars", json.dumps({"input_files": inputs})),
        ],
        env=os.environ
        | {
            "SEGMENTATION_DATABASE": str(folder / "built.duckdb"),
            "SEGMENTATION_SPARK_WAREHOUSE": str(folder / "warehouse"),
            "SPARK_LOCAL_IP": "127.0.0.1",
        },
    )
    memory = Memory(process.pid)
    memory.start()
    if process.wait():
        raise SystemExit(f"The build on {engine} failed.")
    return perf_counter() - started, memory.peaks


def segments(built: Path) -> list[tuple]:
    """Read names and sizes of the segments of the generated customers."""
    with duckdb.connect() as connection:
        attach_built(connection, built)
        return connection.execute(
            "select segment_id, segment_name, entities, cast(revenue as varchar) from "
            "built.main.segment_summary where segmentation = 'own_customers' order by 1"
        ).fetchall()


def main() -> None:
    """Print a line for every size and engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [2_500_000, 10_000_000]
    parser.add_argument("--lines", type=int, nargs="+", default=sizes)
    parser.add_argument("--engines", nargs="+", default=["duckdb", "spark"])
    options = parser.parse_args()
    print(
        f"{'lines':>12}{'customers':>12}  engine  {'seconds':>8}"
        f"{'Python MB':>11}{'Java MB':>9}{'workers MB':>12}  segments"
    )
    for lines in options.lines:
        with tempfile.TemporaryDirectory() as place:
            sales = Path(place, "sales")
            sales.mkdir()
            inputs = generate(sales, lines)
            seen = []
            for engine in options.engines:
                folder = Path(place, engine)
                folder.mkdir()
                seconds, peaks = build(engine, folder, inputs)
                file = "built.duckdb" if engine == "duckdb" else "warehouse"
                found = segments(folder / file)
                seen.append(found)
                java, workers = peaks.get("java", 0), peaks.get("workers", 0)
                python = sum(peaks.values()) - java - workers
                customers = sum(row[2] for row in found)
                same = "the same" if seen[0] == found else "others"
                said = same if len(seen) > 1 else "first"
                print(
                    f"{lines:>12,}{customers:>12,}  {engine:<6}  {seconds:>8.0f}"
                    f"{python / 1e3:>11,.0f}{java / 1e3:>9,.0f}{workers / 1e3:>12,.0f}"
                    f"  {len(found)}, {said}"
                )


if __name__ == "__main__":
    main()
