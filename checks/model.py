"""Checks and their results as frozen values (DESIGN.md, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from checks.permission import Permission
from checks.reads import (
    JSON,
    NOTHING,
    EventsRead,
    ExecRead,
    HealthRead,
    ListRead,
    LogsRead,
    MetricsRead,
    PrometheusRead,
    Read,
    Roleless,
    Shape,
    branches,
    is_listing,
    surest,
)
from kb.text import UNSAID, Text

__all__ = [
    "JSON",
    "NOTHING",
    "SEVERITY",
    "Answer",
    "Applies",
    "CauseState",
    "CheckFinished",
    "CheckSpec",
    "CheckStarted",
    "Cost",
    "EventsRead",
    "Evidence",
    "ExecRead",
    "Fact",
    "HealthRead",
    "Judgement",
    "ListRead",
    "LogsRead",
    "MetricsRead",
    "Outcome",
    "PrometheusRead",
    "Read",
    "Result",
    "Roleless",
    "Row",
    "RunEvent",
    "RunFinished",
    "RunProgress",
    "RunStarted",
    "Shape",
    "Verdict",
    "branches",
    "is_listing",
    "surest",
    "worst",
]


class Verdict(StrEnum):
    """The five answers of a check; unknown is never health."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


SEVERITY = {Verdict.SKIPPED: 0, Verdict.OK: 1, Verdict.UNKNOWN: 2, Verdict.WARN: 3, Verdict.FAIL: 4}
"""How verdicts of parts fold into one: the worst wins, unknown beats ok (a part unseen is not a part that is well)."""


def worst(verdicts: tuple[Verdict, ...]) -> Verdict:
    """The verdict of a whole from those of its parts; skipped where there are none."""
    return max(verdicts, key=SEVERITY.__getitem__, default=Verdict.SKIPPED)


CauseState = Literal["supported", "refuted", "open", "unknown"]
Cost = Literal["cheap", "moderate", "heavy"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was read: what exactly, when, and what came back, raw."""

    source: str
    """What was read, in words of the field: ``exec ovs-ovn-x7 (node-1)`` or ``list subnets.kubeovn.io``."""
    command: tuple[str, ...]
    """The same read as a kubectl argv, for copying."""
    text: str
    """The raw output, bounded; for failed reads empty."""
    at: float
    """Unix time of the answer."""
    error: str = ""
    truncated: bool = False
    read: str = ""
    """Name of the read in the check's declaration."""
    target: str = ""
    """Who was asked: node or pod, as in `Answer`."""
    pasted: str = ""
    """Who pasted it, where it did not come from the cluster."""
    why: Text = UNSAID
    """`error` for people, in both languages."""


@dataclass(frozen=True, slots=True)
class Row:
    """The judgement of one part of a check: one node, one subnet, one router."""

    target: str
    verdict: Verdict
    text: Text
    value: JSON = None
    data: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the pure half of a check says about facts; the runner adds time, evidence and identity."""

    verdict: Verdict
    summary: Text
    value: JSON = None
    reason: str = ""
    """Why it is unknown: forbidden, timeout, absent, unreachable, unparsable, error. Empty for real verdicts."""
    remedy: Text = field(default_factory=Text)
    """With unknown: what would settle it."""
    data: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)
    """Small named values, visible to expressions as ``alias.name``."""
    tables: Mapping[str, tuple[Mapping[str, JSON], ...]] = field(default_factory=lambda: NOTHING)
    """Rows that inputs choose from (``alias.name``); may be large, so expressions do not see them."""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A check's answer for one run, with the evidence it rests on."""

    check: str
    alias: str
    title: Text
    judgement: Judgement
    evidence: tuple[Evidence, ...]
    at: float
    took_ms: int

    root: str = ""
    """What keeps this check, and others, from being answered (see `checks.roots`); empty for real verdicts."""
    missing: tuple[Permission, ...] = ()
    """With reason forbidden: everything it needs that the server says it may not."""

    @property
    def verdict(self) -> Verdict:
        """The verdict of the judgement."""
        return self.judgement.verdict

    @property
    def summary(self) -> Text:
        """The one-line summary of the judgement."""
        return self.judgement.summary

    @property
    def pasted(self) -> tuple[Evidence, ...]:
        """The evidence that an operator pasted instead of the cluster answering."""
        return tuple(item for item in self.evidence if item.pasted)


# --- what a check is ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of an ordered list of outcomes: the first whose condition holds gives the verdict."""

    verdict: Verdict
    say: Text
    when: str = ""
    """CEL; empty: always (the mandatory default)."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Applies:
    """What has to be there for a check to make sense; nothing: it applies everywhere."""

    layouts: tuple[str, ...] = ()
    """Kinds of installation, by the names of shipped layouts."""
    roles: tuple[str, ...] = ()
    """Roles of the layout that somebody has to play."""
    kinds: tuple[str, ...] = ()
    """Kinds that have to be installed, ``kubeovn.io/v1/vpcs``; each is listed by a read of the check."""
    versions: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Constraints by component (``kube-ovn``, ``kubernetes``): ``>=1.12,<1.14``."""


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """A check as declared in ``checks/*.yaml``."""

    id: str
    title: Text
    why: Text
    path: str
    line: int
    reads: Mapping[str, Read]
    params: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)
    """Names and defaults of what a guide may set with `with:`."""
    cost: Cost = "cheap"
    each: str = ""
    """Name of the read whose every answer is judged apart; empty: the facts are judged as a whole."""
    outcomes: tuple[Outcome, ...] = ()
    measure: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """CEL expressions computed before the outcomes, in order; visible to them, and kept in `data`."""
    value: str = ""
    """Name of the measure that is the headline value; with `each` folded by `fold`."""
    fold: Literal["max", "min", "sum", "count"] = "max"
    summary: Text = field(default_factory=Text)
    """With `each`: the summary of the whole; placeholders value, total, bad, unknown, worst and params."""
    judge: str = ""
    """Instead of outcomes: the name of a function in `checks.judges`."""
    unit: str = ""
    worse: Literal["higher", "lower", "never"] = "higher"
    """Which way the headline value gets worse, for comparing runs; ``never``: it says nothing of the kind (an age)."""
    articles: tuple[str, ...] = ()
    applies: Applies = field(default_factory=Applies)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one target said to one read: a parsed value, or why there is none."""

    target: str
    """Node name for exec and logs in per-node roles, else pod name; empty for lists."""
    value: JSON
    raw: str
    at: float
    command: tuple[str, ...] = ()
    source: str = ""
    error: str = ""
    """Reason code of the failure (forbidden, timeout, …); empty when `value` is an answer."""
    message: Text = UNSAID
    node: str = ""
    pod: str = ""
    truncated: bool = False
    """`raw` is only the beginning of what came; `value` was parsed from all of it."""
    pasted: str = ""
    """Who pasted it, where it did not come from the cluster."""
    root: str = ""
    """With an error: what it comes from, where many come from the same (see `checks.roots`)."""


@dataclass(frozen=True, slots=True)
class Fact:
    """All answers to one read of one run; `error` is set when there was nobody to ask."""

    answers: tuple[Answer, ...] = ()
    error: str = ""
    message: Text = UNSAID
    root: str = ""

    @property
    def good(self) -> tuple[Answer, ...]:
        """The answers that carry a value."""
        return tuple(a for a in self.answers if not a.error)

    @property
    def failed(self) -> tuple[Answer, ...]:
        """The answers that carry an error."""
        return tuple(a for a in self.answers if a.error)

    @property
    def items(self) -> list[dict[str, Any]]:
        """For a list read: the objects."""
        return list(self.answers[0].value) if self.answers and not self.answers[0].error else []


# --- events of a run ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run began with so many checks."""

    total: int


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """A check's reads began."""

    alias: str
    check: str


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """A check has its result; results come in the order they are ready."""

    result: Result
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far the reads of a run are; more may be found to be needed while it goes on."""

    done: int
    total: int
    """Requests, pages and commands."""
    left: float | None
    """Seconds it may still take; None while nothing tells."""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """All checks have results."""

    took_ms: int
    home: str = ""
    """The namespace in which the roles were found, where that is not the one the layout names."""


RunEvent = RunStarted | CheckStarted | CheckFinished | RunProgress | RunFinished
