"""The command line of the project: ``segments``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from customer_segmentation.errors import SegmentationError

__all__ = ["main"]


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

    publishing = command(_publish, "publish the built tables for BI tools")
    publishing.add_argument(
        "--source",
        type=Path,
        default=os.environ.get(
            "SEGMENTATION_DATABASE", "warehouse/segmentation.duckdb"
        ),
        help="database that dbt built (default: %(default)s)",
    )
    for parser_with_target in (
        publishing,
        command(_summary, "summarise what was published"),
    ):
        parser_with_target.add_argument(
            "--database",
            type=Path,
            default="serve/customer_segmentation.duckdb",
            help="published database (default: %(default)s)",
        )

    demo = command(_demo, "make the demo seeds anew")
    demo.add_argument("--folder", type=Path, default="seeds/demo")
    demo.add_argument("--seed", type=int, default=0)
    return parser


# Each command imports what it needs: the others start faster without it.


def _inputs(options: argparse.Namespace) -> None:
    from customer_segmentation.inputs import input_files

    # dbt reads YAML, which knows no pairs of escapes for one character.
    found = {"input_files": input_files(options.folder)}
    print(json.dumps(found, ensure_ascii=False))


def _publish(options: argparse.Namespace) -> None:
    from customer_segmentation.publish import publish

    tables = publish(options.source, options.database)
    print(f"Published {len(tables)} tables to {options.database}")


def _summary(options: argparse.Namespace) -> None:
    from customer_segmentation.summary import summary

    print(summary(options.database))


def _demo(options: argparse.Namespace) -> None:
    from customer_segmentation.demo import write_seeds

    for path in write_seeds(options.folder, options.seed):
        print(path)
