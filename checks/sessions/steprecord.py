"""The record of one step of a session: its state, the writes as they were sent, and their proof. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kb.model import NOTHING
from kb.text import Text

StepState = Literal["todo", "running", "done", "already_done", "skipped", "failed", "in_doubt", "undone"]
Purpose = Literal["do", "undo"]
_NO_TEXT = Text()


def _nothing() -> Mapping[str, Any]:
    return NOTHING


SETTLED: tuple[StepState, ...] = ("done", "already_done", "skipped", "undone")


@dataclass(frozen=True, slots=True)
class Command:
    """One write as it was sent, and what came back."""

    purpose: Purpose
    index: int
    what: Text
    kubectl: tuple[str, ...]
    at: float
    state: Literal["sent", "ok", "failed", "in_doubt"] = "sent"
    first: int = 0
    """Index of the first item this write is about, in the list of the action's `each`."""
    items: int = 0
    code: int | None = None
    output: str = ""
    error: str = ""
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Proof:
    """What the verification saw before and after: ``{verdict, value, summary}`` by alias."""

    purpose: Purpose
    ok: bool
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    took: float
    """Cluster seconds from the first look to the answer."""
    at: float


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of the session."""

    id: str
    state: StepState = "todo"
    values: Mapping[str, Any] = field(default_factory=_nothing)
    """The typed inputs of the last run."""
    commands: tuple[Command, ...] = ()
    saved: Mapping[str, Any] = field(default_factory=_nothing)
    objects: tuple[Mapping[str, Any], ...] = ()
    """API objects as they were before the write: ``{resource, namespace, name, object}``."""
    files: tuple[Mapping[str, Any], ...] = ()
    """Backups of databases beside the journal, as they were before the write: ``{database, name, size, sha256}``."""
    rows: tuple[Mapping[str, Any], ...] = ()
    """Rows as they were before the write: ``{program, role, pod, node, tables}``, by table and uuid."""
    proofs: tuple[Proof, ...] = ()
    marks: tuple[Mapping[str, Any], ...] = ()
    """Whether the writes of the last run took hold of their targets, as `checks.writing.marks` writes them."""
    restored: tuple[Mapping[str, Any], ...] = ()
    """What the last undo brought back: ``{what, before, now, same}`` for everything that was saved; see `in_words`."""
    risk: str = ""
    digest: str = ""
    line: str = ""
    """The command line of an article as it was shown to the person who ran it; empty for every other step."""
    reason: str = ""
    """Why it was skipped, or how a step in doubt was settled."""
    message: Text = _NO_TEXT
    started: float = 0.0
    ended: float = 0.0
    purpose: Purpose = "do"
    before_run: StepState = "todo"
    run_from: int = 0
    """How many commands there were when the last run began."""
    planned: int = 0
    """How many writes the plan of the last run had."""
    do_from: int = 0
    """The same for the last run with the purpose `do`."""
    redacted: bool = False
    """What an undo would need was replaced as a secret when the session was handed over."""
    earlier: tuple[StepRecord, ...] = ()
    """The record at the end of each earlier run that wrote something and was not taken back, oldest first."""

    @property
    def partly(self) -> bool:
        """Whether the last run broke off before it had sent all writes of its plan."""
        return 0 < len(self.commands) - self.run_from < self.planned

    def proof(self, purpose: Purpose = "do") -> Proof | None:
        """The last verification of that purpose."""
        return next((one for one in reversed(self.proofs) if one.purpose == purpose), None)

    def applied(self) -> tuple[Command, ...]:
        """The writes of the last `do` run that went through or may have."""
        sent = ("ok", "in_doubt", "sent")
        return tuple(
            one for one in self.commands[self.do_from :] if one.purpose == "do" and one.state in sent
        )

    def to_undo(self) -> tuple[StepRecord, ...]:
        """The runs whose writes are still there, or may be, the latest first: the order to take them back in."""
        runs = (self, *reversed(self.earlier)) if self.state != "undone" else ()
        return tuple(run for run in runs if run.applied())


def in_words(value: Any, lang: str) -> str:
    """A text of a journal in this language: ``{en, zh}``, or one string for both, as older journals have it."""
    if isinstance(value, Mapping):
        value = value.get(lang) or value.get("en") or ""
    return str(value)
