"""What walking the steps of a cause would mean, before the first of them: reach, permissions, ways back, who objects.

Reads only, and little: pods of roles, a few of the objects, one review per permission. What cannot be counted yet,
because an earlier step has to come first or an input is still open, says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checks.cluster import Resource
from checks.errors import ClusterError
from checks.inputs import InputError
from checks.permission import Permission
from checks.permissions import of_step
from checks.plan import PlanError
from checks.risk import effective
from checks.session import StepState
from checks.template import SlotError, fill, fill_text
from checks.writes import Expander, each_item, owner
from kb.messages import message
from kb.model import (
    NOTHING,
    CommandAction,
    DeleteAction,
    ExecAction,
    ManualAction,
    PatchAction,
    RestartAction,
    Risk,
    Step,
    WaitAction,
)
from kb.text import Text

if TYPE_CHECKING:
    from checks.walk import Walk

SAMPLED = 3
"""Objects of a step that are looked at for who keeps them as they are."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a step reaches, counted from its proposed inputs."""

    pods: int = 0
    """Pods in which commands run."""
    nodes: int = 0
    restarts: int = 0
    """Pods that are replaced, one after another."""
    objects: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """API objects that are changed or deleted, by kind."""
    rows: int = 0
    """Rows or other items that its commands name."""
    seconds: float = 0.0
    """What its pauses, waits and stable windows take at least (cluster seconds)."""


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


@dataclass(frozen=True, slots=True)
class Outlook:
    """The whole plan of a cause on this cluster."""

    cause: str
    context: str
    production: bool
    steps: tuple[StepOutlook, ...]

    @property
    def irreversible(self) -> tuple[StepOutlook, ...]:
        """The steps that write and cannot be taken back."""
        return tuple(one for one in self.steps if not one.by_hand and not one.reversible)

    @property
    def missing(self) -> tuple[Permission, ...]:
        """Every permission that any step lacks, each once."""
        return tuple(dict.fromkeys(p for one in self.steps for p in one.missing))


def outlook(walk: Walk, cause_id: str) -> Outlook:
    """Looks at every step of a cause; never raises for the cluster's sake."""
    info = walk.cluster.info
    allowed: dict[Permission, bool | None] = {}
    steps = [walk.guide.step(step_id) for step_id in walk.guide.cause(cause_id).fix]
    found = tuple(_step(walk, step, allowed) for step in steps)
    return Outlook(cause_id, info.context, info.production, found)


def _step(walk: Walk, step: Step, allowed: dict[Permission, bool | None]) -> StepOutlook:
    by_hand = isinstance(step.action, (ManualAction, CommandAction))
    proposed = walk.proposed(step.id)
    reach: Reach | None = None
    unclear: Text | None = None
    kept: tuple[Text, ...] = ()
    if not by_hand:
        try:
            values = walk.values(step.id, proposed)
            expander = Expander(walk.cluster, walk.layout)
            reach = _reach(expander, step, values)
            kept = _kept_by(expander, step, values)
        except (PlanError, InputError, SlotError, ClusterError) as error:
            unclear = error.text
    needed = () if by_hand else sorted(of_step(step, walk.layout), key=lambda p: (p.shown, p.verb))
    answers = {one: _may(walk, one, allowed) for one in needed}
    return StepOutlook(
        step=step,
        text=fill_text(step.text, proposed),
        state=walk.state(step.id),
        risk=effective(step),
        by_hand=by_hand,
        already_done=walk.already_done(step.id) is True,
        blocked=walk.blocked(step.id),
        reach=reach,
        unclear=unclear,
        impact=fill_text(step.impact, proposed),
        reversible=bool(step.undo.parts),
        undo=fill_text(step.undo.text, proposed) or message("session.no-undo"),
        kept_by=kept,
        missing=tuple(one for one, may in answers.items() if may is False),
        unasked=tuple(one for one, may in answers.items() if may is None),
    )


def _may(walk: Walk, permission: Permission, allowed: dict[Permission, bool | None]) -> bool | None:
    """Whether the user may, each permission asked once; None where the server does not say."""
    if permission not in allowed:
        try:
            allowed[permission] = walk.cluster.can(
                permission.verb,
                permission.resource,
                namespace=permission.namespace,
                subresource=permission.subresource,
                name=permission.name,
            )
        except ClusterError:
            allowed[permission] = None
    return allowed[permission]


# --- how far it reaches -----------------------------------------------------------------------------------------------


def _reach(expander: Expander, step: Step, values: Mapping[str, Any]) -> Reach:
    action, waits = step.action, step.verify.stable_for if step.verify else 0.0
    each = getattr(action, "each", "")
    items = list(each_item(each, values)) if each else [(0, dict(values))]
    if isinstance(action, ExecAction):
        roles = {fill(action.on, own) for _, own in items}
        targets = {(t.namespace, t.pod, t.node) for role in roles for t in expander.targets(role)}
        batches = -(-len(items) // max(1, action.batch)) if each and action.tail else len(items)
        return Reach(
            pods=len({t[:2] for t in targets}),
            nodes=len({t[2] for t in targets if t[2]}),
            rows=len(items) if each else 0,
            seconds=action.pause * max(0, batches - 1) + waits,
        )
    if isinstance(action, RestartAction):
        found = [target for _, own in items for target in expander.targets(fill(action.on, own))]
        pods = {(t.namespace, t.pod) for t in found}
        return Reach(restarts=len(pods), nodes=len({t.node for t in found if t.node}), seconds=waits)
    if isinstance(action, PatchAction | DeleteAction):
        return Reach(objects={Resource.parse(action.resource).dotted: len(items)}, seconds=waits)
    return Reach(seconds=(action.seconds if isinstance(action, WaitAction) else 0.0) + waits)


def _kept_by(expander: Expander, step: Step, values: Mapping[str, Any]) -> tuple[Text, ...]:
    action = step.action
    if not isinstance(action, PatchAction | DeleteAction):
        return ()
    found: dict[Text, None] = {}
    for _, own in _first(each_item(action.each, values)):
        obj = expander.object(action.resource, fill(action.namespace, own), fill(action.name, own))
        keeper = owner(obj)
        if keeper:
            found[keeper] = None
    return tuple(found)


def _first(items: Iterable[tuple[int, dict[str, Any]]]) -> Iterable[tuple[int, dict[str, Any]]]:
    for number, one in enumerate(items):
        if number >= SAMPLED:
            return
        yield one
