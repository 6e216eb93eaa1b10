"""Judges of the ovs-ovn pods: memory and CPU against their limits, and what their DaemonSet allows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from checks.judges import lists
from checks.judges.pernode import (
    NodeAnswers,
    bad,
    folded,
    graded,
    nobody,
    nodes_of,
    samples,
    unread,
    whole_number,
)
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
CONTAINER = "openvswitch"
_QUANTITY = re.compile(r"^(?P<number>\d+(?:\.\d+)?)(?P<unit>[KMGT]i?|k)?$")
_UNITS = {
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "k": 1e3,
    "K": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}


def bytes_of(quantity: object) -> float | None:
    """The bytes of a Kubernetes quantity such as ``800Mi``; None for anything else."""
    match = _QUANTITY.match(str(quantity or ""))
    return float(match["number"]) * _UNITS.get(match["unit"] or "", 1) if match else None


# --- memory ---------------------------------------------------------------------------------------------------------


def judge_ovs_memory(facts: Facts, params: Params, now: float) -> Judgement:
    """VmRSS of ovs-vswitchd and ovn-controller against the container's memory limit; OOMKilled counts as failed.

    Data: ``max_share``, ``oom`` (pods killed lately), ``high`` (nodes above the warning); table ``nodes``
    ``{node, pod, mib, limit_mib, share, oom}``.
    """
    lost = nobody(facts, "vswitchd") or lists.failure(facts, "pods")
    if lost:
        return lost
    pods = {lists.name(pod): pod for pod in facts["pods"].items}
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for at in nodes_of(facts, "vswitchd", "controller"):
        failed = at.failed("vswitchd", "controller")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        mib = (int(at.value("vswitchd")["kb"]) + int(at.value("controller")["kb"])) / 1024
        limit = _memory_limit(pods.get(at.pod, {}))
        oom = _oom_killed(pods.get(at.pod, {}), now, float(params["oom_hours"]) * 3600)
        row = _memory_row(at, mib, limit, oom, params)
        rows.append(row)
        table.append({"node": at.node, "pod": at.pod, **row.data})
    table.sort(key=lambda entry: -(entry["share"] or 0.0))
    shares = [entry["share"] for entry in table if entry["share"] is not None]
    top = max(shares, default=0.0)
    killed = [entry["pod"] for entry in table if entry["oom"]]
    return folded(
        rows,
        message("ovs.memory", top=top, killed=len(killed), bad=len(bad(rows)), total=len(rows)),
        value=round(max((entry["mib"] for entry in table), default=0)),
        data={"max_share": round(top, 3), "oom": killed, "high": bad(rows)},
        tables={"nodes": tuple(table)},
    )


def _memory_row(at: NodeAnswers, mib: float, limit: float | None, oom: bool, params: Params) -> Row:
    limit_mib = None if limit is None else limit / 2**20
    share = None if not limit_mib else mib / limit_mib
    data = {
        "mib": round(mib),
        "limit_mib": None if limit_mib is None else round(limit_mib),
        "share": None if share is None else round(share, 3),
        "oom": oom,
    }
    if share is None:
        verdict = Verdict.OK
        text = message("ovs.memory-no-limit", mib=mib)
    else:
        verdict = graded(share, params)
        text = message("ovs.memory-row", mib=mib, limit=limit_mib, share=share)
    if oom:
        verdict = Verdict.FAIL
        text = message("ovs.memory-oom", row=text)
    return Row(at.target, verdict, text, value=round(mib), data=data)


def _memory_limit(pod: Mapping[str, Any]) -> float | None:
    for container in lists.spec(pod).get("containers") or ():
        if container.get("name") == CONTAINER:
            return bytes_of(((container.get("resources") or {}).get("limits") or {}).get("memory"))
    return None


def _oom_killed(pod: Mapping[str, Any], now: float, window: float) -> bool:
    for container in lists.status(pod).get("containerStatuses") or ():
        ended = (container.get("lastState") or {}).get("terminated") or {}
        if ended.get("reason") == "OOMKilled":
            finished = lists.unix(ended.get("finishedAt"))
            return finished is None or finished >= now - window
    return False


# --- CPU ------------------------------------------------------------------------------------------------------------


def judge_ovs_throttling(facts: Facts, params: Params, now: float) -> Judgement:
    """Share of throttled scheduling periods of the ovs-ovn container (cgroup v2, else v1), from two samples.

    Data: ``max_share``; table ``nodes`` ``{node, pod, share, throttled, periods}``.
    """
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for at in nodes_of(facts, "v2", "v1"):
        deltas = _cgroup_delta(at.value("v2")) or _cgroup_delta(at.value("v1"))
        if deltas is None:
            failed = at.failed("v2", "v1")
            if failed is None:
                rows.append(
                    Row(
                        at.target,
                        Verdict.UNKNOWN,
                        message("ovs.throttling-odd"),
                        data={"reason": "unparsable"},
                    )
                )
            else:
                rows.append(unread(at.target, failed))
            continue
        periods, throttled = deltas
        share = throttled / periods if periods > 0 else 0.0
        text = message("ovs.throttling-row", share=share, throttled=throttled, periods=periods)
        rows.append(
            Row(
                at.target, graded(share, params), text, value=round(share, 3), data={"share": round(share, 3)}
            )
        )
        table.append(
            {
                "node": at.node,
                "pod": at.pod,
                "share": round(share, 3),
                "throttled": throttled,
                "periods": periods,
            }
        )
    if not rows:
        return nobody(facts, "v2") or lists.unknown("absent", message("ovs.throttling-odd"))
    table.sort(key=lambda entry: -float(entry["share"]))
    top = max((float(entry["share"]) for entry in table), default=0.0)
    summary = message("ovs.throttling", top=top, bad=len(bad(rows)), total=len(rows))
    return folded(
        rows, summary, value=round(top * 100), data={"max_share": top}, tables={"nodes": tuple(table)}
    )


def _cgroup_delta(value: Any) -> tuple[int, int] | None:
    taken = [sample for _, sample in samples(value) if isinstance(sample, Mapping)]
    if len(taken) < 2:
        return None
    first, last = taken[0], taken[-1]
    numbers = [whole_number(s.get(key)) for key in ("nr_periods", "nr_throttled") for s in (last, first)]
    if any(number is None for number in numbers):
        # A cgroup without a quota has no such lines: nothing is ever throttled there.
        without = "usage_usec" in last and not {"nr_periods", "nr_throttled"} & set(last)
        return (0, 0) if without else None
    p1, p0, t1, t0 = (int(number or 0) for number in numbers)
    return max(0, p1 - p0), max(0, t1 - t0)


def judge_ovs_daemonset(facts: Facts, params: Params, now: float) -> Judgement:
    """What the ovs-ovn DaemonSet allows and does on a change.

    Data: ``cpu`` (cores, 0: no limit), ``strategy``, ``ssl``; ``limited`` (has a CPU limit), ``suggested``
    (a higher limit); table ``daemonsets`` ``{name, namespace, index, cpu_limit}``.
    """
    lost = lists.failure(facts, "daemonsets")
    if lost:
        return lost
    rows, table, cpus = [], [], []
    ssl, strategies = False, []
    for obj in facts["daemonsets"].items:
        template = lists.spec(obj).get("template") or {}
        if (lists.meta(template).get("labels") or {}).get("app") != "ovs":
            continue
        for index, container in enumerate(lists.spec(template).get("containers") or ()):
            if container.get("name") != CONTAINER:
                continue
            env = {str(e.get("name")): str(e.get("value", "")) for e in container.get("env") or ()}
            limits = (container.get("resources") or {}).get("limits") or {}
            cpu_limit = str(limits.get("cpu") or "")
            strategy = str((lists.spec(obj).get("updateStrategy") or {}).get("type") or "RollingUpdate")
            ssl = ssl or env.get("ENABLE_SSL", "false").lower() == "true"
            strategies.append(strategy)
            cores = cores_of(cpu_limit)
            cpus.append(cores)
            verdict = Verdict.WARN if 0 < cores < float(params["cpu"]) else Verdict.OK
            text = message(
                "ovs.daemonset-row",
                cpu=cpu_limit or "-",
                memory=str(limits.get("memory") or "-"),
                strategy=strategy,
            )
            name, space = lists.name(obj), lists.namespace(obj)
            rows.append(Row(name, verdict, text, value=cores))
            table.append({"name": name, "namespace": space, "index": index, "cpu_limit": cpu_limit})
    if not rows:
        return lists.unknown("absent", message("ovs.daemonset-none"))
    data = {
        "cpu": min(cpus),
        "strategy": strategies[0],
        "ssl": ssl,
        "limited": bool(table[0]["cpu_limit"]),
        "suggested": f"{max(float(params['cpu']), 2 * min(cpus)):g}",
    }
    return folded(rows, rows[0].text, value=min(cpus), data=data, tables={"daemonsets": tuple(table)})


def cores_of(quantity: str) -> float:
    """The cores of a CPU quantity (``1``, ``1500m``); 0 where there is none."""
    try:
        return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity or 0)
    except ValueError:
        return 0.0
