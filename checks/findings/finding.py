"""One article against one cluster, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field

from checks.causes import SymptomVerdict
from checks.findings.mutes import Mute
from checks.model import CauseState, Result, Verdict
from kb.text import Text

_WEIGHT = {Verdict.FAIL: 1.0, Verdict.WARN: 0.5}
SHOWS = (Verdict.FAIL, Verdict.WARN)
"""Verdicts of a symptom that is there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One article against this cluster: the worst verdict of its symptoms, and the result that speaks for it."""

    article: str
    verdict: Verdict
    speaker: Result | None
    """The worst result, whose summary is the evidence line."""
    done: int
    total: int
    left_out: int = 0
    """Symptom checks that were not run because they are not cheap."""
    symptoms: tuple[SymptomVerdict, ...] = ()
    """The symptoms that can be told so far, in the order of the guide."""
    under: str = ""
    """Id of the article that brings this one about; empty for what stands on its own."""
    through: Text = field(default_factory=Text)
    """With `under`: the cause there that does it."""
    through_state: CauseState = "open"
    """With `under`: the state of that cause; anything but supported means that it may be so."""
    depth: int = 0
    """How many findings stand above it."""
    mute: Mute | None = None
    """What mutes it: everything of it that shows is known to somebody."""

    @property
    def settled(self) -> bool:
        """Whether all checks that were begun have answered."""
        return self.done >= self.total

    @property
    def matches(self) -> bool:
        """Whether a symptom of the article shows here."""
        return self.verdict in SHOWS

    @property
    def score(self) -> float:
        """How much of the article shows, 0 to 1: the share of its checked symptoms that do, a warning by half."""
        told = [s for s in self.symptoms if s.verdict is not Verdict.SKIPPED]
        return round(sum(_WEIGHT.get(s.verdict, 0.0) for s in told) / len(told), 3) if told else 0.0
