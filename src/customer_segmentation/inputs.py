"""From a folder of real files to the dbt var that names them."""

from __future__ import annotations

from pathlib import Path

from customer_segmentation.errors import SegmentationError

__all__ = ["FILES", "input_files"]

# Where each source's file stands in a folder of real files, as published.
FILES = {
    "chocolate_sales": ("chocolate_sales/Chocolate Sales.csv",),
    "online_retail": (
        "online_retail/Online Retail.csv.gz",
        "online_retail/Online Retail.csv",
    ),
}


def input_files(folder: Path) -> dict[str, str]:
    """Find the file of each dataset in a folder.

    Parameters
    ----------
    folder : Path
        Holds the files at the paths of `FILES`.

    Returns
    -------
    dict of str to str
        Absolute path of each dataset that has a file; the value of the dbt var
        ``input_files``.

    Raises
    ------
    SegmentationError
        If the folder holds none of them.
    """
    found = {}
    for dataset, places in FILES.items():
        for place in places:
            if (folder / place).is_file():
                found.setdefault(dataset, str((folder / place).resolve()))
    if not found:
        known = ", ".join(f'"{place}"' for places in FILES.values() for place in places)
        raise SegmentationError(
            f"The folder {folder} holds none of {known}. Name the folder that holds "
            "them, or set the dbt var input_files to your own paths."
        )
    return found
