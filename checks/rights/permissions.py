"""What checks and fixes have to be allowed, from their declarations: the questions a doctor asks the server. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, assert_never

from checks.cluster import NODES, PODS, SERVICES, Resource
from checks.layout import LEASES, Layout
from checks.model import (
    NOTHING,
    CheckSpec,
    EventsRead,
    ExecRead,
    HealthRead,
    ListRead,
    LogsRead,
    MetricsRead,
    PrometheusRead,
    Read,
    surest,
)
from checks.permission import Permission as Permission
from checks.plans.template import SLOT
from checks.prom.at import EVENTS, PrometheusAt
from checks.specs.readspec import SlotError, fill
from kb.model import Action, DeleteAction, ExecAction, Guide, PatchAction, RestartAction, Step

Needs = Mapping[Permission, tuple[str, ...]]
"""Permissions with who needs them: check ids, or ``article/step``."""


def of_check(
    spec: CheckSpec,
    layout: Layout,
    params: Mapping[str, Any] = NOTHING,
    *,
    prometheus: PrometheusAt | None = None,
) -> frozenset[Permission]:
    """What a check's reads need; `params` are those a guide sets, a namespace may be among them.

    `prometheus` is where the settings have it: that Service alone is asked then.
    """
    needed: set[Permission] = set()
    for read in spec.reads.values():
        needed |= of_read(read, layout, {**spec.params, **params}, prometheus=prometheus)
    return frozenset(needed)


def of_step(step: Step, layout: Layout) -> frozenset[Permission]:
    """What a step's action, preview, saves and undo read, write or run."""
    actions = [step.action, *(save.read for save in step.saves), *(part.action for part in step.undo.parts)]
    if step.preview:
        actions.append(step.preview)
    needed: set[Permission] = set()
    for action in actions:
        needed |= _of_action(action, layout)
    if any(part.action.kind == "recreate" for part in step.undo.parts):
        needed |= _way_back(step.action, layout)
    for action in (step.action, *(part.action for part in step.undo.parts)):
        needed |= _announced(action, layout)
    return frozenset(needed)


def for_checks(
    uses: Iterable[tuple[CheckSpec, Mapping[str, Any]]],
    layout: Layout,
    *,
    prometheus: PrometheusAt | None = None,
) -> dict[Permission, tuple[str, ...]]:
    """What these checks, each with its params, need."""
    return _by_permission(
        (spec.id, of_check(spec, layout, params, prometheus=prometheus)) for spec, params in uses
    )


def for_steps(guides: Iterable[Guide], layout: Layout) -> dict[Permission, tuple[str, ...]]:
    """What the steps of these guides need."""
    return _by_permission(
        (f"{guide.article}/{step.id}", of_step(step, layout)) for guide in guides for step in guide.steps
    )


def collect(
    specs: Iterable[CheckSpec],
    guides: Iterable[Guide],
    layout: Layout,
    *,
    prometheus: PrometheusAt | None = None,
) -> dict[Permission, tuple[str, ...]]:
    """Every permission with who needs it: check ids, and ``article/step`` for fixes."""
    found = for_checks(((spec, NOTHING) for spec in specs), layout, prometheus=prometheus)
    for permission, users in for_steps(guides, layout).items():
        found[permission] = (*found.get(permission, ()), *users)
    return {p: found[p] for p in sorted(found, key=_order)}


def _by_permission(
    users: Iterable[tuple[str, frozenset[Permission]]],
) -> dict[Permission, tuple[str, ...]]:
    found: dict[Permission, dict[str, None]] = {}
    for user, needed in users:
        for permission in needed:
            found.setdefault(permission, {})[user] = None
    return {p: tuple(found[p]) for p in sorted(found, key=_order)}


def _order(permission: Permission) -> tuple[bool, str, str]:
    return permission.verb not in ("get", "list"), permission.verb, permission.shown


# --- reads ------------------------------------------------------------------------------------------------------------


def of_read(
    read: Read,
    layout: Layout,
    params: Mapping[str, Any] = NOTHING,
    *,
    prometheus: PrometheusAt | None = None,
) -> set[Permission]:
    """What one read needs, the pods of its role looked up included.

    Of alternatives it is what the surest one needs: who has that gets every answer, the others only spare it.
    """
    return of_branch(surest(read), layout, params, prometheus=prometheus)


def of_branch(
    read: Read, layout: Layout, params: Mapping[str, Any] = NOTHING, *, prometheus: PrometheusAt | None = None
) -> set[Permission]:
    """What a read needs by itself, its alternatives left out."""
    match read:
        case ListRead() | EventsRead():
            return {Permission("list", _resource(read), _namespace(read, params))}
        case HealthRead():
            return {Permission("get", Resource.at(f"/{read.endpoint}"))}
        case ExecRead():
            return _exec(read.on, layout) | (_exec(read.fallback, layout) if read.fallback else set())
        case LogsRead():
            return _role(read.on, layout) | _in_pods(read.on, layout, ("get", "log"))
        case MetricsRead():
            return _role(read.on, layout) | _in_pods(read.on, layout, ("get", "proxy"))
        case PrometheusRead():
            return (_role(read.on, layout) if read.on else set()) | _prometheus(prometheus)
        case _:
            assert_never(read)


def _resource(read: ListRead | EventsRead) -> Resource:
    return EVENTS if isinstance(read, EventsRead) else Resource.parse(read.resource)


def _prometheus(where: PrometheusAt | None) -> set[Permission]:
    """Where the settings name it, that Service alone; a URL needs nothing; else Services are looked through for it."""
    if where is not None and where.url:
        return set()
    if where is not None and where.name:
        return {Permission("get", SERVICES, where.namespace, "proxy", where.address)}
    return {Permission("list", SERVICES), Permission("get", SERVICES, "", "proxy")}


def _namespace(read: ListRead | EventsRead, params: Mapping[str, Any]) -> str:
    """The namespace with its params in place; where they do not fit, the read is refused and needs nothing certain."""
    try:
        filled = fill(read, params)
    except SlotError:
        return "" if SLOT.search(read.namespace) else read.namespace
    return filled.namespace if isinstance(filled, ListRead | EventsRead) else ""


# --- actions ----------------------------------------------------------------------------------------------------------


def _of_action(action: Action, layout: Layout) -> set[Permission]:
    if isinstance(action, ExecAction):
        return _exec(action.on, layout)
    if isinstance(action, RestartAction):
        # the pod is looked at and saved, evicted, and its successor is waited for among its siblings
        return _role(action.on, layout) | _in_pods(action.on, layout, ("get", ""), ("create", "eviction"))
    if isinstance(action, PatchAction):
        return _on_object(action, "get", "patch")
    if isinstance(action, DeleteAction):
        return _on_object(action, "get", "delete")
    return set()


def _announced(action: Action, layout: Layout) -> set[Permission]:
    """Every write is announced by a Lease and leaves an Event where its target is (`checks.writing`)."""
    if isinstance(action, ExecAction | RestartAction):
        pods = _in_pods(
            action.on, layout, ("get", "")
        )  # looked at before every command, and named in the Event
        spaces = {(one.namespace, one.namespace) for one in pods}
    elif isinstance(action, PatchAction | DeleteAction):
        from checks.writing.turns import (
            CLUSTER_WIDE,
        )  # only a fix needs it: a run of checks starts without the rooms of writes

        pods = set()
        if not _on_object(action, "get"):
            return set()
        space = _fixed(action.namespace)
        spaces = {(space, space) if action.namespace else (CLUSTER_WIDE, "default")}
    else:
        return set()
    leases = {
        Permission(v, LEASES, space)
        for space, _ in spaces
        for v in ("get", "list", "create", "patch", "delete")
    }
    return pods | leases | {Permission("create", EVENTS, space) for _, space in spaces}


def _way_back(action: Action, layout: Layout) -> set[Permission]:
    """What a recreation needs: it makes again what is gone, and patches what is there."""
    if isinstance(action, RestartAction):
        return _in_pods(action.on, layout, ("get", ""), ("patch", ""), ("create", ""))
    if not isinstance(action, PatchAction | DeleteAction):
        return set()
    # a rule cannot bind a creation to a name: the server does not know the name yet
    created = {replace(one, verb="create", name="") for one in _on_object(action, "get")}
    return _on_object(action, "get", "patch") | created


def _on_object(action: PatchAction | DeleteAction, *verbs: str) -> set[Permission]:
    try:
        resource = Resource.parse(action.resource)
    except ValueError:  # such a step can do nothing, and says so when it is planned
        return set()
    namespace, name = _fixed(action.namespace), _fixed(action.name)
    return {Permission(verb, resource, namespace, name=name) for verb in verbs}


def _fixed(template: str) -> str:
    """A namespace or name that stands in the guide; empty where only an input will say it."""
    return "" if SLOT.search(template) else template


# --- roles ------------------------------------------------------------------------------------------------------------
# A role that only an input will name, or that the layout does not have (lint says so), needs nothing certain.


def _exec(on: str, layout: Layout) -> set[Permission]:
    """A WebSocket opens with GET, which is the verb get; since Kubernetes 1.35 create is asked for as well."""
    return _role(on, layout) | _in_pods(on, layout, ("create", "exec"), ("get", "exec"))


def _role(on: str, layout: Layout) -> set[Permission]:
    role = layout.roles.get(on.partition("@")[0])
    if role is None:
        return set()
    found = {Permission("list", PODS, role.namespace)}
    if role.per == "node":
        found.add(Permission("list", NODES))
    if role.lease:
        found.add(Permission("get", LEASES, role.namespace, name=role.lease))
    return found


def _in_pods(on: str, layout: Layout, *asked: tuple[str, str]) -> set[Permission]:
    role = layout.roles.get(on.partition("@")[0])
    return {Permission(verb, PODS, role.namespace, sub) for verb, sub in asked} if role else set()
