"""What is said of a fix before its first step, as values: how far it reaches, what it needs, what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from checks.model import Verdict
from checks.permission import Permission
from checks.sessions.session import StepState
from kb.model import NOTHING, Risk, Step, Traffic
from kb.text import Text

Truth = Literal["met", "unmet", "unknown"]
ConfirmKind = Literal["key", "target", "cluster-and-target"]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a step reaches, counted from its proposed inputs and the cluster as it is."""

    pods: int = 0
    """Pods in which commands run."""
    nodes: int = 0
    """Nodes on which they run, or on which pods are replaced."""
    restarts: int = 0
    """Pods that are replaced: by klinik one after another, or by their controller because their template changes."""
    stops: int = 0
    """Pods that go and do not come back until this is undone."""
    subnets: int = 0
    """Subnets that are changed, or whose rows are."""
    objects: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """API objects that are changed or deleted, by kind."""
    rows: int = 0
    """Rows or other items that its commands name."""
    follows: int = 0
    """Nodes that compute their flows anew, because a database of OVN changes."""
    passengers: int | None = None
    """Pods whose traffic passes the pods that are replaced; None where that was not counted."""
    writes: int = 0
    """Calls that go out."""
    seconds: float = 0.0
    """What its pauses, waits and stable windows take at least (cluster seconds)."""
    longest: float = 0.0
    """After how long it has ended at the latest, every deadline used up (cluster seconds)."""
    sampled: bool = False
    """Whether only the first objects were looked at: pods that go are then more than counted."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How much of what could be chosen is proposed."""

    text: Text
    chosen: int
    offered: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that has to be so before a step is offered."""

    text: Text
    state: Truth
    by: str = ""
    """The earlier step whose own proof is about the same, and may bring it about."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves a step, and what it says now."""

    alias: str
    check: str
    verdict: Verdict | None
    """None: it was not run."""
    summary: Text
    expect: str
    """The verdicts it has to reach, or the expression that has to turn true."""
    within: float
    stable_for: float
    holds: bool | None
    """Whether it holds already: then it proves nothing by itself. None where it cannot be told now."""
    expression: bool = False
    """Whether `expect` is an expression."""
    successor: bool = False
    """Whether new pods prove the step as well: their uids are others."""

    @property
    def idle(self) -> bool:
        """Whether nothing of it can prove the step."""
        return self.holds is True and not self.successor


@dataclass(frozen=True, slots=True)
class Standing:
    """What stays up beside what is replaced or written to: the pods of one role."""

    role: str
    total: int
    ready: int
    against: tuple[Text, ...] = ()
    """Why some of them may not be replaced now."""
    budgets: tuple[Text, ...] = ()
    """PodDisruptionBudgets over them, with how many pods they let go now."""


@dataclass(frozen=True, slots=True)
class Running:
    """A version that runs, held against what the article says of versions."""

    component: str
    running: tuple[str, ...]
    """Empty: it could not be read."""
    wanted: str = ""
    """The constraint of the article, ``>=1.9``."""
    fits: bool | None = None
    fixed_in: tuple[str, ...] = ()
    fixed: bool | None = None
    """Whether what runs has the correction already: then the cause is likely another."""


@dataclass(frozen=True, slots=True)
class StepOutlook:
    """One step of the plan."""

    step: Step
    text: Text
    state: StepState
    risk: Risk
    by_hand: bool
    """A person does it; nothing is sent."""
    already_done: bool
    blocked: Text | None
    """What has to come first."""
    reach: Reach | None
    unclear: Text | None
    """Why the reach cannot be counted yet."""
    impact: Text
    reversible: bool
    undo: Text
    """How it is taken back, or why it cannot be."""
    kept_by: tuple[Text, ...] = ()
    """Who may revert it."""
    missing: tuple[Permission, ...] = ()
    """What this user may not do, and the step needs."""
    unasked: tuple[Permission, ...] = ()
    """What could not be asked."""
    asked: int = 0
    """Permissions it needs in all."""
    traffic: Traffic | None = None
    """None: neither the guide nor the action says."""
    counted: tuple[Counted, ...] = ()
    conditions: tuple[Condition, ...] = ()
    proof: Proof | None = None
    stops: tuple[Text, ...] = ()
    """What ends it before its end, beside what ends every step."""
    confirm: ConfirmKind | None = None
    """How it will be confirmed; None where nothing is sent."""
    commands: tuple[tuple[str, ...], ...] = ()
    """The same as kubectl argv, for copying; at most `COMMANDS` of them."""


COMMANDS = 1000


@dataclass(frozen=True, slots=True)
class Outlook:
    """The whole plan of a cause on this cluster."""

    cause: str
    context: str
    production: bool
    steps: tuple[StepOutlook, ...]
    versions: tuple[Running, ...] = ()
    standing: tuple[Standing, ...] = ()
    nodes: tuple[int, int] | None = None
    """Ready nodes and all nodes; None where they could not be read."""

    @property
    def irreversible(self) -> tuple[StepOutlook, ...]:
        """The steps that write and cannot be taken back."""
        return tuple(one for one in self.steps if not one.by_hand and not one.reversible)

    @property
    def missing(self) -> tuple[Permission, ...]:
        """Every permission that any step lacks, each once."""
        return tuple(dict.fromkeys(p for one in self.steps for p in one.missing))

    @property
    def unasked(self) -> tuple[Permission, ...]:
        """Every permission of which the server did not say whether it is given, each once."""
        return tuple(dict.fromkeys(p for one in self.steps for p in one.unasked))
