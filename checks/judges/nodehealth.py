"""Judges over Node objects: what the kubelet and Kube-OVN report of every node, and how busy it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.cel.values import Unknown, to_quantity
from checks.judges.lists import (
    Object,
    annotations_of,
    failure,
    labels,
    name,
    spec,
    status,
    unix,
    unknown,
)
from checks.judges.pernode import bad, folded, graded, leading
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
SIGNS = (
    ("pleg", ("PLEG is not healthy",)),
    ("runtime", ("container runtime is down", "container runtime not ready")),
    ("silent", ("Kubelet stopped posting node status", "NodeStatusNeverUpdated")),
    ("cni", ("cni plugin not initialized", "NetworkPluginNotReady", "network is not ready")),
    ("certificate", ("x509: certificate has expired",)),
)
"""What a message of the Ready condition points to; the first that fits."""
NOTE = "ovn.kubernetes.io/"


def conditions(node: Object) -> dict[str, Mapping[str, JSON]]:
    """The conditions of a Node by type."""
    found = status(node).get("conditions")
    listed = found if isinstance(found, list) else []
    return {str(c.get("type", "")): c for c in listed if isinstance(c, Mapping)}


def linux(nodes: Iterable[Object]) -> list[Object]:
    """The nodes that Kube-OVN serves, by name: Linux, and no virtual kubelets."""
    mine = [
        node
        for node in nodes
        if labels(node).get("kubernetes.io/os", "linux") == "linux"
        and labels(node).get("type") != "virtual-kubelet"
    ]
    return sorted(mine, key=name)


def said(condition: Mapping[str, JSON]) -> str:
    """Reason and message of a condition as one line."""
    return one_line(": ".join(str(condition[k]) for k in ("reason", "message") if condition.get(k)), 200)


# --- conditions -----------------------------------------------------------------------------------------------------


def judge_node_conditions(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """A node that is not Ready fails, one under pressure warns; data counts them and what their messages point to."""
    if lost := failure(facts, "nodes"):
        return lost
    nodes = sorted(facts["nodes"].items, key=name)
    if not nodes:
        return unknown("absent", message("nodehealth.no-nodes"))
    rows = [_condition_row(node, now) for node in nodes]
    signs = [str(row.data.get("sign", "")) for row in rows]
    data: dict[str, JSON] = {
        "total": len(rows),
        "not_ready": sum(row.verdict is Verdict.FAIL for row in rows),
        "pressure": sum(bool(row.data.get("pressure")) for row in rows),
        "cordoned": sum(bool(row.data.get("cordoned")) for row in rows),
        "worst": leading(rows),
        **{key: signs.count(key) for key, _ in SIGNS},
    }
    which = "conditions-bad" if bad(rows) else "conditions-ok"
    return folded(rows, message(f"nodehealth.{which}", **data), value=len(bad(rows)), data=data)


def _condition_row(node: Object, now: float) -> Row:
    found = conditions(node)
    ready = found.get("Ready")
    cordoned = bool(spec(node).get("unschedulable"))
    if ready is None:
        return Row(name(node), Verdict.UNKNOWN, message("nodehealth.no-ready"), data={"reason": "unparsable"})
    pressure = [p for p in PRESSURES if str((found.get(p) or {}).get("status")) == "True"]
    data: dict[str, JSON] = {"pressure": ",".join(pressure), "cordoned": cordoned, "sign": "", "since": None}
    if ready.get("status") != "True":
        text = said(ready)
        data["sign"] = next((key for key, parts in SIGNS if any(part in text for part in parts)), "")
        since = unix(ready.get("lastTransitionTime"))
        data["since"] = None if since is None else int(now - since)
        return Row(name(node), Verdict.FAIL, message("nodehealth.not-ready", why=text or "?"), data=data)
    if pressure:
        text = "; ".join(f"{p}: {said(found[p])}" for p in pressure)
        return Row(name(node), Verdict.WARN, message("nodehealth.pressure", what=text), data=data)
    return Row(
        name(node),
        Verdict.OK,
        message("nodehealth.cordoned" if cordoned else "nodehealth.ready"),
        data=data,
    )


# --- Kube-OVN's own condition ---------------------------------------------------------------------------------------


def judge_node_network(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """NetworkUnavailable=True fails; a node without an address in the join Subnet fails; no condition proves nothing.

    kube-ovn-cni writes the condition from 1.12.35 and 1.13.15 on; data `reported` counts the nodes that have it.
    """
    if lost := failure(facts, "nodes"):
        return lost
    nodes = linux(facts["nodes"].items)
    if not nodes:
        return unknown("absent", message("nodehealth.no-nodes"))
    rows = [_network_row(node) for node in nodes]
    data: dict[str, JSON] = {
        "total": len(rows),
        "reported": sum(bool(row.data.get("reported")) for row in rows),
        "unavailable": sum(bool(row.data.get("unavailable")) for row in rows),
        "unallocated": sum(not row.data.get("allocated") for row in rows),
        "worst": leading(rows),
    }
    which = "network-bad" if bad(rows) else "network-ok"
    return folded(rows, message(f"nodehealth.{which}", **data), value=len(bad(rows)), data=data)


def _network_row(node: Object) -> Row:
    condition = conditions(node).get("NetworkUnavailable")
    notes = annotations_of(node)
    allocated = notes.get(f"{NOTE}allocated") == "true" and bool(notes.get(f"{NOTE}ip_address"))
    state = str((condition or {}).get("status", ""))
    data: dict[str, JSON] = {
        "reported": state in ("True", "False"),
        "unavailable": state == "True",
        "allocated": allocated,
        "address": str(notes.get(f"{NOTE}ip_address", "")),
    }
    if state == "True" and condition is not None:
        text = message("nodehealth.unavailable", why=said(condition) or "?")
        return Row(name(node), Verdict.FAIL, text, data=data)
    if not allocated:
        return Row(name(node), Verdict.FAIL, message("nodehealth.unallocated"), data=data)
    which = "joined" if data["reported"] else "joined-unreported"
    return Row(
        name(node), Verdict.OK, message(f"nodehealth.{which}", address=data["address"] or "?"), data=data
    )


# --- use ------------------------------------------------------------------------------------------------------------


def judge_node_usage(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """CPU and memory in use against what is allocatable, in percent; skipped where metrics.k8s.io is not served."""
    if lost := failure(facts, "nodes", "metrics"):
        return lost
    used = {name(m): m for m in facts["metrics"].items}
    nodes = sorted(facts["nodes"].items, key=name)
    if not nodes:
        return unknown("absent", message("nodehealth.no-nodes"))
    if not used:
        return Judgement(Verdict.SKIPPED, message("nodehealth.no-metrics"))
    rows = [_usage_row(node, used.get(name(node)), params) for node in nodes]
    known = [row for row in rows if row.verdict is not Verdict.UNKNOWN]
    most = max(known, key=lambda row: float(row.value or 0), default=None)
    data: dict[str, JSON] = {
        "total": len(rows),
        "busy": len(bad(rows)),
        "top": most.value if most else None,
        "worst": most.target if most else "",
    }
    return folded(rows, message("nodehealth.usage", **data), value=data["top"], data=data)


def _usage_row(node: Object, metrics: Object | None, params: Mapping[str, JSON]) -> Row:
    have = status(node).get("allocatable")
    usage = (metrics or {}).get("usage")
    try:
        if not isinstance(have, Mapping) or not isinstance(usage, Mapping):
            raise Unknown(message("nodehealth.no-numbers"))
        cpu, memory = (_share(usage.get(key), have.get(key)) for key in ("cpu", "memory"))
    except Unknown:
        reason = "absent" if metrics is None else "unparsable"
        return Row(name(node), Verdict.UNKNOWN, message("nodehealth.no-usage"), data={"reason": reason})
    data: dict[str, JSON] = {"cpu": cpu, "memory": memory}
    text = message("nodehealth.usage-row", **data)
    return Row(name(node), graded(max(cpu, memory), params), text, value=max(cpu, memory), data=data)


def _share(used: object, whole: object) -> int:
    """Percent; metrics-server writes nanocores (``123456789n``), which are no quantity of an object."""
    if isinstance(used, str) and used[-1:] in ("n", "u") and used[:-1].isdigit():
        used = float(used[:-1]) * (1e-9 if used[-1] == "n" else 1e-6)
    total = to_quantity(whole)
    if total <= 0:
        raise Unknown(message("nodehealth.nothing-allocatable"))
    return round(100 * to_quantity(used) / total)


def judge_node_load(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The five-minute load per CPU of every node; the CPUs are those of the Node object."""
    from checks.judges.pernode import nobody, nodes_of, unread

    if lost := nobody(facts, "load") or failure(facts, "nodes"):
        return lost
    cpus = {name(n): (status(n).get("capacity") or {}).get("cpu") for n in facts["nodes"].items}
    rows = []
    for at in nodes_of(facts, "load"):
        if answer := at.failed("load"):
            rows.append(unread(at.target, answer))
            continue
        load = float(at.value("load")["five"])
        try:
            cores = to_quantity(cpus.get(at.node))
            share = round(load / cores, 2)
        except (Unknown, ZeroDivisionError):
            rows.append(
                Row(at.target, Verdict.UNKNOWN, message("nodehealth.no-cpus"), data={"reason": "absent"})
            )
            continue
        text = message("nodehealth.load-row", load=load, cpus=int(cores))
        rows.append(
            Row(at.target, graded(share, params), text, value=share, data={"load": load, "cpus": int(cores)})
        )
    known = [row for row in rows if row.verdict is not Verdict.UNKNOWN]
    top = max(known, key=lambda row: float(row.value or 0), default=None)
    data: dict[str, JSON] = {
        "total": len(rows),
        "busy": len(bad(rows)),
        "top": top.value if top else None,
        "worst": top.target if top else "",
    }
    return folded(rows, message("nodehealth.load", **data), value=data["top"], data=data)
