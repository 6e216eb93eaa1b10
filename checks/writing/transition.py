"""Whether the writes of a step took hold of what they were sent to: looked at before the first and after the last one.

A pod that was restarted has another uid in its place, a patched object says what the patch says, a deleted one is
gone, a value that was saved before the write is another one. What cannot be read is unknown and never a change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.cluster import NODES, PODS, Cluster, Object, Resource
from checks.errors import ClusterError, NotFound
from checks.layout import Layout
from checks.plans.plan import Plan, PlannedWrite
from checks.plans.writes import content
from checks.writing import raftterm
from checks.writing.marks import Mark, MarkKind
from checks.writing.successor import Siblings, siblings_of, successor
from kb.messages import message
from kb.model import Step
from kb.safe import one_line
from kb.text import Text

FEW = 3
"""More objects of one kind and namespace than this are listed, not asked for one by one."""
TOLD = 20
"""Pods and nodes that are looked at only to be told of; what a step rests on is looked at however many there are."""
_KINDS: Mapping[str, MarkKind] = {"patch": "content", "delete": "gone", "create": "uid"}
Key = tuple[str, str, str]
"""Resource, namespace, name."""
Reread = Callable[[], Mapping[str, Any]]
"""Reads again what was saved before the write."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was seen before the first write; what could not be seen is left out."""

    siblings: Mapping[str, Siblings] = field(default_factory=dict)
    """By uid of the pod that goes."""
    boots: Mapping[str, str] = field(default_factory=dict)
    """Boot id by node."""
    restarts: Mapping[Key, tuple[str, int]] = field(default_factory=dict)
    """uid and restarts of the pods that commands run in."""
    generations: Mapping[Key, int] = field(default_factory=dict)
    """Of the objects that are patched, where they have one."""
    terms: Mapping[str, str] = field(default_factory=dict)
    """Raft term and leader by database, where the step may move them."""


def look_before(cluster: Cluster, plan: Plan, step: Step, layout: Layout | None = None) -> Before:
    """What is there before the first write; never raises for what the cluster does not answer."""
    found: dict[str, Siblings] = {}
    restarts = [write for write in plan.commands if write.kind == "restart"]
    for space in dict.fromkeys(write.namespace for write in restarts):
        pods = _listed(cluster, PODS, space)
        for write in restarts:
            if pods is not None and write.namespace == space:
                found[write.uid] = siblings_of(pods, write)
    return Before(
        found,
        _boots(cluster, plan, step),
        _restarts(cluster, _ran_in(plan)),
        _generations(_objects(cluster, [write for write in plan.commands if write.kind == "patch"])),
        raftterm.terms(cluster, layout) if layout is not None and raftterm.concerned(plan.commands) else {},
    )


def look_after(
    cluster: Cluster, plan: Plan, step: Step, before: Before, saved: Mapping[str, Any], reread: Reread,
    layout: Layout | None = None,
) -> tuple[Mark, ...]:  # fmt: skip
    """One mark for each target, as it is now; never raises for what the cluster does not answer."""
    objects = _objects(cluster, plan.commands)
    marks = [mark for write in plan.commands if (mark := _of_write(write, before, objects, plan))]
    marks += _of_saved(saved, reread) if saved else []
    for node, boot in _boots(cluster, plan, step).items():
        was = before.boots.get(node, "")
        marks.append(Mark("boot", node, was[:8], boot[:8], was != boot if was else None, False))
    for key, (uid, count) in _restarts(cluster, tuple(before.restarts)).items():
        was_uid, was_count = before.restarts[key]
        if (was_uid, was_count) != (uid, count):
            ends = f"{was_uid[:8]} ({was_count})", f"{uid[:8]} ({count})"
            marks.append(Mark("restarts", "/".join(key[1:]), *ends, True, False))
    now = raftterm.terms(cluster, layout) if layout is not None and before.terms else {}
    for name, was in before.terms.items():
        marks.append(
            Mark("raft", name, was, now.get(name, ""), was != now[name] if name in now else None, False)
        )
    return tuple(marks)


def lacking(marks: Iterable[Mark]) -> Text | None:
    """The first target that is as it was although its write was answered; None where there is none."""
    bad = next((mark for mark in marks if mark.needed and mark.changed is False), None)
    if bad is None:
        return None
    return message(f"execution.lacking-{bad.kind}", target=one_line(bad.target, 100), now=bad.after or "–")


# --- one write --------------------------------------------------------------------------------------------------------


def _of_write(
    write: PlannedWrite, before: Before, objects: Mapping[Key, Object | None], plan: Plan
) -> Mark | None:
    needed = plan.purpose == "do"
    if write.kind == "restart":
        return _restarted(write, before.siblings.get(write.uid), objects, needed)
    if write.kind not in ("patch", "delete", "create"):
        return None
    key = (write.resource, write.namespace, write.name)
    name = f"{Resource.parse(write.resource).plural}/{write.name}"
    if key not in objects:
        kind: MarkKind = _KINDS[write.kind]
        return Mark(kind, name, _short(write.uid or write.version), "", None, needed)
    now = objects[key]
    meta = now.get("metadata", {}) if now else {}
    uid = str(meta.get("uid", ""))
    if write.kind == "delete":
        waits = ", ".join(str(one) for one in (meta.get("finalizers") or [])[:3] if uid == write.uid)
        return Mark("gone", name, _short(write.uid), waits or _short(uid), uid != write.uid, needed)
    if write.kind == "create":
        return Mark("uid", name, "", _short(uid), bool(uid), False)
    # A patch may let an object go: away is another state than the one that was shown.
    changed = now is None or content(now) != write.content
    wanted = write.patch_type == "merge" and bool(now) and contains(now, write.body)
    nothing = plan.preview.kind == "diff" and not plan.preview.total
    version, was = str(meta.get("resourceVersion", "")), before.generations.get(key)
    generation = meta.get("generation")
    ends = f"v{write.version}", f"v{version}" if version else ""
    if was is not None and generation is not None:
        ends = f"{ends[0]} (generation {was})", f"{ends[1]} (generation {generation})"
    return Mark("content", name, *ends, changed or wanted, needed and not nothing)


def _restarted(
    write: PlannedWrite, known: Siblings | None, objects: Mapping[Key, Object | None], needed: bool
) -> Mark:
    pods = [pod for (kind, space, _), pod in objects.items() if pod and (kind, space) == _pods(write)]
    if known is None or not pods:
        return Mark("uid", write.name, _short(write.uid), "", None, needed)
    new = successor(pods, known)
    uid = str(new["metadata"].get("uid", "")) if new else ""
    still = any(pod["metadata"].get("uid") == write.uid for pod in pods)
    after = f"{one_line(str(new['metadata'].get('name', '')), 80)} {_short(uid)}" if new else ""
    return Mark("uid", write.name, _short(write.uid), after, bool(new) and not still, needed)


def _pods(write: PlannedWrite) -> tuple[str, str]:
    return str(PODS), write.namespace


def contains(now: Any, wanted: Any) -> bool:
    """Whether a merge patch would change nothing: everything it says stands there already."""
    if not isinstance(wanted, Mapping):
        return bool(now == wanted)
    if not isinstance(now, Mapping):
        return False
    return all(
        key not in now if value is None else key in now and contains(now[key], value)
        for key, value in wanted.items()
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def _objects(cluster: Cluster, writes: Sequence[PlannedWrite]) -> dict[Key, Object | None]:
    """The objects as they are, None for those that are away; what was not answered is left out."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for write in writes:
        if write.kind == "restart":
            wanted.setdefault(_pods(write), set())
        elif write.kind in ("patch", "delete", "create"):
            wanted.setdefault((write.resource, write.namespace), set()).add(write.name)
    found: dict[Key, Object | None] = {}
    for (kind, space), names in wanted.items():
        resource = Resource.parse(kind)
        if names and len(names) <= FEW:
            for name in names:
                try:
                    found[kind, space, name] = cluster.get(resource, name, namespace=space)
                except NotFound:
                    found[kind, space, name] = None
                except ClusterError:
                    continue
        elif (listed := _listed(cluster, resource, space)) is not None:
            found |= dict.fromkeys(((kind, space, name) for name in names), None)
            found |= {(kind, space, str(one["metadata"].get("name", ""))): one for one in listed}
    return found


def _generations(objects: Mapping[Key, Object | None]) -> dict[Key, int]:
    known = ((key, one.get("metadata", {}).get("generation")) for key, one in objects.items() if one)
    return {key: number for key, number in known if isinstance(number, int)}


def _listed(cluster: Cluster, resource: Resource, namespace: str) -> list[Object] | None:
    try:
        return list(cluster.list(resource, namespace=namespace))
    except ClusterError:
        return None


def _ran_in(plan: Plan) -> tuple[Key, ...]:
    targets = (write.target for write in plan.commands if write.kind == "exec" and write.target)
    return tuple(dict.fromkeys((str(PODS), one.namespace, one.pod) for one in targets))[:TOLD]


def _restarts(cluster: Cluster, pods: Iterable[Key]) -> dict[Key, tuple[str, int]]:
    found: dict[Key, tuple[str, int]] = {}
    for key in pods:
        try:
            pod = cluster.get(PODS, key[2], namespace=key[1])
        except ClusterError:
            continue
        statuses = pod.get("status", {}).get("containerStatuses") or []
        count = sum(int(one.get("restartCount") or 0) for one in statuses if isinstance(one, Mapping))
        found[key] = str(pod["metadata"].get("uid", "")), count
    return found


def _boots(cluster: Cluster, plan: Plan, step: Step) -> dict[str, str]:
    """Boot ids of the nodes that a person works on: a reboot is what such steps often are."""
    if not plan.manual:
        return {}
    names = (plan.values.get(spec.name) for spec in step.inputs if spec.type == "node")
    found: dict[str, str] = {}
    for name in list(dict.fromkeys(str(one) for one in names if one))[:TOLD]:
        try:
            node = cluster.get(NODES, name)
        except ClusterError:
            continue
        found[name] = str(node.get("status", {}).get("nodeInfo", {}).get("bootID", ""))
    return {name: boot for name, boot in found.items() if boot}


def _of_saved(saved: Mapping[str, Any], reread: Reread) -> list[Mark]:
    """Values that were saved before the write and fit into a line, as they are now."""
    small = {name: value for name, value in saved.items() if _fits(value)}
    if not small:
        return []
    now = reread()
    return [
        Mark("saved", name, _said(value), _said(now[name]), value != now[name], False)
        if name in now
        else Mark("saved", name, _said(value), "", None, False)
        for name, value in small.items()
    ]


def _fits(value: Any) -> bool:
    return value is None or (isinstance(value, (str, int, float, bool)) and len(str(value)) <= 200)


def _said(value: Any) -> str:
    return one_line(str(value), 80) if value not in (None, "") else ""


def _short(uid: str) -> str:
    return uid[:8]
