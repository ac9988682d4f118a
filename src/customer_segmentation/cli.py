"""The command line of the project: ``segments``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from customer_segmentation.errors import SegmentationError

__all__ = ["main"]

# Where each target builds: an environment variable, or else a path.
BUILT_BY = {
    "duckdb": ("SEGMENTATION_DATABASE", "warehouse/segmentation.duckdb"),
    "spark": ("SEGMENTATION_SPARK_WAREHOUSE", "warehouse/spark"),
}
BUILT = (
    "what dbt built: a database, or the folder of Spark's tables (default: "
    + ", ".join(f"{path} for {target}" for target, (_, path) in BUILT_BY.items())
    + ")"
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the process.

    Returns
    -------
    int
        0, or 1 after an error that is printed in one line.
    """
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (SegmentationError, OSError) as error:
        print(f"segments: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="segments", description="Named, stable, tested customer segments."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(run, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            run.__name__.lstrip("_"), help=text, description=text
        )
        added.set_defaults(command=run)
        return added

    inputs = command(_inputs, "print the dbt vars for a folder of real files")
    inputs.add_argument("folder", type=Path)
    inputs.add_argument("--retrain", help="true, or names of segmentations")

    inspecting = command(
        _inspect, "propose the dbt vars that load a file of your own sales"
    )
    inspecting.add_argument("file", nargs="+", help="a file, or a pattern in quotes")
    inspecting.add_argument("--table", choices=("sale_lines", "customers"))
    inspecting.add_argument("--delimiter", help="one character, or tab")
    inspecting.add_argument("--encoding", help="utf-8, utf-16, latin-1 or cp1252")
    inspecting.add_argument("--sheet", help="of an xlsx file")
    inspecting.add_argument("--date-format", help="such as %%d/%%m/%%Y")
    inspecting.add_argument("--decimal-sign", choices=(".", ","))

    publishing = command(_publish, "publish the built tables for BI tools")
    publishing.add_argument("--source", type=Path, help=BUILT)
    reporting = command(_report, "write what was published as one page")
    reporting.add_argument(
        "--page",
        type=Path,
        default="report/index.html",
        help="to write (default: %(default)s)",
    )
    for parser_with_target in (
        publishing,
        reporting,
        command(_summary, "summarise what was published"),
    ):
        parser_with_target.add_argument(
            "--database",
            type=Path,
            default="serve/customer_segmentation.duckdb",
            help="published database (default: %(default)s)",
        )

    slides = command(_slides, "write slides about a segmentation, to be edited")
    slides.add_argument("segmentation", nargs="?", help="its name")
    slides.add_argument(
        "--database",
        type=Path,
        default="serve/customer_segmentation.duckdb",
        help="published database (default: %(default)s)",
    )
    slides.add_argument(
        "--output", type=Path, help="default: report/<segmentation>.pptx"
    )

    validating = command(
        _validate, "check the inputs before a build, or the marts after it"
    )
    validating.add_argument(
        "--vars", default="{}", help="the vars that dbt is given, as YAML or JSON"
    )
    validating.add_argument(
        "--project", type=Path, default=".", help="folder of dbt_project.yml"
    )
    validating.add_argument("--database", type=Path, help=BUILT)
    validating.add_argument(
        "--docs",
        type=Path,
        default="report/validation",
        help="folder of the report (default: %(default)s)",
    )
    validating.add_argument(
        "--marts", action="store_true", help="check the marts, after a build"
    )
    validating.add_argument(
        "--published",
        type=Path,
        default="serve/customer_segmentation.duckdb",
        help="published database, to compare the marts with (default: %(default)s)",
    )
    validating.add_argument(
        "--accept-drift",
        action="store_true",
        help="before a build, only warn of what differs from the last load",
    )
    for parser_of_built in (publishing, validating):
        parser_of_built.add_argument(
            "--target",
            choices=BUILT_BY,
            default="duckdb",
            help="of dbt (default: %(default)s)",
        )

    converting = command(
        _convert, "write the files of input_files as Parquet, and print their vars"
    )
    converting.add_argument(
        "--vars", required=True, help="the vars that dbt is given, as YAML or JSON"
    )
    converting.add_argument(
        "--project", type=Path, default=".", help="folder of dbt_project.yml"
    )
    converting.add_argument("--folder", type=Path, required=True, help="of the copies")

    demo = command(_demo, "make the demo seeds anew, or one dataset of any size")
    demo.add_argument(
        "--folder", type=Path, help="default: seeds/demo, or demo for one dataset"
    )
    demo.add_argument("--seed", type=int, default=0)
    demo.add_argument("--dataset", help="write this one alone, with its planted groups")
    demo.add_argument(
        "--customers", type=int, help="of ecommerce_orders; its full size is 25000"
    )
    return parser


def _built(target: str) -> Path:
    return Path(os.environ.get(*BUILT_BY[target]))


# Each command imports what it needs: the others start faster without it.


def _inputs(options: argparse.Namespace) -> None:
    import yaml

    from customer_segmentation.inputs import input_files
    from customer_segmentation.sources import read_catalogue

    # dbt reads YAML, which knows no pairs of escapes for one character.
    found = {"input_files": input_files(options.folder, read_catalogue(Path()))}
    if options.retrain:
        found["retrain"] = yaml.safe_load(options.retrain)
    print(json.dumps(found, ensure_ascii=False))


def _inspect(options: argparse.Namespace) -> None:
    from customer_segmentation.inspection import ask_at_terminal, inspect_file

    if len(options.file) > 1:
        raise SegmentationError(
            f"There are {len(options.file)} files. Name one, or several with a pattern "
            "in quotes, which the shell leaves alone: segments inspect 'orders_*.csv'."
        )
    proposal = inspect_file(
        options.file[0],
        table=options.table,
        delimiter=options.delimiter,
        encoding=options.encoding,
        sheet=options.sheet,
        date_format=options.date_format,
        decimal_sign=options.decimal_sign,
        ask=ask_at_terminal if sys.stdin.isatty() else None,
    )
    for note in proposal.notes:
        print(note, file=sys.stderr)
    print(proposal.block, end="")
    if proposal.open:
        # Otherwise the error could come before the block that it is about.
        sys.stdout.flush()
        raise SegmentationError(
            f"The block cannot be used as it is: {'; '.join(proposal.open)}."
        )


def _publish(options: argparse.Namespace) -> None:
    from customer_segmentation.publish import publish

    source = options.source or _built(options.target)
    tables = publish(source, options.database)
    print(f"Published {len(tables)} tables to {options.database}")


def _report(options: argparse.Namespace) -> None:
    from customer_segmentation.report import write_report

    size = write_report(options.database, options.page)
    print(f"Report: {options.page} ({size / 1e6:.1f} MB, opens offline)")


def _summary(options: argparse.Namespace) -> None:
    from customer_segmentation.summary import summary

    print(summary(options.database))


def _slides(options: argparse.Namespace) -> None:
    from customer_segmentation.slides import write_slides

    print(write_slides(options.database, options.segmentation, options.output))


def _variables(options: argparse.Namespace) -> dict:
    import yaml

    try:
        variables = yaml.safe_load(options.vars) or {}
    except yaml.YAMLError as error:
        raise SegmentationError(f"--vars is no YAML or JSON ({error}).") from None
    if not isinstance(variables, dict):
        raise SegmentationError(
            f"--vars is {options.vars!r}; needed is what dbt is given, such as "
            "'{input_files: {online_retail: sales.csv}}'."
        )
    return variables


def _convert(options: argparse.Namespace) -> None:
    from customer_segmentation.convert import convert
    from customer_segmentation.sources import read_catalogue

    variables = _variables(options)
    converted, notes = convert(
        *(read_catalogue(options.project), variables.get("input_files")),
        options.folder,
    )
    for note in notes:
        print(note, file=sys.stderr)
    print(json.dumps(variables | {"input_files": converted}, ensure_ascii=False))


def _validate(options: argparse.Namespace) -> None:
    from customer_segmentation.validation import validate, validate_marts

    database = options.database or _built(options.target)
    if options.marts:
        report = validate_marts(database, options.published, options.docs)
        outcome = "The marts were not published, if this ran before `segments publish`"
    else:
        variables = _variables(options)
        report = validate(
            *(options.project, variables, database, options.docs),
            accept_drift=options.accept_drift,
            target=options.target,
        )
        outcome = "No table was touched"
    for line in report.lines():
        print(line)
    if report.failed:
        # Otherwise the error could come before the lines that it is about.
        sys.stdout.flush()
        raise SegmentationError(f"{report.failed} check(s) failed. {outcome}.")


def _demo(options: argparse.Namespace) -> None:
    from customer_segmentation.demo import write_demo, write_seeds

    if options.dataset:
        folder = options.folder or Path("demo")
        paths = write_demo(folder, options.dataset, options.seed, options.customers)
    else:
        paths = write_seeds(options.folder or Path("seeds/demo"), options.seed)
    for path in paths:
        print(path)
