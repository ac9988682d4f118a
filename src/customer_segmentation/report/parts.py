"""Parts of a section that are neither chart nor table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from customer_segmentation.presentation.published import Segment
from customer_segmentation.presentation.wording import amount, counted, share

__all__ = ["Cards", "Facts", "Findings"]


@dataclass(frozen=True)
class Facts:
    """Pairs of a short name and a figure."""

    facts: Sequence[tuple[str, str]]

    kind = "facts"


@dataclass(frozen=True)
class Findings:
    """Pairs of a finding and what it means."""

    findings: Sequence[tuple[str, str]]

    kind = "findings"


@dataclass(frozen=True)
class Cards:
    """One card per segment."""

    segments: Sequence[Segment]
    entity: str
    currency: str | None

    kind = "cards"

    def figures(self, segment: Segment) -> list[str]:
        """Write size and worth of a segment, a line each."""
        said = [f"{counted(segment.entities, self.entity)}, {share(segment.share)}"]
        if segment.revenue_share is not None:
            said.append(
                f"{amount(segment.revenue, self.currency)}, "
                f"{share(segment.revenue_share)} of revenue"
            )
        return said
