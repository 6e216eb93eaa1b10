"""How far a step reaches, in numbers, and the kubectl lines it comes to, from its inputs. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from checks.cluster import Object, Resource, Target
from checks.outlook.scene import Scene, quietly
from checks.outlook.values import COMMANDS, Counted, Reach
from checks.plans.inputs import Choices
from checks.plans.plan import PlanError
from checks.plans.template import fill, fill_argv, fill_patch
from checks.plans.writes import delete_line, each_item, in_batches, patch_line
from checks.risk.degrees import effective
from kb.messages import message
from kb.model import DeleteAction, ExecAction, PatchAction, RestartAction, Step, Traffic, WaitAction

SAMPLED = 10
"""Objects of a step that are looked at: who keeps them as they are, how many pods hang on them."""
CROWDED = 3
"""Nodes whose pods are counted; for more of them each answer would be a list of its own."""
DATABASES = ("ovn-central", "ovn-nb-leader", "ovn-sb-leader")
"""Roles whose commands change what every node computes its flows from."""
DATA_PATH = ("ovs",)
WORKLOADS = ("deployments", "statefulsets", "daemonsets")

Line = tuple[str, ...]
Batch = tuple[int, int, dict[str, Any], tuple[str, ...]]


def reach_of(scene: Scene, step: Step, values: Mapping[str, Any]) -> Reach:
    """The numbers; raises PlanError, SlotError and ClusterError where they cannot be counted."""
    return measured(scene, step, values)[0]


def measured(scene: Scene, step: Step, values: Mapping[str, Any]) -> tuple[Reach, tuple[Line, ...]]:
    """The numbers, and what the step comes to as kubectl lines, the first `COMMANDS` of them; errors as `reach_of`."""
    action = step.action
    batches = tuple(in_batches(action, values)) if isinstance(action, ExecAction) else ()
    reach = _reach(scene, step, values, batches)
    return reach, tuple(islice(_lines(scene, step, values, batches), COMMANDS))


def _reach(scene: Scene, step: Step, values: Mapping[str, Any], batches: Sequence[Batch]) -> Reach:
    action = step.action
    if isinstance(action, ExecAction):
        found = _exec(scene, step, action, batches)
    elif isinstance(action, RestartAction):
        found = _restart(scene, action, values)
    elif isinstance(action, PatchAction | DeleteAction):
        found = _objects(scene, action, values)
    else:
        found = {"seconds": action.seconds if isinstance(action, WaitAction) else 0.0}
        found["longest"] = found["seconds"]
    found["subnets"] = max(found.get("subnets", 0), _subnets(step, values))
    return _timed(step, found)


def counted(step: Step, offered: Mapping[str, Choices]) -> tuple[Counted, ...]:
    """How many of how many are proposed, for every input that takes several."""
    found: list[Counted] = []
    for spec in step.inputs:
        chosen = offered[spec.name].default
        if spec.many and isinstance(chosen, (list, tuple)):
            found.append(Counted(spec.text, len(chosen), len(offered[spec.name].options)))
    return tuple(found)


def traffic_of(step: Step) -> Traffic | None:
    """Whose traffic it touches: what the author says, else what the action is known to do; None for unknown."""
    if step.traffic is not None:
        return step.traffic
    action = step.action
    if isinstance(action, RestartAction):
        return "existing" if action.on.partition("@")[0] in DATA_PATH else "changes"
    if isinstance(action, WaitAction) or effective(step) == "read":
        return None if action.kind in ("manual", "command") else "none"
    return None


# --- by kind of action ------------------------------------------------------------------------------------------------


def _exec(scene: Scene, step: Step, action: ExecAction, batches: Sequence[Batch]) -> dict[str, Any]:
    calls = [(count, own, scene.targets(fill(action.on, own))) for _, count, own, _ in batches]
    targets = _each_once(target for _, _, found in calls for target in found)
    writes = sum(len(found) for _, _, found in calls)
    data = action.on.partition("@")[0] in DATABASES and effective(step) != "read"
    follows = quietly(lambda: scene.targets("ovs")) if data and "ovs" in scene.layout.roles else None
    return {
        "pods": len(targets),
        "nodes": _nodes(targets),
        "rows": sum(count for count, _, _ in calls) if action.each else 0,
        "follows": _nodes(follows or ()),
        "writes": writes,
        "seconds": action.pause * max(0, writes - 1),
        "longest": action.timeout * writes + action.pause * max(0, writes - 1),
    }


def _restart(scene: Scene, action: RestartAction, values: Mapping[str, Any]) -> dict[str, Any]:
    items = each_item(action.each, values)
    found = _each_once(target for _, own in items for target in scene.targets(fill(action.on, own)))
    nodes = sorted({target.node for target in found if target.node})
    rides: list[int | None] = []
    data_path = action.on.partition("@")[0] in DATA_PATH
    if data_path:
        rides = [quietly(partial(scene.on_node, node)) for node in nodes[:CROWDED]]
    known = [count for count in rides if count is not None]
    whole = len(known) == len(rides) and len(nodes) <= CROWDED and data_path
    return {
        "restarts": len(found),
        "nodes": len(nodes),
        "passengers": sum(known) if whole else None,
        "writes": len(found),
        # the budgets may make each wait as long as its successor may take
        "longest": 2 * action.timeout * len(found),
    }


def _objects(scene: Scene, action: PatchAction | DeleteAction, values: Mapping[str, Any]) -> dict[str, Any]:
    writes = [own for _, own in each_item(action.each, values)]
    # Several rows may be about one object: it is counted as what the last of them makes of it.
    items = {(fill(action.namespace, own), fill(action.name, own)): own for own in writes}
    resource = Resource.parse(action.resource)
    found: dict[str, Any] = {"objects": {resource.dotted: len(items)}, "writes": len(writes)}
    if resource.plural == "subnets":
        found["subnets"] = len(items)
    if resource.group == "apps" and resource.plural in WORKLOADS:
        found |= _hanging(scene, action, list(items.values()))
    return found


def _hanging(
    scene: Scene, action: PatchAction | DeleteAction, items: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Pods that are replaced or go because the workload that made them changes."""
    replaced = stopped = 0
    for own in items[:SAMPLED]:
        obj = scene.object(action.resource, fill(action.namespace, own), fill(action.name, own))
        pods = _pods_of(obj)
        if isinstance(action, DeleteAction):
            stopped += pods
            continue
        body = fill_patch(action.type, action.body, own)
        wanted = _scaled_to(body, action.type)
        if wanted is not None:
            stopped += max(0, pods - wanted)
        if _touches_template(body, action.type) and not _on_delete(obj):
            replaced += pods
    return {"restarts": replaced, "stops": stopped, "sampled": len(items) > SAMPLED}


def _pods_of(obj: Object) -> int:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    count = status.get("desiredNumberScheduled", spec.get("replicas", 1))
    return count if isinstance(count, int) else 0


def _on_delete(obj: Object) -> bool:
    strategy = (obj.get("spec") or {}).get("updateStrategy") or {}
    return isinstance(strategy, Mapping) and strategy.get("type") == "OnDelete"


def _touches_template(body: Any, kind: str) -> bool:
    if kind == "json":
        paths = [f"{op.get('path', '')}/" for op in _changes(body)]
        whole = any("template" in spec for spec in _whole_specs(body))
        return whole or any(path.startswith("/spec/template/") for path in paths)
    return "template" in _spec(body)


def _spec(body: Any) -> Mapping[str, Any]:
    spec = body.get("spec") if isinstance(body, Mapping) else None
    return spec if isinstance(spec, Mapping) else {}


def _whole_specs(body: Any) -> list[Mapping[str, Any]]:
    """The specs that a JSON patch puts in place as a whole."""
    return [_spec({"spec": op.get("value")}) for op in _changes(body) if op.get("path") == "/spec"]


def _scaled_to(body: Any, kind: str) -> int | None:
    if kind == "json":
        found = [op.get("value") for op in _changes(body) if op.get("path") == "/spec/replicas"]
        found = found or [spec.get("replicas") for spec in _whole_specs(body)]
        count = found[-1] if found else None
    else:
        count = _spec(body).get("replicas")
    return count if isinstance(count, int) else None


def _changes(body: Any) -> list[Mapping[str, Any]]:
    """The operations of a JSON patch that change something."""
    return [op for op in body or () if isinstance(op, Mapping) and op.get("op") != "test"]


# --- the rest ---------------------------------------------------------------------------------------------------------


def _timed(step: Step, found: dict[str, Any]) -> Reach:
    verify = step.verify
    stable, within = (verify.stable_for, verify.within) if verify else (0.0, 0.0)
    least = found.pop("seconds", 0.0) + stable
    longest = found.pop("longest", 15.0 * found.get("writes", 0)) + within + stable
    return Reach(**found, seconds=least, longest=longest)


def _subnets(step: Step, values: Mapping[str, Any]) -> int:
    """Subnets that are named by the inputs: their networks, or the key `subnet` of the rows."""
    networks: set[str] = set()
    named: set[str] = set()
    for spec in step.inputs:
        value = values.get(spec.name)
        items = value if isinstance(value, (list, tuple)) else ()
        if spec.type == "cidr":
            networks |= {str(one) for one in (items or ([value] if value else []))}
        named |= {str(row["subnet"]) for row in items if isinstance(row, Mapping) and row.get("subnet")}
    return max(len(networks), len(named))


def _each_once(targets: Iterable[Target]) -> tuple[Target, ...]:
    return tuple({(one.namespace, one.pod): one for one in targets}.values())


def _nodes(targets: Iterable[Target]) -> int:
    return len({one.node for one in targets if one.node})


def _lines(scene: Scene, step: Step, values: Mapping[str, Any], batches: Sequence[Batch]) -> Iterator[Line]:
    action = step.action
    if isinstance(action, ExecAction):
        for _, _, own, tail in batches:
            argv = (*fill_argv(action.argv, own), *tail)
            yield from (target.kubectl(argv) for target in scene.targets(fill(action.on, own)))
    elif isinstance(action, RestartAction):
        for _, own in each_item(action.each, values):
            for one in scene.targets(fill(action.on, own)):
                yield ("kubectl", "-n", one.namespace, "delete", "pod", one.pod)
    elif isinstance(action, PatchAction):
        for _, own in each_item(action.each, values):
            namespace, name = fill(action.namespace, own), fill(action.name, own)
            yield patch_line(
                action.resource, namespace, name, action.type, fill_patch(action.type, action.body, own)
            )
    elif isinstance(action, DeleteAction):
        for _, own in each_item(action.each, values):
            yield delete_line(action.resource, fill(action.namespace, own), fill(action.name, own))
    elif not isinstance(action, WaitAction):
        raise PlanError(message("outlook.no-line"))
