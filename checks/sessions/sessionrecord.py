"""A session as values: what one operator found and did with one guide on one cluster; and its line in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.local.record import LocalRun
from checks.sessions.steprecord import StepRecord
from kb.model import NOTHING
from kb.text import Text

_NO_TEXT = Text()


def _nothing() -> Mapping[str, Any]:
    return NOTHING


@dataclass(frozen=True, slots=True)
class Round:
    """The results of one run of the checks, in short, by alias."""

    at: float
    results: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """What the operator wrote down."""

    at: float
    text: str
    operator: str = ""


@dataclass(frozen=True, slots=True)
class TurnChange:
    """A turn to write that was taken from somebody at work, or lost to somebody."""

    at: float
    step: str
    state: str
    """``taken-over``, ``lost`` or ``handed-over`` (by `before`, with the whole session)."""
    target: str
    holder: str
    """Who has it since."""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One walk, as far as its journal tells it."""

    id: str = ""
    article: str = ""
    title: Text = _NO_TEXT
    lang: str = "en"
    cluster: Mapping[str, Any] = field(default_factory=_nothing)
    operator: str = ""
    guide: str = ""
    """With a guide derived from a text: the digest of what its steps were."""
    reasons: tuple[str, ...] = ()
    """Why writes were armed, in order."""
    opened: float = 0.0
    updated: float = 0.0
    rounds: tuple[Round, ...] = ()
    causes: Mapping[str, str] = field(default_factory=_nothing)
    """State of each cause when one was last chosen."""
    cause: str = ""
    steps: Mapping[str, StepRecord] = field(default_factory=_nothing)
    notes: tuple[Note, ...] = ()
    turns: tuple[TurnChange, ...] = ()
    runs: tuple[LocalRun, ...] = ()
    """Reading commands of an article that klinik ran itself, in order."""
    outcome: str = ""
    """``solved``, ``not-solved`` or ``abandoned``; empty while it is not finished."""
    finished: float = 0.0
    why: str = ""
    """What the operator said of the outcome."""
    versions: Mapping[str, str] = field(default_factory=_nothing)
    """What ran there when it was finished, by component: ``kube-ovn``, ``kubernetes``."""
    damaged: int = 0
    """Lines of the journal that could not be read."""
    newer: bool = False
    """Written by a klinik that knows more kinds of entries."""

    def step(self, step_id: str) -> StepRecord:
        """The record of a step, an empty one where nothing happened yet."""
        return self.steps.get(step_id) or StepRecord(step_id)

    def ran(self, step_id: str) -> LocalRun | None:
        """The last run of this step's command by klinik itself."""
        return next((one for one in reversed(self.runs) if one.step == step_id), None)


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One line of the list of sessions."""

    id: str
    path: str
    article: str = ""
    title: Text = _NO_TEXT
    context: str = ""
    practice: str = ""
    operator: str = ""
    cause: str = ""
    opened: float = 0.0
    updated: float = 0.0
    done: int = 0
    """Steps that are settled."""
    in_doubt: int = 0
    total: int = 0
    """Steps of the chosen cause."""
    outcome: str = ""
    problem: Text | None = None
    cluster: Mapping[str, Any] = field(default_factory=_nothing)
    """What the session knows of its cluster, as `checks.identity.opening` wrote it."""

    @property
    def finished(self) -> bool:
        """Whether the operator closed it."""
        return bool(self.outcome)
