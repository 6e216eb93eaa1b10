"""What importing works with: a document on its way to an article, and the events the caller sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kb.findings import problem_of
from kb.model import NOTHING
from kb.problem import Problem, Severity

Format = Literal["markdown", "mdx", "html", "confluence", "mediawiki", "text"]
State = Literal["new", "updated", "unchanged", "conflict", "skipped", "failed"]
STATES: tuple[State, ...] = ("new", "updated", "unchanged", "conflict", "skipped", "failed")


@dataclass(frozen=True, slots=True)
class Draft:
    """A document turned into Markdown, before it is put into klinik's order."""

    markdown: str
    """Without front matter."""
    format: Format
    title: str = ""
    """Where the document says it outside its Markdown (front matter, page title)."""
    front: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    first_line: int = 1
    """Line of the source the Markdown begins in; 0 where lines of both do not correspond."""
    url: str = ""
    """Address of the page, where it names one."""
    lang: str = ""
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """All sources were looked at: how many documents there are to import."""

    documents: int


@dataclass(frozen=True, slots=True)
class Read:
    """Progress of the first pass: `done` of `total` sources are read."""

    done: int
    total: int
    source: str


@dataclass(frozen=True, slots=True)
class Imported:
    """One source is done."""

    source: str
    state: State
    article: str = ""
    lang: str = ""
    title: str = ""
    path: str = ""
    """The file that was written (or would be), below the root's folder."""
    format: str = ""
    notes: tuple[Problem, ...] = ()
    """What was cut, guessed or wrong, with lines of the source where they are known."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The end: how many documents came to which state."""

    counts: Mapping[str, int]
    articles: int
    paired: int
    """Articles of this run that have both languages."""


Event = Found | Read | Imported | Finished


def note(path: str, line: int, code: str, severity: Severity = "info", /, **params: object) -> Problem:
    """A finding of the import; its sentence is ``import.<code>``, its code ``import.<code>``."""
    return problem_of(path, line, f"import.{code}", f"import.{code}", severity, **params)
