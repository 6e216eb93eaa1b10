"""What has to be so: the conditions of steps, what proves them, and what stays up while they go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from checks.causes import holds as condition
from checks.cel import expr
from checks.errors import ClusterError
from checks.judges.policies import matches
from checks.layout import is_ready
from checks.model import Result
from checks.outlook.scene import Scene, quietly
from checks.outlook.values import Condition, Proof, Standing, Truth
from checks.plans.plan import PlanError
from checks.plans.template import SlotError, fill
from checks.plans.writes import each_item
from checks.writing.floor import too_few
from checks.writing.verify import aliases
from kb.messages import message
from kb.model import ExecAction, RestartAction, Step, Verify
from kb.safe import one_line
from kb.text import Text

PEERS = {"ovn-nb-leader": "ovn-central", "ovn-sb-leader": "ovn-central", "ovn-northd-leader": "ovn-central"}
"""Roles of one among several, and the role of all of them."""
ARGUED = 5


def conditions_of(scene: Scene, step: Step, before: Sequence[Step]) -> tuple[Condition, ...]:
    """The requirements of a step as the evidence has them; for one not met, the step that may bring it about."""
    found = []
    for need in step.requires:
        answer = condition(need.when, scene.results)
        state: Truth = "unknown" if answer is None else "met" if answer else "unmet"
        by = "" if answer else _brought_by(scene, need.when, before)
        found.append(Condition(need.text, state, by))
    return tuple(found)


def _brought_by(scene: Scene, when: str, before: Sequence[Step]) -> str:
    looked = {alias for alias in scene.guide.checks if _names(when, alias)}
    for step in before:
        if step.verify and looked & set(aliases(scene.guide, step.verify)):
            return step.id
    return ""


def _names(expression: str, alias: str) -> bool:
    try:
        return alias in expr.compile(expression).names
    except expr.ExpressionError:
        return False


def proof_of(scene: Scene, step: Step, values: Mapping[str, Any]) -> Proof | None:
    """What proves the step, and what it says now; None where the step has no proof."""
    verify = step.verify
    if verify is None:
        return None
    use, result = scene.guide.checks.get(verify.check), scene.results.get(verify.check)
    needed = aliases(scene.guide, verify)
    unknown = any(_silent(scene, name) for name in needed)
    inputs = {"inputs": dict(values)}
    holds = condition(verify.when, scene.results, **inputs) if verify.when else _reached(verify, result)
    return Proof(
        verify.check,
        use.check if use else verify.check,
        result.verdict if result else None,
        result.summary if result else Text(),
        verify.when or " / ".join(verify.expect),
        verify.within,
        verify.stable_for,
        None if unknown else holds,
        bool(verify.when),
        isinstance(step.action, RestartAction),
    )


def _reached(verify: Verify, result: Result | None) -> bool:
    return result is not None and result.verdict.value in verify.expect


def _silent(scene: Scene, alias: str) -> bool:
    result = scene.results.get(alias)
    return result is None or result.verdict.value in ("unknown", "skipped")


def standing_of(scene: Scene, steps: Iterable[tuple[Step, Mapping[str, Any]]]) -> tuple[Standing, ...]:
    """The pods of every role that steps write to or replace pods of: how many are Ready, and what speaks against it."""
    roles: dict[str, list[tuple[Step, Mapping[str, Any]]]] = {}
    for step, values in steps:
        action = step.action
        if isinstance(action, ExecAction | RestartAction):
            role = action.on.partition("@")[0]
            roles.setdefault(PEERS.get(role, role), []).append((step, values))
    found = (_standing(scene, role, those) for role, those in roles.items() if role in scene.layout.roles)
    return tuple(one for one in found if one is not None)


def _standing(scene: Scene, role: str, steps: Sequence[tuple[Step, Mapping[str, Any]]]) -> Standing | None:
    pods = quietly(lambda: scene.pods(role))
    if pods is None:
        return None
    going: dict[str, str] = {}
    for step, values in steps:
        if isinstance(step.action, RestartAction):
            going |= dict.fromkeys(_going(scene, step.action, values), step.action.on)
    by_name = {str(pod["metadata"].get("name", "")): pod for pod in pods}
    against = [too_few(by_name[name], pods, on) for name, on in going.items() if name in by_name]
    budgets = _budgets(scene, [by_name[name] for name in going if name in by_name])
    ready = sum(is_ready(pod) for pod in pods)
    return Standing(role, len(pods), ready, tuple(one for one in against if one)[:ARGUED], budgets)


def _going(scene: Scene, action: RestartAction, values: Mapping[str, Any]) -> list[str]:
    """Names of the pods that a restart replaces, where that is known yet."""
    try:
        items = list(each_item(action.each, values))
        return [one.pod for _, own in items for one in scene.targets(fill(action.on, own))]
    except (PlanError, SlotError, ClusterError):
        return []


def _budgets(scene: Scene, going: Sequence[Mapping[str, Any]]) -> tuple[Text, ...]:
    """Every PodDisruptionBudget over one of these pods, with what it allows now."""
    found: dict[Text, None] = {}
    for namespace in {str(pod["metadata"].get("namespace", "")) for pod in going}:
        budgets = quietly(partial(scene.budgets, namespace))
        if budgets is None:
            found[message("outlook.budgets-unseen", namespace=one_line(namespace, 100))] = None
        for budget in budgets or ():
            selector = (budget.get("spec") or {}).get("selector")
            over = [pod for pod in going if matches(selector, pod["metadata"].get("labels") or {})]
            if over:
                name = one_line(str((budget.get("metadata") or {}).get("name", "")), 100)
                allowed = (budget.get("status") or {}).get("disruptionsAllowed")
                count = allowed if isinstance(allowed, int) else "?"
                found[message("outlook.budget", name=name, allowed=count, pods=len(over))] = None
    return tuple(found)[:ARGUED]
