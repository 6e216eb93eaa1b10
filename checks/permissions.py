"""What checks and fixes have to be allowed, from their declarations: the questions a doctor asks the server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks.cluster import NODES, PODS, Resource
from checks.layout import LEASES, Layout
from checks.model import CheckSpec, ListRead
from kb.model import DeleteAction, ExecAction, Guide, PatchAction, RestartAction, Step


@dataclass(frozen=True, slots=True)
class Permission:
    """One verb on one kind, in one namespace (empty: cluster wide)."""

    verb: str
    resource: Resource
    namespace: str = ""
    subresource: str = ""

    @property
    def shown(self) -> str:
        """As RBAC writes it: ``pods/exec`` or ``subnets.kubeovn.io``, with its namespace."""
        name = f"{self.resource.dotted}/{self.subresource}" if self.subresource else self.resource.dotted
        return f"{name} -n {self.namespace}" if self.namespace else name


def of_check(spec: CheckSpec, layout: Layout) -> frozenset[Permission]:
    """What a check's reads need."""
    needed: set[Permission] = set()
    for read in spec.reads.values():
        if isinstance(read, ListRead):
            needed.add(Permission("list", Resource.parse(read.resource), read.namespace))
            continue
        sub = ("create", "exec") if read.kind == "exec" else ("get", "log")
        needed |= _role(read.on, layout) | {_at(read.on, layout, *sub)}
    return frozenset(needed)


def of_step(step: Step, layout: Layout) -> frozenset[Permission]:
    """What a step's action, preview, saves and undo write or run."""
    actions = [step.action, *(save.read for save in step.saves), *(part.action for part in step.undo.parts)]
    if step.preview:
        actions.append(step.preview)
    needed: set[Permission] = set()
    for action in actions:
        if isinstance(action, ExecAction):
            needed |= _role(action.on, layout) | {_at(action.on, layout, "create", "exec")}
        elif isinstance(action, RestartAction):
            needed |= _role(action.on, layout) | {_at(action.on, layout, "delete")}
        elif isinstance(action, PatchAction | DeleteAction):
            verb = "patch" if isinstance(action, PatchAction) else "delete"
            resource = Resource.parse(action.resource)
            needed |= {Permission(v, resource, action.namespace) for v in ("get", verb)}
            # An undo by recreation makes again what this deletes.
            if verb == "delete" and any(part.action.kind == "recreate" for part in step.undo.parts):
                needed.add(Permission("create", resource, action.namespace))
    return frozenset(needed)


def collect(
    specs: Iterable[CheckSpec], guides: Iterable[Guide], layout: Layout
) -> dict[Permission, tuple[str, ...]]:
    """Every permission with who needs it: check ids, and ``article/step`` for fixes."""
    users: dict[Permission, list[str]] = {}
    for spec in specs:
        for permission in of_check(spec, layout):
            users.setdefault(permission, []).append(spec.id)
    for guide in guides:
        for step in guide.steps:
            for permission in of_step(step, layout):
                users.setdefault(permission, []).append(f"{guide.article}/{step.id}")
    return {
        p: tuple(users[p])
        for p in sorted(users, key=lambda p: (p.verb not in ("get", "list"), p.verb, p.shown))
    }


def _role(on: str, layout: Layout) -> set[Permission]:
    role = layout.role(on)
    found = {Permission("list", PODS, role.namespace)}
    if role.per == "node":
        found.add(Permission("list", NODES))
    if role.lease:
        found.add(Permission("get", LEASES, role.namespace))
    return found


def _at(on: str, layout: Layout, verb: str, subresource: str = "") -> Permission:
    return Permission(verb, PODS, layout.role(on).namespace, subresource)
