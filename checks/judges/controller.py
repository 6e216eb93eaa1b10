"""Judges over kube-ovn-controller: its leader lease, the errors it logs, and whether it panics."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from checks.judges.lists import (
    Object,
    failure,
    name,
    namespace,
    spec,
    status,
    unix,
    unknown,
)
from checks.model import JSON, Answer, Fact, Judgement, Row, Verdict, worst
from kb.messages import message

LEASE = "kube-ovn-controller"

# Literals of the controller's log (kube-ovn pkg/controller/{pod,ip,subnet}.go); named so that a guide can ask for one.
SIGNATURES = {
    "subnet-not-found": re.compile(r'subnet\.kubeovn\.io \\?"(?P<name>[^"\\]+)\\?" not found'),
    "error-syncing": re.compile(r"error syncing '?(?P<name>[^':]+)"),
    "range-empty": re.compile(
        r"subnet (?P<name>\S+) has \d+ v[46] ip in use, while the v[46] using ip range is empty"
    ),
    "address-conflict": re.compile(r"(?P<name>AddressConflict|AddressOutOfRange)"),
    "no-address": re.compile(r"(?P<name>NoAvailableAddress)"),
}
_VARYING = (
    (re.compile(r'\\?"[^"]*"|\'[^\']*\''), '"…"'),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b"), "<uuid>"),
    (re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), "<ip>"),
    (re.compile(r"\b\d+(?:\.\d+)?(?=\b|[a-zµ]+\b)"), "<n>"),
)


# --- lease ----------------------------------------------------------------------------------------------------------


def judge_controller_lease(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Age in seconds of the lease's renewTime, and whether its holder is a Ready pod; old or missing fails."""
    if bad := failure(facts, "leases", "pods"):
        return bad
    pods = facts["pods"].items
    ready = {name(pod) for pod in pods if pod_ready(pod)}
    leases = [lease for lease in facts["leases"].items if name(lease) == LEASE]
    data: dict[str, JSON] = {"leader": "", "age": None, "ready": len(ready), "replicas": len(pods)}
    if not leases:
        if not pods:
            return unknown("absent", message("controller.lease-absent"))
        return Judgement(Verdict.FAIL, message("controller.lease-none", total=len(pods)), data=data)
    lease = leases[0]
    renewed = unix(spec(lease).get("renewTime"))
    # client-go writes "<pod>_<uuid>" where no identity is set; Kube-OVN sets the pod's name (1.9.27 to 1.15.24).
    holder = str(spec(lease).get("holderIdentity") or "")
    leader = holder.partition("_")[0]
    data |= {"leader": leader, "namespace": namespace(lease)}
    if renewed is None:
        return unknown("unparsable", message("controller.lease-unparsable"))
    age = max(0, int(now - renewed))
    data |= {"age": age, "leader_ready": leader in ready}
    if age > float(params.get("fail", 120)) or not leader:
        verdict, key = Verdict.FAIL, "lease-old"
    elif leader not in ready:
        verdict, key = Verdict.WARN, "lease-holder"
    elif age > float(params.get("warn", 60)):
        verdict, key = Verdict.WARN, "lease-old"
    else:
        verdict, key = Verdict.OK, "lease-ok"
    text = message(f"controller.{key}", leader=leader or "-", age=age, ready=len(ready), total=len(pods))
    return Judgement(verdict, text, value=age, data=data)


def pod_ready(pod: Object) -> bool:
    """Whether a pod is Running with its Ready condition True."""
    conditions = status(pod).get("conditions") or ()
    ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)
    return status(pod).get("phase") == "Running" and ready


# --- errors ---------------------------------------------------------------------------------------------------------


def judge_controller_errors(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Error lines (klog ``E``) of every controller pod, grouped by what varies not; `signature` asks for one literal.

    Without a signature the number of lines decides (`warn`); with one, any line that has it warns.
    """
    bad, answers = failure(facts, "log"), facts["log"].good if "log" in facts else ()
    if bad and not answers:
        return bad
    lines = [line for answer in answers for line in answer.value if line.get("level") in ("E", "F")]
    hits = {key: Counter(_hits(pattern, lines)) for key, pattern in SIGNATURES.items()}
    groups = Counter(grouped(str(line.get("text", ""))) for line in lines)
    examples = {grouped(str(line.get("text", ""))): line for line in lines}
    signature = str(params.get("signature") or "")
    found = sum(hits[signature].values()) if signature in hits else len(lines)
    data: dict[str, JSON] = {"errors": len(lines), "groups": len(groups), "matches": found}
    data |= {key.replace("-", "_"): sum(counts.values()) for key, counts in hits.items()}
    tables = {
        "groups": tuple(
            {
                "text": text,
                "count": n,
                "source": examples[text].get("source", ""),
                "example": examples[text]["text"],
            }
            for text, n in groups.most_common(50)
        ),
        "missing_subnets": tuple({"name": n, "count": c} for n, c in hits["subnet-not-found"].most_common()),
        "syncing": tuple({"name": n, "count": c} for n, c in hits["error-syncing"].most_common()),
    }
    limit = 1 if signature else int(params.get("warn", 100))
    if bad and found < limit:  # the log that could not be read may hold what was asked for
        return replace(bad, data=data, tables=tables)
    verdict = Verdict.WARN if found >= limit else Verdict.OK
    first = groups.most_common(1)[0][0] if groups else ""
    if signature:
        text = message("controller.signature", count=found, signature=signature)
    elif first:
        text = message("controller.errors", count=len(lines), groups=len(groups), first=first[:120])
    else:
        text = message("controller.errors-none")
    return Judgement(verdict, text, value=found, data=data, tables=tables)


def _hits(pattern: re.Pattern[str], lines: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for line in lines:
        if match := pattern.search(str(line.get("text", ""))):
            yield match["name"]


def grouped(text: str) -> str:
    """A log message with names, numbers, addresses and UUIDs taken out, so that repetitions fall together."""
    for pattern, mark in _VARYING:
        text = pattern.sub(mark, text)
    return text


# --- panics ---------------------------------------------------------------------------------------------------------


def judge_controller_panics(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Last words of restarted controller containers: a nil Subnet panic fails (#6275 brought it, #6312 fixed it)."""
    if bad := failure(facts, "pods"):
        return bad
    pods = facts["pods"].items
    if not pods:
        return unknown("absent", message("controller.no-pods"))
    answers = {a.pod or a.target: a for a in facts["previous"].answers} if "previous" in facts else {}
    rows = tuple(_panic_row(pod, answers.get(name(pod)), facts.get("previous")) for pod in pods)
    verdict = worst(tuple(row.verdict for row in rows))
    data = {
        "known": sum(row.data.get("kind") == "nil-subnet" for row in rows),
        "panics": sum(row.data.get("kind") in ("nil-subnet", "panic") for row in rows),
        "restarts": sum(int(row.data.get("restarts", 0)) for row in rows),
        "crashing": sum(bool(row.data.get("crashing")) for row in rows),
    }
    lead = max(rows, key=lambda row: list(Verdict).index(row.verdict) if row.verdict == verdict else -1)
    if verdict == Verdict.UNKNOWN:
        reason = str(lead.data.get("reason") or "absent")
        judged = unknown(reason, message("controller.panics-unread", pod=lead.target))
        return Judgement(
            judged.verdict, judged.summary, reason=reason, remedy=judged.remedy, data=data, rows=rows
        )
    key = {Verdict.OK: "panics-ok", Verdict.WARN: "panics-restarts"}.get(verdict, "panics-found")
    text = message(
        f"controller.{key}", pod=lead.target, restarts=data["restarts"], line=lead.data.get("line", "")
    )
    return Judgement(verdict, text, value=data["panics"], data=data, rows=rows)


def restarts(pod: Object) -> tuple[int, bool]:
    """How often the containers of a pod were restarted in sum, and whether one waits in CrashLoopBackOff."""
    states = status(pod).get("containerStatuses") or ()
    total = sum(int(c.get("restartCount") or 0) for c in states)
    crashing = any(
        ((c.get("state") or {}).get("waiting") or {}).get("reason") == "CrashLoopBackOff" for c in states
    )
    return total, crashing


def _panic_row(pod: Object, answer: Answer | None, fact: Fact | None) -> Row:
    count, crashing = restarts(pod)
    target = name(pod)
    data: dict[str, JSON] = {"restarts": count, "crashing": crashing, "kind": "", "line": ""}
    if count == 0:
        # A container that never ended has no previous log; asking for it is an error that means health.
        return Row(target, Verdict.OK, message("controller.panic-row-quiet"), data=data)
    if answer is None or answer.error:
        reason = answer.error if answer else (fact.error if fact else "") or "absent"
        text = message("controller.panics-unread", pod=target)
        return Row(
            target, Verdict.FAIL if crashing else Verdict.UNKNOWN, text, data=data | {"reason": reason}
        )
    lines = [str(line.get("line", "")) for line in answer.value]
    fatal = [line for line in lines if "panic:" in line or "runtime error" in line]
    trace = any("isOvnSubnet" in line for line in lines)
    if fatal and trace:
        text = message("controller.panic-row-known", restarts=count)
        return Row(
            target, Verdict.FAIL, text, value=count, data=data | {"kind": "nil-subnet", "line": fatal[0]}
        )
    if fatal:
        text = message("controller.panic-row", line=fatal[0])
        return Row(target, Verdict.FAIL, text, value=count, data=data | {"kind": "panic", "line": fatal[0]})
    verdict = Verdict.FAIL if crashing else Verdict.WARN if count >= 3 else Verdict.OK
    return Row(
        target, verdict, message("controller.panic-row-restarts", restarts=count), value=count, data=data
    )
