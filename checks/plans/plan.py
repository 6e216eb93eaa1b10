"""A plan: everything one step would do, bound by a digest to what the operator saw. Plain values.

`.planner` makes plans, `.stale` looks whether one still fits the cluster, `checks.writing.apply` runs it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from checks.cluster import Target
from checks.sessions.session import Purpose
from checks.writing.dbbackup import Backup
from kb.model import NOTHING, Input, Risk, Save, UndoPart
from kb.text import Text

WriteKind = Literal["exec", "patch", "delete", "restart", "create", "wait", "manual"]
_NO_TEXT = Text()


def _nothing() -> Mapping[str, Any]:
    return NOTHING


class PlanError(Exception):
    """A step cannot be planned; `text` says why and what would help."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


class StalePlan(Exception):
    """The cluster is no longer what the plan was made from; nothing was sent. `changes` says what changed."""

    def __init__(self, changes: tuple[Text, ...]):
        super().__init__("; ".join(change.en for change in changes))
        self.changes = changes


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One call that will go out: exactly this, to exactly this."""

    kind: WriteKind
    what: Text
    """One line for people."""
    kubectl: tuple[str, ...] = ()
    """The same as a kubectl argv, for copying."""
    target: Target | None = None
    """With exec and restart: the pod, by uid."""
    role: str = ""
    """With exec and restart: the role the pod was found by."""
    resource: str = ""
    """With API writes: ``group/version/plural``."""
    namespace: str = ""
    name: str = ""
    argv: tuple[str, ...] = ()
    body: Any = None
    patch_type: Literal["merge", "json"] = "merge"
    uid: str = ""
    version: str = ""
    """resourceVersion of the object when it was shown."""
    content: str = ""
    """Digest of the object's content apart from what changes by itself."""
    first: int = 0
    """Index of the first item of this write in the list of the action's `each`."""
    items: int = 0
    timeout: float = 30.0
    """Cluster seconds."""
    pause: float = 0.0
    """Cluster seconds to wait after it, when another one follows."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the write will change: a diff, the rows it hits, or what will be run."""

    kind: Literal["diff", "rows", "text"]
    lines: tuple[str, ...]
    """Safe to show; at most `LINES` of them."""
    total: int
    """How many there are in all."""
    note: Text | None = None


LINES = 1000


@dataclass(frozen=True, slots=True)
class Confirm:
    """How much it takes to say yes: one key, the target's name, or the cluster's name and the target's."""

    kind: Literal["key", "target", "cluster-and-target"]
    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        """What is to be typed, words apart by one space."""
        return " ".join(self.words)

    def accepts(self, typed: str) -> bool:
        """Whether this was typed; surrounding and repeated blanks do not matter, case does."""
        return bool(self.words) and " ".join(typed.split()) == " ".join(self.expected.split())


@dataclass(frozen=True, slots=True)
class Picked:
    """Rows that an input took from evidence, to be looked for again right before the write."""

    spec: Input
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """One step, ready to be reviewed, confirmed and run."""

    step_id: str
    purpose: Purpose
    title: Text
    context: str
    server: str
    risk: Risk
    commands: tuple[PlannedWrite, ...]
    preview: Preview
    confirm: Confirm
    reversible: bool
    undo_text: Text
    impact: Text
    made_at: float
    warnings: tuple[Text, ...] = ()
    saves: tuple[Save, ...] = ()
    undo: tuple[UndoPart, ...] = ()
    """The step's way back, rehearsed with what was saved before anything is sent."""
    backups: tuple[Backup, ...] = ()
    """Databases that are backed up before the first write, and those that cannot be."""
    values: Mapping[str, Any] = field(default_factory=_nothing)
    picked: tuple[Picked, ...] = ()
    twin: str = ""
    """Digest of the read-only twin's answer, when the step has one."""
    twins: tuple[str, ...] = ()
    """The same for every item by itself, where the twin is asked about the items that the step writes to."""
    instruction: Text = _NO_TEXT
    """With a manual step: what a person has to do."""

    @property
    def manual(self) -> bool:
        """Whether a person does it elsewhere."""
        return all(write.kind == "manual" for write in self.commands) and bool(self.commands)

    @property
    def items(self) -> int:
        """How many items all commands are about."""
        return sum(write.items for write in self.commands)

    @property
    def digest(self) -> str:
        """SHA-256 over everything that will be executed and what it is bound to."""
        return digest(
            {
                "step": self.step_id,
                "purpose": self.purpose,
                "context": self.context,
                "server": self.server,
                "writes": [bound(write) for write in self.commands],
                "saves": [[save.name, save.read.on, *save.read.argv] for save in self.saves],
                "twin": self.twin,
            }
        )


def digest(value: Any) -> str:
    """SHA-256 of a JSON-like value in its canonical form, as hex."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def bound(write: PlannedWrite) -> list[Any]:
    """Everything of a write that decides what it does and to what, as a JSON-like value."""
    target = write.target
    where = [target.namespace, target.pod, target.container, target.uid] if target else []
    what = [write.resource, write.namespace, write.name, write.uid, write.content, write.patch_type]
    return [write.kind, where, what, list(write.argv), write.body]
