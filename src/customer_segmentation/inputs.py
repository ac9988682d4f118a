"""From a folder of real files to the dbt var that names them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from customer_segmentation.errors import SegmentationError
from customer_segmentation.sources import Table

__all__ = ["input_files"]


def input_files(
    folder: Path, catalogue: Mapping[str, Mapping[str, Table]]
) -> dict[str, str | dict[str, str]]:
    """Find the files of each dataset in a folder.

    Parameters
    ----------
    folder : Path
        Holds the files at the places that the catalogue names; where one ends in
        ``.gz``, the plain file will do.
    catalogue : mapping of str to mapping of str to Table
        Dataset to table name to table; see `sources.read_catalogue`.

    Returns
    -------
    dict of str to str or dict
        Absolute path of each dataset that has a file, or of each of its tables where
        it has several; the value of the dbt var ``input_files``.

    Raises
    ------
    SegmentationError
        If the folder holds none of them, or some but not all tables of a dataset.
    """
    found: dict[str, str | dict[str, str]] = {}
    for dataset, tables in catalogue.items():
        places = {name: table.file for name, table in tables.items() if table.file}
        paths = {name: path for name in places if (path := _at(folder, places[name]))}
        if paths and len(paths) < len(places):
            missing = ", ".join(f'"{places[name]}"' for name in places.keys() - paths)
            raise SegmentationError(
                f"The folder {folder} holds some tables of {dataset}, but not "
                f"{missing}. Add what is missing, or set the dbt var input_files."
            )
        if paths:
            found[dataset] = paths if len(tables) > 1 else paths.popitem()[1]
    if not found:
        known = ", ".join(
            f'"{table.file}"'
            for tables in catalogue.values()
            for table in tables.values()
            if table.file
        )
        raise SegmentationError(
            f"The folder {folder} holds none of {known}. Name the folder that holds "
            "them, or set the dbt var input_files to your own paths."
        )
    return found


def _at(folder: Path, place: str) -> str | None:
    for path in (folder / place, folder / place.removesuffix(".gz")):
        if path.is_file():
            return str(path.resolve())
    return None
