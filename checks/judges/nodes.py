"""Judges of nodes and their ovn-controller: CPU, disconnects, long polls, stolen time.

Told apart by them: a process that computes too much (user and system time near the wall clock) and one that is not
given a CPU (little time of its own, many involuntary switches, steal); compare kube-ovn issues 3196 and 3530.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from checks.judges import lists, vswitchlog
from checks.judges.pernode import (
    bad,
    folded,
    graded,
    log_clock,
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
TICKS = 100
"""Clock ticks per second in /proc/PID/stat (USER_HZ, 100 on every architecture Kubernetes runs on)."""


def judge_controller_cpu(facts: Facts, params: Params, now: float) -> Judgement:
    """CPU of ovn-controller and ovs-vswitchd in percent of a core; busy only where every interval between samples is.

    Data: ``max`` (ovn-controller), ``max_vswitchd``, ``busy`` (nodes); table ``nodes``
    ``{node, pod, controller, vswitchd, bad}``.
    """
    lost = nobody(facts, "controller")
    if lost:
        return lost
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for at in nodes_of(facts, "controller", "vswitchd"):
        failed = at.failed("controller")
        steady = None if failed else _steady(at.value("controller"))
        if failed or steady is None:
            rows.append(
                unread(at.target, failed)
                if failed
                else Row(
                    at.target, Verdict.UNKNOWN, message("nodes.cpu-short"), data={"reason": "unparsable"}
                )
            )
            continue
        unseen = at.failed("vswitchd")
        switch = None if unseen else _steady(at.value("vswitchd"))
        busiest = max(steady, switch or 0.0)
        text = message("nodes.cpu-row", controller=steady, vswitchd=switch if switch is not None else 0.0)
        row = Row(at.target, graded(busiest, params), text, value=round(steady))
        if (
            row.verdict is Verdict.OK and switch is None
        ):  # one busy process is bad, one idle process is not well
            row = unread(at.target, unseen or replace(at.answers["vswitchd"], error="unparsable"))
        rows.append(row)
        table.append(
            {
                "node": at.node,
                "pod": at.pod,
                "controller": round(steady),
                "vswitchd": round(switch or 0.0),
                "bad": row.verdict in (Verdict.WARN, Verdict.FAIL),
            }
        )
    table.sort(key=lambda entry: -int(entry["controller"]))
    top = int(table[0]["controller"]) if table else 0
    data = {
        "max": top,
        "max_vswitchd": max((int(entry["vswitchd"]) for entry in table), default=0),
        "busy": [str(entry["node"]) for entry in table if entry["bad"]],
    }
    node = str(table[0]["node"]) if table else "-"
    summary = message("nodes.cpu", top=top, node=node, bad=len(bad(rows)), total=len(rows))
    return folded(rows, summary, value=top, data=data, tables={"nodes": tuple(table)})


def _steady(value: Any) -> float | None:
    """The lowest use of a core over the intervals between samples, in percent; None with fewer than two samples."""
    taken = samples(value)
    found = []
    for (t0, before), (t1, after) in pairwise(taken):
        used = (
            [whole_number(s.get("utime")) for s in (before, after)],
            [whole_number(s.get("stime")) for s in (before, after)],
        )
        if t1 <= t0 or any(number is None for pair in used for number in pair):
            continue
        (u0, u1), (s0, s1) = used
        found.append(
            100.0 * max(0, int(u1 or 0) + int(s1 or 0) - int(u0 or 0) - int(s0 or 0)) / TICKS / (t1 - t0)
        )
    return min(found) if found else None


# --- disconnects ----------------------------------------------------------------------------------------------------


def _disconnects(facts: Facts, params: Params, now: float) -> tuple[list[dict[str, Any]], list[Row]]:
    """Disconnects per node from both ends of the connection, and the rows of logs that could not be read."""
    window = float(params["window"])
    blind: list[Row] = []
    seen_by_sb: dict[str, int] = {}
    for at in nodes_of(facts, "sb_log"):
        failed = at.failed("sb_log")
        if failed:
            blind.append(unread(at.target, failed))
            continue
        for peer in vswitchlog.probe_peers(
            vswitchlog.recent(at.value("sb_log"), log_clock(at, "sb_log", now), window)
        ):
            host = vswitchlog.host_of(peer)
            seen_by_sb[host] = seen_by_sb.get(host, 0) + 1
    addresses = _addresses(facts)
    table = []
    for at in nodes_of(facts, "node_log"):
        failed = at.failed("node_log")
        if failed:
            blind.append(unread(at.target, failed))
            continue
        peers = vswitchlog.probe_peers(
            vswitchlog.recent(at.value("node_log"), log_clock(at, "node_log", now), window)
        )
        remote = sum(bool(vswitchlog.host_of(peer)) for peer in peers)
        local = len(peers) - remote
        by_sb = sum(count for host, count in seen_by_sb.items() if addresses.get(host) == at.node)
        table.append(
            {
                "node": at.node,
                "pod": at.pod,
                "node_side": remote,
                "mgmt": local,
                "sb_side": by_sb,
                # One lost connection may be written at both ends.
                "total": max(remote, by_sb) + local,
            }
        )
    lost = lists.failure(facts, "nodes")
    if lost and seen_by_sb:  # they may be the nodes' or other clients', and nobody can tell which
        blind.append(Row("nodes", Verdict.UNKNOWN, lost.summary, data={"reason": lost.reason}))
    return table, blind


def _addresses(facts: Facts) -> dict[str, str]:
    nodes = facts["nodes"].items if "nodes" in facts and not facts["nodes"].error else []
    return {
        str(entry.get("address")): lists.name(node)
        for node in nodes
        for entry in lists.status(node).get("addresses") or ()
        if entry.get("type") in ("InternalIP", "ExternalIP")
    }


def judge_probe_log(facts: Facts, params: Params, now: float) -> Judgement:
    """Inactivity disconnects per node within the window and since its ovn-controller started.

    Data: ``total``, ``node_side``, ``sb_side``, ``mgmt``, ``affected`` (nodes); table ``nodes``
    ``{node, pod, node_side, sb_side, mgmt, total}``.
    """
    lost = nobody(facts, "node_log")
    if lost:
        return lost
    table, blind = _disconnects(facts, params, now)
    rows = []
    for entry in table:
        count = int(entry["total"])
        verdict = Verdict.FAIL if count >= int(params["fail"]) else Verdict.WARN if count else Verdict.OK
        text = message("nodes.probe-row", **{key: entry[key] for key in ("node_side", "sb_side", "mgmt")})
        rows.append(Row(str(entry["node"]), verdict, text, value=count))
    rows += blind
    table.sort(key=lambda entry: -int(entry["total"]))
    data: dict[str, Any] = {
        k: sum(int(e[k]) for e in table) for k in ("total", "node_side", "sb_side", "mgmt")
    }
    data["affected"] = [str(e["node"]) for e in table if int(e["total"])]
    if data["total"]:
        worst_node, affected = str(table[0]["node"]), len(data["affected"])
        summary = message("nodes.probe", total=data["total"], bad=affected, nodes=len(table), node=worst_node)
    else:
        summary = message("nodes.probe-none", nodes=len(table))
    return folded(rows, summary, value=data["total"], data=data, tables={"nodes": tuple(table)})


def judge_probe_interval(facts: Facts, params: Params, now: float) -> Judgement:
    """The probe interval of each node, a warning where a short one meets disconnects.

    Data: ``short`` (nodes), ``lowest`` (ms, 0: switched off everywhere); table ``nodes``
    ``{node, ms, disconnects, short}``.
    """
    lost = nobody(facts, "interval", "node_log")
    if lost:
        return lost
    table, _ = _disconnects(facts, params, now)
    counts = {str(entry["node"]): int(entry["total"]) for entry in table}
    rows: list[Row] = []
    found: list[dict[str, Any]] = []
    for at in nodes_of(facts, "interval"):
        failed = at.failed("interval")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        # Unset means OVN's own default of 5 seconds (ovn-controller(8)).
        ms = whole_number(_unquoted(str(at.value("interval") or "").strip()) or 5000)
        if ms is None:
            rows.append(
                Row(at.target, Verdict.UNKNOWN, message("nodes.interval-odd"), data={"reason": "unparsable"})
            )
            continue
        if at.node not in counts:
            rows.append(
                Row(at.target, Verdict.UNKNOWN, message("nodes.interval-blind"), data={"reason": "absent"})
            )
            continue
        lost_count = counts[at.node]
        short = lost_count > 0 and 0 < ms < int(params["long"])
        text = message("nodes.interval-row" if ms else "nodes.interval-off", ms=ms, count=lost_count)
        rows.append(Row(at.target, Verdict.WARN if short else Verdict.OK, text, value=ms))
        found.append({"node": at.node, "pod": at.pod, "ms": ms, "disconnects": lost_count, "short": short})
    found.sort(key=lambda entry: -int(entry["disconnects"]))
    short_nodes = [str(entry["node"]) for entry in found if entry["short"]]
    lowest = min((int(entry["ms"]) for entry in found if entry["ms"]), default=0)
    summary = message("nodes.interval", short=len(short_nodes), total=len(rows), lowest=lowest)
    data = {"short": short_nodes, "lowest": lowest}
    return folded(rows, summary, value=lowest, data=data, tables={"nodes": tuple(found)})


def _unquoted(text: str) -> str:
    """A string as ovs-vsctl prints it; with one quote only it was cut off and stays as it is."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


# --- long polls -----------------------------------------------------------------------------------------------------


def judge_long_polls(facts: Facts, params: Params, now: float) -> Judgement:
    """Long poll intervals within the window, each classified as computing, starved or neither.

    Data: ``count``, ``compute``, ``starved``, ``mixed``, ``worst_ms``, ``kind`` (``compute``, ``starved``,
    ``mixed``, ``none``); table ``nodes`` ``{node, pod, polls, worst_ms, kind}``.
    """
    lost = nobody(facts, "controller_log")
    if lost:
        return lost
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    totals = {"compute": 0, "starved": 0, "mixed": 0}
    for at in nodes_of(facts, "controller_log", "vswitchd_log"):
        failed = at.failed("controller_log", "vswitchd_log")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        window = float(params["window"])
        found = [
            poll
            for read in ("controller_log", "vswitchd_log")
            for poll in vswitchlog.polls(vswitchlog.recent(at.value(read), log_clock(at, read, now), window))
        ]
        kinds = [_kind(poll, params) for poll in found if poll.ms >= int(params["warn"])]
        for kind in kinds:
            totals[kind] += 1
        longest = max(found, key=lambda poll: poll.ms, default=None)
        ms = longest.ms if longest else 0
        text = (
            message(
                "nodes.poll-row", ms=ms, share=longest.share, switches=longest.involuntary, count=len(found)
            )
            if longest
            else message("nodes.poll-none")
        )
        rows.append(Row(at.target, graded(ms, params), text, value=ms, data={"kind": _main(kinds)}))
        if kinds:
            table.append(
                {"node": at.node, "pod": at.pod, "polls": len(kinds), "worst_ms": ms, "kind": _main(kinds)}
            )
    table.sort(key=lambda entry: -int(entry["worst_ms"]))
    kinds_all = [kind for kind, count in totals.items() for _ in range(count)]
    data = {
        "count": len(kinds_all),
        **totals,
        "worst_ms": int(table[0]["worst_ms"]) if table else 0,
        "kind": _main(kinds_all),
        "nodes": [str(entry["node"]) for entry in table],
    }
    summary = message(
        f"nodes.polls-{data['kind']}", count=len(kinds_all), ms=data["worst_ms"], nodes=len(table)
    )
    return folded(rows, summary, value=data["worst_ms"], data=data, tables={"nodes": tuple(table)})


def _kind(poll: vswitchlog.Poll, params: Params) -> str:
    if poll.share >= float(params["compute"]):
        return "compute"
    if poll.share < float(params["starved"]) and poll.involuntary >= int(params["switches"]):
        return "starved"
    return "mixed"


def _main(kinds: Sequence[str]) -> str:
    """The kind that more than half of the polls have; mixed where none has, none where there are no polls."""
    for kind in ("compute", "starved"):
        if kinds.count(kind) * 2 > len(kinds):
            return kind
    return "mixed" if kinds else "none"


# --- steal ----------------------------------------------------------------------------------------------------------


def judge_node_steal(facts: Facts, params: Params, now: float) -> Judgement:
    """Stolen CPU time in percent of all time between two samples of /proc/stat.

    Data: ``max`` (percent), ``nodes_bad``; table ``nodes`` ``{node, steal, bad}``.
    """
    lost = nobody(facts, "stat")
    if lost:
        return lost
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for at in nodes_of(facts, "stat"):
        failed = at.failed("stat")
        percent = None if failed else _stolen(at.value("stat"))
        if failed:
            rows.append(unread(at.target, failed))
            continue
        if percent is None:
            rows.append(
                Row(at.target, Verdict.UNKNOWN, message("nodes.cpu-short"), data={"reason": "unparsable"})
            )
            continue
        row = Row(
            at.target,
            graded(percent, params),
            message("nodes.steal-row", steal=percent),
            value=round(percent, 1),
        )
        rows.append(row)
        table.append({"node": at.node, "steal": round(percent, 1), "bad": row.verdict is not Verdict.OK})
    table.sort(key=lambda entry: -float(entry["steal"]))
    top = float(table[0]["steal"]) if table else 0.0
    node = str(table[0]["node"]) if table else "-"
    data = {"max": top, "nodes_bad": [str(entry["node"]) for entry in table if entry["bad"]]}
    summary = message("nodes.steal", top=top, node=node, bad=len(bad(rows)), total=len(rows))
    return folded(rows, summary, value=top, data=data, tables={"nodes": tuple(table)})


_FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def _stolen(value: Any) -> float | None:
    taken = samples(value)
    if len(taken) < 2:
        return None
    first, last = taken[0][1], taken[-1][1]
    deltas = {}
    for field in _FIELDS:
        numbers = whole_number(first.get(field)), whole_number(last.get(field))
        if numbers[0] is None or numbers[1] is None:
            return None
        deltas[field] = max(0, numbers[1] - numbers[0])
    total = sum(deltas.values())
    return 100.0 * deltas["steal"] / total if total else 0.0
