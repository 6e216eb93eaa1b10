"""Judges over pods of all namespaces: those that do not start, and those that keep ending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.judges.lists import (
    Object,
    created,
    failure,
    name,
    namespace,
    spec,
    status,
    terminating,
    unix,
)
from checks.judges.shapes import split, told
from checks.model import JSON, Fact, Judgement, Row, Verdict, worst
from kb.messages import message
from kb.safe import one_line

IMAGE = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
CONFIG = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")


def readable(objects: Iterable[Object]) -> tuple[list[Object], list[Row]]:
    """The pods that tell when they were made, their phase and their containers, and rows of those that do not."""
    return split(objects, "status", sound=lambda p: isinstance(status(p).get("phase"), str) and _listed(p))


def _listed(pod: Object) -> bool:
    """Whether the container statuses, where there are any, are lists of mappings."""
    found = [status(pod).get(key) or [] for key in ("initContainerStatuses", "containerStatuses")]
    return all(isinstance(one, list) and all(isinstance(c, Mapping) for c in one) for one in found)


def containers(pod: Object) -> Iterator[Mapping[str, Any]]:
    """The statuses of all containers of a pod, init containers first."""
    for key in ("initContainerStatuses", "containerStatuses"):
        found = status(pod).get(key)
        for one in found if isinstance(found, list) else ():
            if isinstance(one, Mapping):
                yield one


def waiting(pod: Object) -> tuple[str, str]:
    """Reason and message of the first container that waits for something; empty where none does."""
    for one in containers(pod):
        state = (one.get("state") or {}).get("waiting")
        if isinstance(state, Mapping) and state.get("reason") != "PodInitializing":
            return str(state.get("reason") or ""), str(state.get("message") or "")
    return "", ""


def _condition(pod: Object, type_: str) -> Mapping[str, Any]:
    found = status(pod).get("conditions")
    listed = found if isinstance(found, list) else []
    return next((c for c in listed if isinstance(c, Mapping) and c.get("type") == type_), {})


# --- pods that do not start -----------------------------------------------------------------------------------------


def judge_pods_pending(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Pods that have been Pending longer than `age` seconds, by why; sandboxes that do not come up weigh most.

    Why: ``sandbox`` (assigned to a node, containers still being created: the network among others), ``image``,
    ``config``, ``unscheduled``, ``crash`` (an init container), ``gated``. From `fail` sandboxes on it fails.
    """
    if lost := failure(facts, "pods"):
        return lost
    pods, unread = readable(facts["pods"].items)
    pending = [p for p in pods if status(p).get("phase") == "Pending" and not terminating(p)]
    late = [p for p in pending if now - (created(p) or now) >= float(params["age"])]
    rows = [_pending_row(pod, now) for pod in sorted(late, key=lambda p: (namespace(p), name(p)))]
    kinds = Counter(str(row.data["why"]) for row in rows)
    nodes = Counter(str(row.data["node"]) for row in rows if row.data["why"] == "sandbox")
    data: dict[str, JSON] = {
        "pending": len(pending),
        "late": len(rows),
        **{why: kinds.get(why, 0) for why in ("sandbox", "image", "config", "unscheduled", "crash", "gated")},
        "node": nodes.most_common(1)[0][0] if nodes else "",
        "nodes": len(nodes),
    }
    stuck = len(rows) - kinds.get("gated", 0)
    verdict = Verdict.WARN if stuck else Verdict.OK
    if kinds.get("sandbox", 0) >= int(params["fail"]):
        verdict = Verdict.FAIL
    which = "pending-bad" if stuck else "pending-ok"
    return told(
        rows,
        unread,
        message(f"podhealth.{which}", **data),
        verdict=verdict,
        value=stuck,
        data=data,
        tables={"pods": tuple(dict(row.data) for row in rows)},
    )


def _pending_row(pod: Object, now: float) -> Row:
    reason, text = waiting(pod)
    node = str(spec(pod).get("nodeName") or "")
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("reason") == "SchedulingGated":
        why = "gated"
    elif not node:
        why, reason, text = (
            "unscheduled",
            str(scheduled.get("reason") or "Unscheduled"),
            str(scheduled.get("message") or ""),
        )
    elif reason in IMAGE:
        why = "image"
    elif reason in CONFIG:
        why = "config"
    elif reason == "CrashLoopBackOff":
        why = "crash"
    else:
        why = "sandbox"
    data: dict[str, JSON] = {
        "namespace": namespace(pod),
        "pod": name(pod),
        "node": node,
        "why": why,
        "reason": reason or "ContainerCreating",
        "age": int(now - (created(pod) or now)),
    }
    shown = message(
        "podhealth.pending-row", reason=data["reason"], node=node or "-", text=one_line(text, 160) or "-"
    )
    verdict = Verdict.OK if why == "gated" else Verdict.WARN
    return Row(f"{namespace(pod)}/{name(pod)}", verdict, shown, value=data["age"], data=data)


# --- pods that keep ending ------------------------------------------------------------------------------------------


def judge_pods_crashing(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Containers in CrashLoopBackOff, and containers that restarted within `recent` seconds; many at once fail.

    Many pods of different owners at once are no fault of the pods: look at their nodes and at DNS.
    """
    if lost := failure(facts, "pods"):
        return lost
    pods, unread = readable(facts["pods"].items)
    rows = [row for pod in pods if not terminating(pod) for row in _crash_rows(pod, params, now)]
    rows.sort(key=lambda row: (row.data["crashing"] is False, row.target))
    crashing = {row.data["pod"] for row in rows if row.data["crashing"]}
    nodes = Counter(str(row.data["node"]) for row in rows)
    data: dict[str, JSON] = {
        "total": len(pods),
        "crashing": len(crashing),
        "restarted": len(rows) - sum(bool(row.data["crashing"]) for row in rows),
        "node": nodes.most_common(1)[0][0] if nodes else "",
        "on_node": nodes.most_common(1)[0][1] if nodes else 0,
        "nodes": len(nodes),
    }
    verdict = worst((Verdict.OK, *(row.verdict for row in rows)))
    if len(crashing) >= int(params["fail"]):
        verdict = Verdict.FAIL
    which = "crashing-bad" if rows else "crashing-ok"
    return told(
        rows,
        unread,
        message(f"podhealth.{which}", **data),
        verdict=verdict,
        value=len(crashing),
        data=data,
        tables={"containers": tuple(dict(row.data) for row in rows)},
    )


def _crash_rows(pod: Object, params: Mapping[str, JSON], now: float) -> Iterator[Row]:
    for one in containers(pod):
        reason = str(((one.get("state") or {}).get("waiting") or {}).get("reason") or "")
        last = (one.get("lastState") or {}).get("terminated") or {}
        ended = unix(last.get("finishedAt")) if isinstance(last, Mapping) else None
        count = one.get("restartCount")
        recent = ended is not None and now - ended <= float(params["recent"])
        crashing = reason == "CrashLoopBackOff"
        if not crashing and not (recent and isinstance(count, int) and count > 0):
            continue
        why = str(last.get("reason") or "") if isinstance(last, Mapping) else ""
        data: dict[str, JSON] = {
            "namespace": namespace(pod),
            "pod": f"{namespace(pod)}/{name(pod)}",
            "container": str(one.get("name") or ""),
            "node": str(spec(pod).get("nodeName") or ""),
            "restarts": count if isinstance(count, int) else 0,
            "crashing": crashing,
            "why": why,
        }
        text = message(
            "podhealth.crashing-row",
            what=reason if crashing else "-",
            restarts=data["restarts"],
            why=why or "-",
        )
        target = f"{namespace(pod)}/{name(pod)}/{data['container']}"
        yield Row(target, Verdict.WARN, text, value=data["restarts"], data=data)
