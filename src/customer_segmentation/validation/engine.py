"""Great Expectations: what is checked goes in, results and pages come out."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
    expectationSuiteValidationResultSchema,
)
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

__all__ = ["Check", "Result", "between", "expect", "frames", "rendered", "run"]

logging.getLogger("great_expectations").setLevel(logging.CRITICAL)

Check, Result = gxe.Expectation, ExpectationValidationResult
VIEW = DefaultJinjaPageView()  # keeps its compiled templates


def expect(
    kind: Callable[..., Check],
    column: str,
    says: str,
    why: str,
    remedy: str,
    severity: str = "critical",
    **arguments: Any,
) -> Check:
    """State what must hold of a column, what for, and what to do where it does not."""
    return kind(
        column=column,
        description=f"{says[0].upper()}{says[1:]}. {why}",
        notes=why,
        meta={"says": says, "remedy": remedy},
        severity=severity,
        **arguments,
    )


def between(column: str, low: Any, high: Any, *words: str, mostly: float = 1) -> Check:
    """State the bounds of a column, either of which may be None; see `expect`."""
    bounds = {"min_value": low, "max_value": high, "mostly": mostly}
    return expect(gxe.ExpectColumnValuesToBeBetween, column, *words, **bounds)


def frames() -> BatchDefinition:
    """Return what makes a batch of a frame, in a context that lives in memory."""
    context = gx.get_context(
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(
                init_temp_docs_sites=False
            ),
            progress_bars=ProgressBarsConfig(globally=False),
        )
    )
    asset = context.data_sources.add_pandas("DuckDB").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("rows")


def run(
    batches: BatchDefinition,
    frame: pd.DataFrame,
    checks: Sequence[Check],
    keys: Sequence[str] = (),
) -> list[Result]:
    """Check a frame; where keys tell its rows apart, the results name each of them."""
    result_format: dict[str, Any] = {"result_format": "SUMMARY"}
    if keys:
        result_format = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [*keys],
        }
    suite = gx.ExpectationSuite("checks", expectations=[*checks])
    batch = batches.get_batch({"dataframe": frame})
    return batch.validate(suite, result_format=result_format).results


def rendered(name: str, results: list[Result]) -> str:
    """Render results as a page of Data Docs.

    Great Expectations writes values of the data into it as if they were HTML: they
    are escaped before it gets them.
    """
    success = sum(bool(result.success) for result in results)
    together = ExpectationSuiteValidationResult(
        success=success == len(results),
        results=results,
        suite_name=name,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": success,
            "unsuccessful_expectations": len(results) - success,
            "success_percent": 100 * success / len(results),
        },
        meta={"run_id": {"run_name": name, "run_time": datetime.now(UTC)}},
    )
    escaped = _escaped(together.to_json_dict())
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(
        expectationSuiteValidationResultSchema.load(escaped)
    )
    return VIEW.render(document)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    return value
