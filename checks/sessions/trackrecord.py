"""What became of an article's fixes where they were walked: worked, did not, when, on which versions. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks.redact import redactor
from checks.sessions.session import Session
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

OUTCOMES = ("solved", "not-solved", "abandoned")
VERSIONS = 5
"""Versions that are named; the latest first."""
ATTEMPTS = 50
"""Sessions that are told one by one."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One finished session: when, where, with what outcome."""

    at: float
    outcome: str
    cause: str = ""
    context: str = ""
    operator: str = ""
    version: str = ""
    why: str = ""
    """What the operator said of it."""


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """The finished sessions of one article on real clusters."""

    article: str
    solved: int = 0
    not_solved: int = 0
    abandoned: int = 0
    last: float = 0.0
    """When the last of them ended; Unix time."""
    causes: tuple[tuple[str, int, int], ...] = ()
    """Cause, how often its steps solved it, how often they were walked to an end; the most walked first."""
    versions: tuple[str, ...] = ()
    """What Kube-OVN was there, the latest session first."""
    attempts: tuple[Attempt, ...] = ()
    """The latest sessions one by one."""

    @property
    def walked(self) -> int:
        """How many sessions came to an end."""
        return self.solved + self.not_solved + self.abandoned

    def text(self) -> Text:
        """One line for people; empty where nobody has walked it to an end."""
        if not self.walked:
            return Text()
        return message("trackrecord.line", solved=self.solved, walked=self.walked, abandoned=self.abandoned)


def track_record(article: str, sessions: Iterable[Session]) -> TrackRecord:
    """The record of an article; sessions on practice clusters prove nothing about real ones and do not count."""
    ended = [
        one for one in sessions if one.article == article and one.outcome and not one.cluster.get("practice")
    ]
    ended.sort(key=lambda one: one.finished, reverse=True)
    outcomes = [one.outcome for one in ended]
    tried: dict[str, list[bool]] = {}
    for one in ended:
        if one.cause and one.outcome in ("solved", "not-solved"):
            tried.setdefault(one.cause, []).append(one.outcome == "solved")
    causes = sorted(
        ((cause, sum(went), len(went)) for cause, went in tried.items()), key=lambda c: (-c[2], c[0])
    )
    versions = dict.fromkeys(found for one in ended if (found := _version(one)))
    return TrackRecord(
        article=article,
        solved=outcomes.count("solved"),
        not_solved=outcomes.count("not-solved"),
        abandoned=outcomes.count("abandoned"),
        last=ended[0].finished if ended else 0.0,
        causes=tuple(causes),
        versions=tuple(versions)[:VERSIONS],
        attempts=tuple(_attempt(one) for one in ended[:ATTEMPTS]),
    )


def _attempt(session: Session) -> Attempt:
    return Attempt(
        at=session.finished,
        outcome=session.outcome if session.outcome in OUTCOMES else "",
        cause=one_line(session.cause, 80),
        context=one_line(str(session.cluster.get("context", "")), 80),
        operator=one_line(session.operator, 80),
        version=_version(session),
        why=one_line(redactor(session.id)(session.why), 400),
    )


def _version(session: Session) -> str:
    """What ran when it was finished; before that was kept: what the last run said of Kube-OVN's version."""
    if session.versions.get("kube-ovn"):
        return one_line(session.versions["kube-ovn"], 40)
    for one in reversed(session.rounds):
        for result in one.results.values():
            if result.get("check") == "kube-ovn.version" and result.get("value") not in (None, ""):
                return one_line(str(result["value"]), 40)
    return ""
