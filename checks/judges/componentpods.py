"""Judges over the pods of one component: the control plane's, CoreDNS's: Ready, and not restarting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from checks.judges.lists import Object, failure, labels, meta, name, spec, status, terminating, unix
from checks.judges.pernode import bad, folded, leading
from checks.judges.podhealth import containers, waiting
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.text import Text

ESSENTIAL = ("kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler")


def is_ready(pod: Object) -> bool:
    """Whether the pod's condition Ready is True."""
    found = status(pod).get("conditions")
    return any(
        isinstance(c, Mapping) and c.get("type") == "Ready" and c.get("status") == "True"
        for c in (found if isinstance(found, list) else ())
    )


def pod_row(pod: Object, recent: float, now: float) -> Row:
    """One pod: waiting in CrashLoopBackOff fails, not Ready fails, restarted lately warns."""
    reason, _ = waiting(pod)
    restarts, latest = 0, None
    for one in containers(pod):
        count = one.get("restartCount")
        restarts += count if isinstance(count, int) else 0
        last = (one.get("lastState") or {}).get("terminated")
        ended = unix(last.get("finishedAt")) if isinstance(last, Mapping) else None
        latest = max((t for t in (latest, ended) if t is not None), default=None)
    fresh = latest is not None and now - latest <= recent
    data: dict[str, JSON] = {
        "pod": name(pod),
        "node": str(spec(pod).get("nodeName") or ""),
        "ready": is_ready(pod),
        "restarts": restarts,
        "why": reason,
        "recent": fresh,
        "component": str(labels(pod).get("component") or ""),
    }
    if not data["ready"]:
        text = message("componentpods.not-ready", why=reason or str(status(pod).get("phase") or "?"))
        return Row(name(pod), Verdict.FAIL, text, value=restarts, data=data)
    if fresh:
        return Row(
            name(pod), Verdict.WARN, message("componentpods.restarted", restarts=restarts), restarts, data
        )
    return Row(name(pod), Verdict.OK, message("componentpods.ready", restarts=restarts), restarts, data)


def _living(facts: Mapping[str, Fact]) -> list[Object]:
    pods = [p for p in facts["pods"].items if not terminating(p) and meta(p)]
    return sorted((p for p in pods if status(p).get("phase") not in ("Succeeded", "Failed")), key=name)


def _folded(rows: list[Row], which: str, **more: JSON) -> Judgement:
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "unready": sum(not row.data.get("ready", True) for row in rows),
        "worst": leading(rows),
        **more,
    }
    text = message(f"componentpods.{which}-{'bad' if bad(rows) else 'ok'}", **data)
    return folded(rows, text, value=data["unready"], data=data)


def judge_control_plane(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The static pods of the control plane; a component none of whose pods is Ready is named.

    Skipped where there are none (hosted control planes); components that are not there as pods are not judged.
    """
    if lost := failure(facts, "pods"):
        return lost
    pods = _living(facts)
    if not pods:
        return Judgement(Verdict.SKIPPED, message("componentpods.hosted"))
    rows = [pod_row(pod, float(params["recent"]), now) for pod in pods]
    states: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        states[str(row.data["component"])].append(bool(row.data["ready"]))
    down = sorted(c for c, ready in states.items() if c in ESSENTIAL and not any(ready))
    return _folded(rows, "plane", down=",".join(down), components=",".join(sorted(states)))


def judge_dns_pods(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The pods behind kube-dns; all on one node warns, because that node then is the cluster's DNS."""
    if lost := failure(facts, "pods"):
        return lost
    pods = _living(facts)
    if not pods:
        return Judgement(Verdict.FAIL, message("componentpods.no-dns"), value=0, data={"total": 0})
    rows = [pod_row(pod, float(params["recent"]), now) for pod in pods]
    nodes = {str(row.data["node"]) for row in rows if row.data["ready"]}
    if len(rows) > 1 and len(nodes) == 1 and not bad(rows):
        text: Text = message("componentpods.one-node", node=next(iter(nodes)))
        rows.append(Row(next(iter(nodes)), Verdict.WARN, text, data={"ready": True}))
    return _folded(rows, "dns", nodes=len(nodes))
