"""One page for who does not query tables."""

from customer_segmentation.report.page import write_report

__all__ = ["write_report"]
