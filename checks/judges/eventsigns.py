"""Judges over warning events: what they are signs of, counted by the objects they are about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.judges.lists import failure
from checks.judges.shapes import told
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sign:
    """What an event of one of these reasons points to; `text` narrows it down by the message."""

    name: str
    reasons: tuple[str, ...]
    text: re.Pattern[str] = field(default_factory=lambda: re.compile(""))


SANDBOX = ("FailedCreatePodSandBox", "FailedCreatePodSandbox", "FailedKillPod")
NETWORK = (
    Sign("addresses", ("AcquireAddressFailed",), re.compile(r"NoAvailableAddress|no available", re.I)),
    Sign("conflict", ("AcquireAddressFailed",), re.compile("Conflict|OutOfRange", re.I)),
    Sign("acquire", ("AcquireAddressFailed",)),
    Sign("join", ("NodeAddressConflictWithSubnet",)),
    Sign("bridge", ("InitOVSBridgeFailed",)),
    Sign(
        "subnet",
        (
            "ValidateLogicalSwitchFailed",
            "ValidateSubnetVlanFailed",
            "AddLbToLogicalSwitchFailed",
            "SetPrivateLogicalSwitchFailed",
            "SetLogicalSwitchAclsFailed",
        ),
    ),
    Sign("socket", SANDBOX, re.compile(r"kube-ovn-daemon\.sock")),
    Sign("unrouted", SANDBOX, re.compile("route is not ready")),
    Sign("interface", SANDBOX, re.compile(r"interface \S+ is not ready|Too many open files")),
    Sign("gateway", SANDBOX, re.compile("network not ready after|no packets received from gateway")),
    Sign(
        "unallocated",
        SANDBOX,
        re.compile("no address allocated|NoAvailableAddress|request ip return 500"),
    ),
    Sign("cni", SANDBOX, re.compile("cni (?:plugin|config)|CNI network|network plugin", re.I)),
    Sign("sandbox", SANDBOX),
    Sign("plugin", ("NetworkNotReady",)),
)
"""Signs of the network's trouble in the order in which they are tried; Kube-OVN's reasons first."""
NODE = (
    Sign("notready", ("NodeNotReady",)),
    Sign("oom", ("SystemOOM", "OOMKilling")),
    Sign("evicted", ("Evicted", "EvictionThresholdMet", "FreeDiskSpaceFailed", "ImageGCFailed")),
    Sign("rebooted", ("Rebooted",)),
    Sign("kernel", ("TaskHung", "KernelOops", "KernelDeadlock", "FilesystemIsReadOnly")),
    Sign("runtime", ("ContainerRuntimeNotReady", "KubeletIsDown", "ContainerdUnhealthy", "DockerHung")),
    Sign("pleg", ("ContainerGCFailed", "NodeStatusUnknown"), re.compile("PLEG", re.I)),
    Sign("exec", ("Unhealthy",), re.compile("DeadlineExceeded|context deadline exceeded.*exec")),
)
"""Signs that a node is in trouble; several come from node-problem-detector."""


def judge_network_events(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Warnings about addresses, sandboxes and bridges; from `fail` different objects of one sign on it fails."""
    return _judged(facts, params, NETWORK, "network")


def judge_node_events(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Warnings about nodes: out of memory, evictions, restarts, hanging kernels."""
    return _judged(facts, params, NODE, "node")


def sign_of(event: Event, signs: Sequence[Sign]) -> str:
    """The first sign that an event is; empty where it is none of them."""
    reason, text = str(event.get("reason") or ""), str(event.get("message") or "")[:4000]
    return next((s.name for s in signs if reason in s.reasons and s.text.search(text)), "")


def _judged(
    facts: Mapping[str, Fact], params: Mapping[str, JSON], signs: Sequence[Sign], which: str
) -> Judgement:
    if lost := failure(facts, "events"):
        return lost
    events = facts["events"].items
    by_sign: dict[str, list[Event]] = {}
    for event in events:
        if sign := sign_of(event, signs):
            by_sign.setdefault(sign, []).append(event)
    order = [sign.name for sign in signs]
    rows = [_row(sign, by_sign[sign], params) for sign in order if sign in by_sign]
    nameless = [e for e in events if not e.get("reason")]
    broken = [
        Row("events", Verdict.UNKNOWN, message("eventsigns.odd"), data={"reason": "unparsable"})
        for _ in nameless
    ]
    most = max(rows, key=lambda row: int(row.value or 0), default=None)
    data: dict[str, JSON] = {
        "warnings": len(events),
        "objects": len({_about(e) for found in by_sign.values() for e in found}),
        "worst": most.target if most else "",
        "node": str(most.data["node"]) if most else "",
        **{sign: len({_about(e) for e in by_sign.get(sign, ())}) for sign in order},
    }
    verdict = max((row.verdict for row in rows), key=lambda v: v is Verdict.FAIL, default=Verdict.OK)
    text = message(f"eventsigns.{which}-{'bad' if rows else 'ok'}", **data)
    return told(rows, broken, text, verdict=verdict, value=data["objects"], data=data)


def _about(event: Event) -> tuple[str, str, str]:
    return str(event.get("kind")), str(event.get("namespace")), str(event.get("name"))


def _row(sign: str, events: Sequence[Event], params: Mapping[str, JSON]) -> Row:
    objects = {_about(event) for event in events}
    nodes = Counter(str(event.get("node")) for event in events if event.get("node"))
    last = events[-1]
    data: dict[str, JSON] = {
        "objects": len(objects),
        "events": sum(int(event.get("count") or 1) for event in events),
        "node": nodes.most_common(1)[0][0] if nodes else "",
        "nodes": len(nodes),
        "reason": str(last.get("reason") or ""),
        "example": "/".join(part for part in _about(last)[1:] if part),
    }
    text = message(f"eventsigns.{sign}", count=len(objects), text=one_line(str(last.get("message")), 160))
    verdict = Verdict.FAIL if len(objects) >= int(params["fail"]) else Verdict.WARN
    return Row(sign, verdict, text, value=len(objects), data=data)
