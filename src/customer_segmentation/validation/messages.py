"""What a check that does not hold says: found, expected, examples, what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from customer_segmentation.validation.engine import Result

__all__ = ["explain", "percent"]


def explain(result: Result, keys: Sequence[str] = ()) -> str:
    """Say in one line what failed: where, what is expected, found, and to do.

    Where `keys` tell the rows of the frame apart, each row is named.
    """
    column = result.expectation_config.kwargs["column"]
    if column == "fault":  # in its own words
        return result.result["partial_unexpected_list"][0]
    says, remedy = (result.expectation_config.meta[key] for key in ("says", "remedy"))
    found = _found(result, column, keys)
    return f"column {column}: expected: {says}; found: {found}. {remedy}".strip()


def _found(result: Result, column: str, keys: Sequence[str]) -> str:
    for raised in _raised(result.exception_info or {}):
        return f"the check could not be made ({raised})"
    observed, kind = result.result, result.expectation_config.type
    if "kl_divergence" in kind:
        return _changes(result)
    if keys:
        return ", ".join(
            f"{_measured(column, row[column])} ({', '.join(row[key] for key in keys)})"
            for row in observed["unexpected_index_list"]
        )
    share = f"{observed['unexpected_percent']:.1f} %"
    if kind.endswith("not_be_null"):
        return f"{share} are empty"
    values = observed["partial_unexpected_list"]
    if observed["element_count"] == 1:
        return _measured(column, values[0])
    examples = list(dict.fromkeys(map(_short, values)))
    return f"{share} are not, such as {', '.join(examples[:3])}"


def _raised(info: Mapping) -> Iterator[str]:
    """Messages of what a check raised; Great Expectations nests them or does not."""
    if info.get("raised_exception"):
        yield _short(info["exception_message"], 200)
    elif "raised_exception" not in info:
        for nested in info.values():
            yield from _raised(nested)


def _changes(result: Result) -> str:
    """Tell the largest changes from one distribution to another."""
    observed = result.result
    was, now = (
        observed["details"][f"{which}_partition"] for which in ("expected", "observed")
    )
    if "bins" in was:
        edges = [f"{edge:,.6g}" for edge in was["bins"]]
        known = [f"{a} to {b}" for a, b in zip(edges, edges[1:], strict=False)]
        names = [f"below {edges[0]}", *known, f"above {edges[-1]}"]
        (low, high), (now_low, now_high) = was["tail_weights"], now["tail_weights"]
        before = [low, *was["weights"], high]
        after = [now_low, *now["weights"], now_high]
    else:
        names, before, after = (
            map(_short, was["values"]),
            was["weights"],
            now["weights"],
        )
        partition = result.expectation_config.kwargs["partition_object"]
        known = [*map(_short, partition["values"])]
    changes = sorted(
        zip(names, before, after, strict=True), key=lambda c: -abs(c[2] - c[1])
    )
    divergence = observed["observed_value"]
    size = "without limit" if divergence is None else f"of {divergence:.2f}"
    most = ", ".join(
        f"{name} {percent(before) if name in known else 'rare'} → {percent(after)}"
        for name, before, after in changes[:3]
    )
    return f"a divergence {size}; most changed: {most}"


def _measured(column: str, value: Any) -> str:
    """Write a measure of a whole table; shares and ratios in per cent."""
    if column.endswith(("_share", "_to_published", "_to_last_load")):
        return f"{value * 100:.3g} %"
    return _short(value)


def percent(share: float) -> str:
    """Write a share in whole per cent."""
    return f"{share * 100:.0f} %"


def _short(value: Any, length: int = 40) -> str:
    """Quote a value of the data so that it is one word of a message."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if not isinstance(value, str):
        return str(value)
    text = value if len(value) <= length else value[: length - 1] + "…"
    return json.dumps(text, ensure_ascii=False)
