"""What happens while a step runs, as values for any front end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checks.model import Row, Verdict
from checks.sessions.session import Purpose, StepState
from checks.writing.marks import Mark
from kb.text import Text


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The step's run began; so many writes will follow, about so many items."""

    step: str
    purpose: Purpose
    total: int
    items: int


@dataclass(frozen=True, slots=True)
class Saved:
    """The state before the write was read and is in the journal."""

    what: Text


@dataclass(frozen=True, slots=True)
class WriteStarted:
    """A write is in the journal and goes out now; `index` counts from 0."""

    index: int
    total: int
    what: Text
    kubectl: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """A piece of a command's output, safe to show, as it comes."""

    text: str


@dataclass(frozen=True, slots=True)
class WriteDone:
    """A write was answered; `done` of `items` items are through."""

    index: int
    total: int
    done: int
    items: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something is waited for: what, since how many cluster seconds, and for how many at most."""

    what: Text
    elapsed: float
    within: float


@dataclass(frozen=True, slots=True)
class CanaryLooked:
    """The first target, or a batch of them, was looked at before the next ones are touched."""

    targets: tuple[str, ...]
    good: bool | None
    """None: the step's check does not tell single targets apart."""
    rows: tuple[Row, ...] = ()
    """What the check says of these targets, where it has a row for each."""
    summary: Text = Text()  # noqa: RUF009 - a frozen value
    """What it says of the whole."""
    marks: tuple[Mark, ...] = ()
    """Whether the writes took hold of these targets."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Whether the writes took hold of what they were sent to: uid, generation, restarts, boot id before and after."""

    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class VerifyTick:
    """The verification looked once: verdict and summary of its check, and how long it holds already."""

    alias: str
    verdict: Verdict
    summary: Text
    good: bool
    elapsed: float
    within: float
    stable: float
    stable_for: float
    lacking: Text | None = None
    """The checks hold, and yet this has not changed."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The verification is over: whether it held, with the results in short before and after."""

    ok: bool
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepEnded:
    """The step's run is over, in this state; always the last event."""

    step: str
    state: StepState
    message: Text


StepEvent = (
    StepStarted
    | Saved
    | WriteStarted
    | Output
    | WriteDone
    | Waiting
    | CanaryLooked
    | Moved
    | VerifyTick
    | Verified
    | StepEnded
)
