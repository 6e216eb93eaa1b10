"""Judges over the workloads of Kube-OVN: whether they are rolled out, and whether their containers keep dying."""

from __future__ import annotations

from collections.abc import Mapping

from checks.judges.lists import (
    Object,
    failure,
    meta,
    name,
    namespace,
    number,
    spec,
    status,
    unix,
    unknown,
)
from checks.model import JSON, Fact, Judgement, Row, Verdict, worst
from kb.messages import message
from kb.text import Text

# Read name to workload; the optional ones are not part of every installation.
REQUIRED = ("central", "controller", "ovs", "cni")
OPTIONAL = ("pinger", "monitor")
DAEMONS = ("ovs", "cni", "pinger")


# --- rollouts -------------------------------------------------------------------------------------------------------


def judge_workloads_ready(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Ready against desired pods of every Kube-OVN workload; ovn-central without a ready pod fails.

    A DaemonSet with fewer than `fail_percent` of its pods ready fails too; data holds ``<read>_ready`` and
    ``<read>_desired``, and ``ovs_strategy`` (OnDelete up to 1.11 in install.sh, RollingUpdate later).
    """
    central = _merged(facts, "central", "central_sts")
    if bad := failure({**facts, "central": central}, *REQUIRED):
        return bad
    rows: list[Row] = []
    data: dict[str, JSON] = {}
    for read in (*REQUIRED, *OPTIONAL):
        fact = central if read == "central" else facts.get(read)
        objects = fact.items if fact else []
        if not objects:
            if read in REQUIRED:
                rows.append(
                    Row(read, Verdict.UNKNOWN, message("workloads.absent", name=read), data={"read": read})
                )
            elif fact and (fact.error or fact.failed):
                reason = fact.error or fact.failed[0].error
                text = message("workloads.unread", name=read, why=reason)
                rows.append(Row(read, Verdict.UNKNOWN, text, data={"read": read, "reason": reason}))
            continue
        row = _rollout(read, objects[0], float(params.get("fail_percent", 50)))
        rows.append(row)
        if row.verdict is Verdict.UNKNOWN:
            continue
        data |= {f"{read}_ready": row.data["ready"], f"{read}_desired": row.data["desired"]}
        if read == "ovs":
            data["ovs_strategy"] = ((spec(objects[0]).get("updateStrategy") or {}).get("type")) or ""
    verdict = worst(tuple(row.verdict for row in rows))
    missing = [row for row in rows if row.verdict == Verdict.UNKNOWN]
    if len(missing) == len(rows):
        return unknown("absent", message("workloads.none"))
    bad_rows = [row for row in rows if row.verdict not in (Verdict.OK, Verdict.UNKNOWN)]
    data["unready"] = len(bad_rows)
    if bad_rows:
        first = bad_rows[0]
        text = message(
            "workloads.unready",
            count=len(bad_rows),
            name=first.target,
            ready=first.data["ready"],
            desired=first.data["desired"],
        )
    elif missing:
        text = missing[0].text
    else:
        text = message("workloads.ok", total=len(rows))
    reason = str(missing[0].data.get("reason", "absent")) if verdict == Verdict.UNKNOWN else ""
    remedy = unknown(reason, text).remedy if reason else Text()
    return Judgement(
        verdict, text, value=len(bad_rows), reason=reason, remedy=remedy, data=data, rows=tuple(rows)
    )


def _merged(facts: Mapping[str, Fact], first: str, second: str) -> Fact:
    """The first fact, or the second where the first found nothing (ovn-central as StatefulSet in hosted set-ups)."""
    one, two = facts.get(first, Fact(error="absent")), facts.get(second)
    return (
        two if two is not None and not one.failed and not one.error and not one.items and two.items else one
    )


def _rollout(read: str, obj: Object, fail_percent: float) -> Row:
    state = status(obj)
    daemon = read in DAEMONS
    desired = number(state.get("desiredNumberScheduled")) if daemon else number(spec(obj).get("replicas", 1))
    ready = number(state.get("numberReady" if daemon else "readyReplicas")) or 0
    updated = number(state.get("updatedNumberScheduled" if daemon else "updatedReplicas"))
    target = name(obj)
    if desired is None:  # nothing has counted its pods yet, so nothing is said by there being none
        text = message("workloads.unread", name=target, why="status")
        return Row(target, Verdict.UNKNOWN, text, data={"read": read, "reason": "absent"})
    observed = number(state.get("observedGeneration")) or 0
    behind = observed < (number(meta(obj).get("generation")) or 0)
    low = desired > 0 and ready * 100 < desired * fail_percent
    if ready >= desired and not behind:
        verdict = Verdict.OK
    elif (read == "central" and ready == 0) or (daemon and low):
        verdict = Verdict.FAIL
    else:
        verdict = Verdict.WARN
    data = {"read": read, "ready": ready, "desired": desired, "updated": updated, "behind": behind}
    return Row(
        target, verdict, message("workloads.row", ready=ready, desired=desired), value=ready, data=data
    )


# --- restarts -------------------------------------------------------------------------------------------------------


def judge_workloads_restarts(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Containers killed for memory or in CrashLoopBackOff fail; several restarts with a recent one warn.

    An OOM kill counts for `oom_window` seconds, a restart for `recent` seconds: Kubernetes keeps only the last end.
    """
    if bad := failure(facts, "pods"):
        return bad
    pods = facts["pods"].items
    if not pods:
        return unknown("absent", message("workloads.no-pods"))
    rows = [row for pod in sorted(pods, key=name) for row in _container_rows(pod, params, now)]
    table = tuple(dict(row.data) for row in rows)
    data = {
        "oom": sum(bool(r["oom"]) for r in table),
        "crashing": sum(bool(r["crashing"]) for r in table),
        "recent": sum(bool(r["recent"]) for r in table),
        "ovs_oom": sum(bool(r["oom"]) and r["app"] == "ovs" for r in table),
        "most": max((int(r["restarts"]) for r in table), default=0),
    }
    verdict = worst(tuple(row.verdict for row in rows)) if rows else Verdict.OK
    lead = next((row for row in rows if row.verdict == verdict), None)
    if verdict == Verdict.OK or lead is None:
        text = message("workloads.restarts-ok", total=len(pods))
    else:
        text = message(
            "workloads.restarts-bad", pod=lead.target, what=lead.data["why"], restarts=lead.data["restarts"]
        )
    shown = tuple(row for row in rows if row.verdict != Verdict.OK)
    return Judgement(verdict, text, value=data["most"], data=data, tables={"containers": table}, rows=shown)


def _container_rows(pod: Object, params: Mapping[str, JSON], now: float) -> list[Row]:
    rows = []
    for state in status(pod).get("containerStatuses") or ():
        count = int(state.get("restartCount") or 0)
        waiting = str(((state.get("state") or {}).get("waiting") or {}).get("reason") or "")
        last = (state.get("lastState") or {}).get("terminated") or {}
        ended = unix(last.get("finishedAt"))
        since = now - ended if ended is not None else None
        oom = last.get("reason") == "OOMKilled" and (
            since is None or since <= float(params.get("oom_window", 86400))
        )
        crashing = waiting == "CrashLoopBackOff"
        recent = since is not None and since <= float(params.get("recent", 3600)) and count > 0
        many = recent and count >= int(params.get("warn", 3))
        verdict = Verdict.FAIL if oom or crashing else Verdict.WARN if many else Verdict.OK
        why = waiting if crashing else "OOMKilled" if oom else str(last.get("reason") or "")
        data: dict[str, JSON] = {
            "namespace": namespace(pod),
            "pod": name(pod),
            "container": str(state.get("name") or ""),
            "app": str((meta(pod).get("labels") or {}).get("app") or ""),
            "node": str(spec(pod).get("nodeName") or ""),
            "restarts": count,
            "oom": oom,
            "crashing": crashing,
            "recent": recent,
            "why": why,
        }
        text = message("workloads.restarts-row", restarts=count, why=why or "-")
        rows.append(Row(f"{name(pod)}/{data['container']}", verdict, text, value=count, data=data))
    return rows
