"""What walking the steps of a cause would mean, before the first of them: reach, permissions, ways back, who objects.

Reads only, and little: pods of roles, a few of the objects, one review per permission. What cannot be counted yet,
because an earlier step has to come first or an input is still open, says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from checks.cluster import Cluster
from checks.errors import ClusterError
from checks.layout import Layout, placed
from checks.model import Result
from checks.outlook.health import conditions_of, proof_of, standing_of
from checks.outlook.keep import keepers_of
from checks.outlook.reach import counted, measured, traffic_of
from checks.outlook.scene import Scene, quietly
from checks.outlook.values import (
    Condition,
    Counted,
    Outlook,
    Proof,
    Reach,
    Running,
    Standing,
    StepOutlook,
)
from checks.outlook.versions import versions_of
from checks.permission import Permission
from checks.plans import gate
from checks.plans.inputs import Choices, InputError, offers, proposed, validate
from checks.plans.plan import PlanError
from checks.plans.planner import confirmation
from checks.plans.template import SlotError, fill_text
from checks.rights.permissions import of_step
from checks.risk.degrees import effective
from checks.sessions.session import Session
from checks.writing.canary import BATCH
from kb.messages import message
from kb.model import Action, CommandAction, Guide, ManualAction, RestartAction, Step
from kb.text import Text

if TYPE_CHECKING:
    from checks.walking.walk import Walk

ABREAST = 8
"""Permissions that are asked about at the same time."""
TRIES = 4
"""Questions in a row without an answer, after which the rest is not asked."""


def outlook(walk: Walk, cause_id: str) -> Outlook:
    """Looks at every step of a cause; never raises for the cluster's sake."""
    return ahead(walk.cluster, walk.layout, walk.guide, walk.results, cause_id, walk.session)


def ahead(
    cluster: Cluster,
    layout: Layout,
    guide: Guide,
    results: Mapping[str, Result],
    cause_id: str,
    session: Session | None = None,
) -> Outlook:
    """The same without a walk: from the results of the guide's checks. Raises KeyError for an unknown cause."""
    scene = Scene(cluster, placed(cluster, layout), guide, results, session or Session())
    steps = [guide.step(step_id) for step_id in guide.cause(cause_id).fix]
    offered = {step.id: offers(step.inputs, results) for step in steps}
    needed = {step.id: () if _by_hand(step) else _needed(step, scene.layout) for step in steps}
    answers = _asked(cluster, dict.fromkeys(one for some in needed.values() for one in some))
    found = []
    for number, step in enumerate(steps):
        mine = {one: answers.get(one) for one in needed[step.id]}
        found.append(_step(scene, step, offered[step.id], steps[:number], mine))
    open_steps = [(s, proposed(offered[s.id])) for s in steps if not _by_hand(s)]
    return Outlook(
        cause_id,
        cluster.info.context,
        cluster.info.production,
        tuple(found),
        versions_of(scene),
        standing_of(scene, open_steps),
        quietly(scene.nodes) if open_steps else None,
    )


def _by_hand(step: Step) -> bool:
    return isinstance(step.action, (ManualAction, CommandAction))


def _step(
    scene: Scene,
    step: Step,
    offered: Mapping[str, Choices],
    before: Sequence[Step],
    answers: Mapping[Permission, bool | None],
) -> StepOutlook:
    reach: Reach | None = None
    unclear: Text | None = None
    kept: tuple[Text, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    values = proposed(offered)
    if not _by_hand(step):
        try:
            typed = {
                spec.name: validate(spec, values.get(spec.name), offered[spec.name]) for spec in step.inputs
            }
            reach, lines = measured(scene, step, typed)
            kept = keepers_of(scene, step, typed)
        except (PlanError, InputError, SlotError, ClusterError) as error:
            unclear = error.text
    state = scene.session.step(step.id).state
    return StepOutlook(
        step=step,
        text=fill_text(step.text, values),
        state=state,
        risk=effective(step),
        by_hand=_by_hand(step),
        already_done=gate.already_done(step, scene.results) is True,
        blocked=_doubt(scene, step) or gate.blocked(step, scene.results),
        reach=reach,
        unclear=unclear,
        impact=fill_text(step.impact, values),
        reversible=bool(step.undo.parts),
        undo=fill_text(step.undo.text, values) or message("session.no-undo"),
        kept_by=kept,
        missing=tuple(one for one, may in answers.items() if may is False),
        unasked=tuple(one for one, may in answers.items() if may is None),
        asked=len(answers),
        traffic=traffic_of(step),
        counted=counted(step, offered),
        conditions=conditions_of(scene, step, before),
        proof=proof_of(scene, step, values),
        stops=() if _by_hand(step) else _stops(step, reach),
        confirm=None if _by_hand(step) else confirmation(scene.cluster, effective(step), ()).kind,
        commands=lines,
    )


def _doubt(scene: Scene, step: Step) -> Text | None:
    """A step of unknown outcome keeps every other from beginning."""
    open_ones = [one for one in scene.guide.steps if scene.session.step(one.id).state == "in_doubt"]
    if step in open_ones:
        return message("session.blocked-doubt")
    return message("session.blocked-other-doubt", step=open_ones[0].text) if open_ones else None


def _stops(step: Step, reach: Reach | None) -> tuple[Text, ...]:
    """What ends this step before its end; what ends every step is said once."""
    found = []
    action, verify = step.action, step.verify
    if isinstance(action, RestartAction):
        found.append(message("outlook.stops-successor", seconds=f"{action.timeout:g}"))
        found.append(message("outlook.stops-few"))
    if reach is not None and verify is not None and _many(reach, action):
        found.append(message("outlook.stops-canary", batch=BATCH))
    if verify is not None:
        found.append(message("outlook.stops-proof", seconds=f"{verify.within:g}"))
    else:
        found.append(message("outlook.no-proof"))
    return tuple(found)


def _many(reach: Reach, action: Action) -> bool:
    """Whether it works on several targets: pods, nodes or objects, each of which is looked at."""
    replaced = reach.restarts if isinstance(action, RestartAction) else 0
    return max(reach.pods, replaced, *reach.objects.values(), 0) > 1


# --- permissions ------------------------------------------------------------------------------------------------------


def _needed(step: Step, layout: Layout) -> tuple[Permission, ...]:
    return tuple(sorted(of_step(step, layout), key=lambda one: (one.shown, one.verb)))


def _asked(cluster: Cluster, permissions: Mapping[Permission, None]) -> dict[Permission, bool | None]:
    """Whether the user may, each asked once; None where the server does not say, or was not asked any more."""
    found: dict[Permission, bool | None] = {}
    waiting = list(permissions)
    silent = 0
    with ThreadPoolExecutor(ABREAST, thread_name_prefix="klinik-may") as pool:
        while waiting and silent < TRIES:
            some, waiting = waiting[:ABREAST], waiting[ABREAST:]
            for one, may in zip(some, pool.map(lambda p: _may(cluster, p), some), strict=True):
                found[one] = may
                silent = silent + 1 if may is None else 0
    return found


def _may(cluster: Cluster, permission: Permission) -> bool | None:
    try:
        return cluster.can(
            permission.verb,
            permission.resource,
            namespace=permission.namespace,
            subresource=permission.subresource,
            name=permission.name,
        )
    except ClusterError:
        return None


__all__ = [
    "Condition", "Counted", "Outlook", "Proof", "Reach", "Running", "Standing", "StepOutlook", "ahead", "outlook",
]  # fmt: skip
