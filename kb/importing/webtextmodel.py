"""What cleaning page text works with and what it reports."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

WIDE = re.compile(
    r"[\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]"
)
SAMPLE = 60
"""Longest sample of a cut, in characters."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Lines `first`..`last` (from 1) of the source that are not in the article; `reason` is a stable code."""

    first: int
    last: int
    reason: str
    sample: str


@dataclass(frozen=True, slots=True)
class Guess:
    """Lines `first`..`last` (from 1) of the source whose meaning was guessed; `reason` is a stable code."""

    first: int
    last: int
    reason: str
    sample: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The article found in a page's text; `title` and `site` are empty where the page does not say them."""

    markdown: str
    title: str
    site: str
    cuts: tuple[Cut, ...]
    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page: its number in the source (from 1) and its text without trailing white space."""

    number: int
    text: str

    @property
    def bare(self) -> str:
        """The text without indentation."""
        return self.text.strip()

    @property
    def indent(self) -> int:
        """Columns before the text; a tab counts as four."""
        lead = self.text[: len(self.text) - len(self.text.lstrip())]
        return sum(4 if c == "\t" else 1 for c in lead)


@dataclass(slots=True)
class Page:
    """The lines of a page and what was found out about each, index by index."""

    lines: list[Line]
    cut: list[str] = field(default_factory=list)
    """The reason a line is cut, or nothing."""
    code: list[str] = field(default_factory=list)
    """The language of the code a line belongs to, or nothing."""
    inline: set[int] = field(default_factory=set)
    """Lines that are a piece of code inside a sentence."""
    heading: dict[int, int] = field(default_factory=dict)
    """Index of a heading line to its level."""
    guesses: list[Guess] = field(default_factory=list)
    contents: set[str] = field(default_factory=set)
    """Folded entries of the page's table of contents: each is a heading further down."""
    spaced: bool = False
    """Blocks stand apart by blank lines; else every block is one line and blank lines mean little."""

    def __post_init__(self) -> None:
        self.cut = [""] * len(self.lines)
        self.code = [""] * len(self.lines)

    def free(self, index: int) -> bool:
        """Whether a line is in the article and not inside code."""
        return not self.cut[index] and not self.code[index] and bool(self.lines[index].bare)

    def guess(self, first: int, last: int, reason: str) -> None:
        """Note that the meaning of the lines at these indices was guessed."""
        lines = self.lines
        self.guesses.append(
            Guess(lines[first].number, lines[last].number, reason, lines[first].bare[:SAMPLE])
        )


def cells(text: str) -> int:
    """Width in terminal cells: a Chinese character takes two."""
    return len(text) if text.isascii() else len(text) + len(WIDE.findall(text))
