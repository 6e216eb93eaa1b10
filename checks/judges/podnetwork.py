"""Judges of pods and their network: at which step a waiting one stands, and whether a running one has its OVS port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from checks.judges import lists
from checks.judges.pernode import nobody, unread
from checks.judges.wholes import judged, listing, mapping, text_of
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
NOTE = "ovn.kubernetes.io/"
STEPS = ("address", "route", "interface")
"""Who has to act next: the controller's IPAM, the controller again, kube-ovn-cni and OVS on the node."""
_CREATING = ("ContainerCreating", "PodInitializing", "")


def judge_waiting_pods(facts: Facts, params: Params, now: float) -> Judgement:
    """Placed pods whose network is not there after ``params.age`` seconds, by the step at which they stand.

    Data: ``address``, ``route``, ``interface`` (how many), ``node`` (where most wait for their interface).
    """
    lost = lists.failure(facts, "pods")
    if lost:
        return lost
    rows = [_step_row(pod) for pod in facts["pods"].items if _waits(pod, now, float(params["age"]))]
    steps = Counter(str(row.data["step"]) for row in rows)
    nodes = Counter(str(row.data["node"]) for row in rows if row.data["step"] == "interface")
    data: dict[str, JSON] = {step: steps[step] for step in STEPS}
    data["node"] = nodes.most_common(1)[0][0] if nodes else ""
    if not rows:
        return Judgement(Verdict.OK, message("podnet.none"), value=0, data={**data, "total": 0, "bad": 0})
    if len(rows) >= int(params["fail"]):
        rows = [Row(row.target, Verdict.FAIL, row.text, data=row.data) for row in rows]
    return judged(
        rows,
        well=message("podnet.none"),
        wrong=message("podnet.waiting", **{step: steps[step] for step in STEPS}),
        none=message("podnet.none"),
        data=data,
    )


def _waits(pod: lists.Object, now: float, age: float) -> bool:
    spec, status, born = lists.spec(pod), lists.status(pod), lists.created(pod)
    placed = bool(spec.get("nodeName")) and not spec.get("hostNetwork") and not lists.terminating(pod)
    reasons = [
        text_of(mapping(mapping(mapping(entry).get("state")).get("waiting")).get("reason"))
        for entry in listing(status.get("containerStatuses"))
    ]
    # An address in the status, or an image that cannot be pulled, means that the sandbox is up.
    networked = bool(status.get("podIP")) or any(reason not in _CREATING for reason in reasons)
    old = born is not None and now - born >= age
    return status.get("phase") == "Pending" and placed and not networked and old


def _step_row(pod: lists.Object) -> Row:
    notes = mapping(lists.meta(pod).get("annotations"))
    target, node = f"{lists.namespace(pod)}/{lists.name(pod)}", text_of(lists.spec(pod).get("nodeName"))
    subnet = one_line(text_of(notes.get(f"{NOTE}logical_switch")), 60)
    if notes.get(f"{NOTE}allocated") != "true":
        step, text = "address", message("podnet.address", subnet=subnet or "-")
    elif notes.get(f"{NOTE}routed") != "true":
        step, text = "route", message("podnet.route")
    else:
        step, text = "interface", message("podnet.interface", node=one_line(node, 60))
    return Row(target, Verdict.WARN, text, data={"step": step, "node": node, "subnet": subnet})


# --- ports of running pods ------------------------------------------------------------------------------------------


def judge_pod_ports(facts: Facts, params: Params, now: float) -> Judgement:
    """Running pods of the overlay against the OVS interfaces of their node.

    Data: ``missing`` (pods without one). Virtual machines are left out: their port carries the machine's name.
    """
    lost = nobody(facts, "ifaces") or lists.failure(facts, "pods")
    if lost:
        return lost
    by_node: dict[str, list[str]] = {}
    for pod in facts["pods"].items:
        if _has_port(pod, now, float(params["age"])):
            name = f"{lists.name(pod)}.{lists.namespace(pod)}"
            by_node.setdefault(text_of(lists.spec(pod).get("nodeName")), []).append(name)
    rows, missing = [], []
    for answer in facts["ifaces"].answers:
        if answer.error:
            rows.append(unread(answer.target, answer))
            continue
        held = {_iface_id(str(row.get("external_ids", ""))) for row in answer.value}
        wanted = by_node.get(answer.node or answer.target, [])
        lacking = sorted(name for name in wanted if name not in held)
        missing += lacking
        rows.append(_node_row(answer.target, len(wanted), lacking))
    return judged(
        rows,
        well=message("podnet.ports-ok", total=sum(map(len, by_node.values()))),
        wrong=message("podnet.ports-bad"),
        none=message("chassis.no-nodes"),
        data={"missing": missing[:200]},
    )


def _has_port(pod: lists.Object, now: float, age: float) -> bool:
    notes = mapping(lists.meta(pod).get("annotations"))
    machine = "kubevirt.io" in mapping(lists.meta(pod).get("labels"))
    since = lists.unix(lists.status(pod).get("startTime")) or lists.created(pod)
    return (
        lists.status(pod).get("phase") == "Running"
        and notes.get(f"{NOTE}allocated") == "true"
        and not lists.spec(pod).get("hostNetwork")
        and not lists.terminating(pod)
        and not machine
        and since is not None
        and now - since >= age
    )


def _iface_id(external_ids: str) -> str:
    """The iface-id in ``key=value key=value``, as ``--data=bare`` prints a map."""
    for word in external_ids.split():
        key, _, value = word.partition("=")
        if key == "iface-id":
            return value
    return ""


def _node_row(node: str, pods: int, lacking: list[str]) -> Row:
    data: dict[str, Any] = {"pods": pods, "missing": lacking[:50]}
    if lacking:
        shown = one_line(", ".join(lacking[:3]), 160)
        return Row(
            node, Verdict.FAIL, message("podnet.ports-row", count=len(lacking), first=shown), data=data
        )
    return Row(node, Verdict.OK, message("podnet.ports", count=pods), data=data)
