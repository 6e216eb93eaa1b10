"""One run of checks as a value, for reports that other programs read; and which verdicts make it a failure. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from checks.model import NOTHING, Result, Verdict
from kb.text import Text

Level = Literal["fail", "warn", "unknown"]
LEVELS: tuple[Level, ...] = ("fail", "warn", "unknown")
FAILING: Mapping[Level, frozenset[Verdict]] = {
    "fail": frozenset({Verdict.FAIL}),
    "warn": frozenset({Verdict.FAIL, Verdict.WARN}),
    "unknown": frozenset({Verdict.FAIL, Verdict.WARN, Verdict.UNKNOWN}),
}
"""The verdicts that count as failures from a level on: each level takes in those before it."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What ran, where and when, and what came of it."""

    name: str
    """What ran: ``check``, or the id of the article whose guide ran."""
    cluster: str
    server: str
    began: float
    """Unix time."""
    took: float
    """Seconds."""
    lang: str
    level: Level
    results: tuple[Result, ...] = ()
    error: str = ""
    """Why the cluster could not be asked at all; there are no results then."""
    article: str = ""
    """With a guide: its article."""
    symptoms: tuple[tuple[str, Verdict], ...] = ()
    """With a guide: the verdict of each symptom, by id."""
    causes: tuple[tuple[str, str], ...] = ()
    """With a guide: the state of each cause, by id."""
    muted: Mapping[str, Text] = field(default_factory=lambda: NOTHING)
    """The results of which all that is bad is muted, by alias, and what is said of that."""
    counted: Mapping[str, Verdict] = field(default_factory=lambda: NOTHING)
    """Results that count as another verdict than they have, by alias: something of them is muted."""
    report: str = ""
    """Name of the file this goes to, without its ending: two files must not hold the same series."""

    def counts(self, result: Result) -> Verdict:
        """The verdict that a result counts as."""
        return self.counted.get(result.alias, result.verdict)


def outcome(verdicts: Iterable[Verdict], level: Level) -> Literal["failed", "unknown", "ok"]:
    """What a run comes to: failed from `level` on, else unknown where anything is, else ok."""
    found = set(verdicts)
    if found & FAILING[level]:
        return "failed"
    return "unknown" if Verdict.UNKNOWN in found else "ok"
