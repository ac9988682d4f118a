"""The one error that users of the library are meant to see."""

from __future__ import annotations


class SegmentationError(ValueError):
    """Input that cannot be used; the message says what, where and how to mend it.

    dbt prints the traceback of whatever a Python model raises. This error is
    about the user's input, never about our code, so it shows no frames there.
    """

    __traceback__ = property(lambda self: None, lambda self, value: None)
