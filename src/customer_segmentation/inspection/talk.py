"""What is asked of the user, what is told, and how it is written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml

from customer_segmentation.errors import SegmentationError

__all__ = [
    "Choice",
    "Question",
    "Setting",
    "Talk",
    "ask_at_terminal",
    "fault",
    "listed",
    "scalar",
    "set_to",
    "shown",
]


class Choice(NamedTuple):
    """A value that a key may have, and what it would mean for this file."""

    value: str
    meaning: str


class Question(NamedTuple):
    """A key that the file leaves open."""

    key: str
    choices: tuple[Choice, ...]


def ask_at_terminal(question: Question) -> str | None:
    """Ask on stderr, so that stdout holds the block alone.

    Parameters
    ----------
    question : Question

    Returns
    -------
    str or None
        The chosen value; None where the user leaves it open.
    """
    print(f"{question.key} is open. Which one is it?", file=sys.stderr)
    for number, (value, meaning) in enumerate(question.choices, 1):
        print(f"  {number}  {shown(value)}: {meaning}", file=sys.stderr)
    while True:
        last = len(question.choices)
        print(f"1 to {last}, or nothing to leave it open: ", end="", file=sys.stderr)
        sys.stderr.flush()
        answer = sys.stdin.readline().strip()
        if not answer:
            return None
        if answer in map(str, range(1, last + 1)):
            return question.choices[int(answer) - 1].value


class Setting(NamedTuple):
    """A key of the block; `value` is gone on with, `written` stands in the block."""

    key: str
    value: str
    written: str
    comments: Sequence[str] = ()


def set_to(key: str, value: str, *comments: str) -> Setting:
    """Set a key that is not open."""
    return Setting(key, value, value, comments)


@dataclass
class Talk:
    """What the user has answered beforehand, is asked, and is told.

    Attributes
    ----------
    given : dict of str to str
        Answers that came with the call, by key.
    ask : callable or None
        Takes a `Question`; None where nobody is there to be asked.
    notes : list of str
        What the user should know.
    open : list of str
        What the user has to do before the block can be used.
    used : set of str
        Keys of the file; an answer to another key was not needed.
    """

    given: dict[str, str]
    ask: Callable[[Question], str | None] | None
    notes: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def answer(self, key: str) -> str | None:
        """Look up what the user said beforehand of a key that this file has."""
        self.used.add(key)
        return self.given.get(key)

    def settle(self, key: str, choices: Iterable[Choice], *remarks: str) -> Setting:
        """Ask; where nobody answers, leave it open and go on with the first choice."""
        question = Question(key, tuple(choices))
        value = self.ask(question) if self.ask else None
        if value is not None:
            return Setting(key, value, value)
        flag = "--" + key.replace("_", "-")
        values = " or ".join(shown(choice.value) for choice in question.choices)
        self.open.append(f"choose {key} ({flag} {values})")
        comments = [f"{shown(value)}: {text}" for value, text in question.choices]
        return Setting(key, question.choices[0].value, "choose", [*comments, *remarks])


def scalar(text: str, style: str | None = None) -> str:
    """Write a text as YAML in one line."""
    written = yaml.safe_dump(
        text, allow_unicode=True, width=float("inf"), default_style=style
    )
    written = written.removesuffix("...\n").removesuffix("\n")
    # YAML knows more line breaks than LF; only these quotes escape them.
    return written if len(written.splitlines()) < 2 else scalar(text, '"')


def shown(text: str) -> str:
    """Quote a text for a message or a comment; it may hold any sign."""
    return scalar(text, '"')


def listed(headers: Sequence[str]) -> str:
    """Name some columns."""
    return ", ".join(map(shown, headers[:6])) + (", …" if len(headers) > 6 else "")


def fault(path: Path, text: str) -> SegmentationError:
    """Say what is wrong with a file, and how to mend it."""
    return SegmentationError(f'File "{path}": it {text}.')
