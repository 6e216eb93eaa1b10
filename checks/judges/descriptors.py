"""Judges of the open files of ovs-vswitchd: how many, of what kind, and whether netlink sockets leak.

With per-vport dispatch every port has netlink sockets of its own. When a port's network namespace goes first and its
datapath number is used again, an OVS without commit 5d0c98d1c (3.3.7, 3.5.3, 3.6.1, 3.7.0) never closes the old one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from checks.judges import vswitchlog
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
from kb.safe import one_line
from kb.text import Text

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
_DISPATCH = re.compile(r"per-cpu|per-vport|not a valid command")
GENERIC = 16
"""NETLINK_GENERIC, the second column of /proc/net/netlink."""


def judge_ovs_fd_usage(facts: Facts, params: Params, now: float) -> Judgement:
    """Open descriptors of ovs-vswitchd against its soft limit; where they cannot be listed, FDSize as an upper bound.

    Data: ``max_share``, ``limit_min``, ``max_open``, ``high`` (nodes above the warning); table
    ``nodes`` ``{node, pod, open, limit, share, bad}``.
    """
    lost = nobody(facts, "vswitchd_pid")
    if lost:
        return lost
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for at in nodes_of(facts, "vswitchd_pid", "limits", "fds", "status"):
        failed = at.failed("vswitchd_pid", "limits")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        soft = at.value("limits")["soft"]
        limit = 0 if soft == "unlimited" else whole_number(soft)
        if limit is None:
            rows.append(
                unread(
                    at.target, replace(at.answers["limits"], error="unparsable", message=Text.of(str(soft)))
                )
            )
            continue
        opened = whole_number(at.value("fds"))
        row = _fd_row(at, opened, limit, params)
        rows.append(row)
        if opened is not None:
            share = opened / limit if limit else 0.0
            state = row.verdict in (Verdict.WARN, Verdict.FAIL)
            table.append(
                {
                    "node": at.node,
                    "pod": at.pod,
                    "open": opened,
                    "limit": limit,
                    "share": round(share, 3),
                    "bad": state,
                }
            )
    table.sort(key=lambda entry: -float(entry["share"]))
    top = table[0] if table else {"share": 0.0, "open": 0, "limit": 0, "node": "-"}
    limits = [int(entry["limit"]) for entry in table if entry["limit"]]
    data = {
        "max_share": top["share"],
        "limit_min": min(limits, default=0),
        "max_open": top["open"],
        "high": bad(rows),
    }
    summary = message(
        "ovs.fds", **{key: top[key] for key in ("open", "limit", "share", "node")}, bad=len(bad(rows))
    )
    return folded(rows, summary, value=top["open"], data=data, tables={"nodes": tuple(table)})


def _fd_row(at: NodeAnswers, opened: int | None, limit: int, params: Params) -> Row:
    if opened is not None:
        share = opened / limit if limit else 0.0
        return Row(
            at.target,
            graded(share, params),
            message("ovs.fds-row", open=opened, limit=limit, share=share),
            value=opened,
            data={"share": round(share, 3), "open": opened, "limit": limit},
        )
    # FDSize is how many slots the kernel holds ready: never fewer than are open, so a small one proves health.
    bound = whole_number((at.value("status") or {}).get("size"))
    if bound is not None and limit and bound / limit < float(params["warn"]):
        return Row(at.target, Verdict.OK, message("ovs.fds-bound", bound=bound, limit=limit), value=bound)
    failed = at.failed("fds") or at.answers["fds"]
    return unread(at.target, failed)


def judge_ovs_fd_kinds(facts: Facts, params: Params, now: float) -> Judgement:
    """What the open descriptors of ovs-vswitchd are.

    Data: ``sockets``, ``deleted``, ``total``, ``socket_share`` of the node with the most descriptors, ``held``
    (nodes that hold deleted files).
    """
    lost = nobody(facts, "vswitchd_pid")
    if lost:
        return lost
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for at in nodes_of(facts, "vswitchd_pid", "links"):
        failed = at.failed("vswitchd_pid", "links")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        targets = [str(link["to"]) for link in at.value("links")]
        sockets = sum(to.startswith("socket:") for to in targets)
        deleted = sum(to.endswith("(deleted)") for to in targets)
        total = len(targets)
        held = deleted >= int(params["deleted"]) and deleted >= float(params["share"]) * total
        text = message("ovs.kinds-row", sockets=sockets, deleted=deleted, total=total)
        rows.append(Row(at.target, Verdict.WARN if held else Verdict.OK, text, value=total))
        table.append({"node": at.node, "sockets": sockets, "deleted": deleted, "total": total, "held": held})
    table.sort(key=lambda entry: -int(entry["total"]))
    top: dict[str, Any] = (
        table[0] if table else {"node": "-", "sockets": 0, "deleted": 0, "total": 0, "held": False}
    )
    share = int(top["sockets"]) / int(top["total"]) if top["total"] else 0.0
    data = {**{key: top[key] for key in ("sockets", "deleted", "total")}, "socket_share": round(share, 3)}
    data["held"] = bad(rows)
    return folded(
        rows,
        message("ovs.kinds", **{key: top[key] for key in ("node", "sockets", "deleted", "total")}),
        value=top["total"],
        data=data,
        tables={"nodes": tuple(table)},
    )


def judge_ovs_netlink_sockets(facts: Facts, params: Params, now: float) -> Judgement:
    """Growth of generic netlink sockets per minute against the number of ports, from two samples.

    Data: ``growth`` (per minute, the worst node), ``leaking`` (nodes); table ``nodes``
    ``{node, sockets, growth, ports, leaking}``.
    """
    lost = nobody(facts, "netlink")
    if lost:
        return lost
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for at in nodes_of(facts, "netlink", "ports"):
        failed = at.failed("netlink", "ports")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        taken, ports = samples(at.value("netlink")), samples(at.value("ports"))
        if len(taken) < 2 or not ports or taken[-1][0] <= taken[0][0]:
            rows.append(
                Row(at.target, Verdict.UNKNOWN, message("ovs.netlink-short"), data={"reason": "unparsable"})
            )
            continue
        minutes = (taken[-1][0] - taken[0][0]) / 60
        counts = [_generic(taken[0][1]), _generic(taken[-1][1])]
        held = [int(ports[0][1]), int(ports[-1][1])]
        growth = (counts[1] - counts[0] - max(0, held[1] - held[0])) / minutes
        leaking = growth >= float(params["growth"]) and counts[1] - counts[0] >= 2
        many = counts[1] > held[1] + int(params["spare"])
        verdict = Verdict.FAIL if leaking else Verdict.WARN if many else Verdict.OK
        text = message("ovs.netlink-row", sockets=counts[1], ports=held[1], growth=growth)
        rows.append(Row(at.target, verdict, text, value=counts[1], data={"growth": round(growth, 1)}))
        table.append(
            {
                "node": at.node,
                "sockets": counts[1],
                "growth": round(growth, 1),
                "ports": held[1],
                "leaking": leaking,
            }
        )
    table.sort(key=lambda entry: -float(entry["growth"]))
    leaking_nodes = [str(entry["node"]) for entry in table if entry["leaking"]]
    growth = float(table[0]["growth"]) if table else 0.0
    sockets = max((int(entry["sockets"]) for entry in table), default=0)
    return folded(
        rows,
        message("ovs.netlink", growth=growth, leaking=len(leaking_nodes), total=len(rows), sockets=sockets),
        value=growth,
        data={"growth": growth, "leaking": leaking_nodes, "sockets": sockets},
        tables={"nodes": tuple(table)},
    )


def _generic(entries: Iterable[Mapping[str, Any]]) -> int:
    return sum(entry.get("eth") == GENERIC for entry in entries)


def judge_ovs_dispatch_mode(facts: Facts, params: Params, now: float) -> Judgement:
    """How the kernel hands packets up: per-vport (sockets per port) or per-cpu.

    Data: ``mode`` (``per-cpu``, ``per-vport``, ``mixed``, ``none``), ``per_vport`` (nodes).
    """
    lost = nobody(facts, "mode")
    if lost:
        return lost
    rows, modes = [], {}
    for at in nodes_of(facts, "mode"):
        failed = at.failed("mode")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        text = str(at.value("mode") or "")
        if text.strip() and not _DISPATCH.search(text):
            why = message("ovs.no-mode", text=one_line(text, 60))
            rows.append(unread(at.target, replace(at.answers["mode"], error="unparsable", message=why)))
            continue
        mode = "per-cpu" if "per-cpu" in text else "per-vport" if "per-vport" in text else "none"
        modes[at.node] = mode
        rows.append(Row(at.target, Verdict.OK, message(f"ovs.dispatch-{mode}"), value=mode))
    kinds = set(modes.values())
    mode = next(iter(kinds)) if len(kinds) == 1 else "mixed" if kinds else "none"
    per_vport = [node for node, found in modes.items() if found == "per-vport"]
    summary = message("ovs.dispatch", per_vport=len(per_vport), total=len(rows))
    return folded(rows, summary, value=mode, data={"mode": mode, "per_vport": per_vport})


def judge_ovs_emfile_log(facts: Facts, params: Params, now: float) -> Judgement:
    """ "Too many open files" in ovs-vswitchd.log since the process last started.

    Data: ``lines``; table ``nodes`` ``{node, lines}``.
    """
    lost = nobody(facts, "log")
    if lost:
        return lost
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for at in nodes_of(facts, "log"):
        failed = at.failed("log")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        lines = sum(
            "Too many open files" in str(entry["text"]) for entry in vswitchlog.since_start(at.value("log"))
        )
        verdict = Verdict.FAIL if lines else Verdict.OK
        rows.append(Row(at.target, verdict, message("ovs.emfile-row", lines=lines), value=lines))
        if lines:
            table.append({"node": at.node, "lines": lines})
    total = sum(int(entry["lines"]) for entry in table)
    summary = message("ovs.emfile", lines=total, bad=len(table), total=len(rows))
    return folded(rows, summary, value=total, data={"lines": total}, tables={"nodes": tuple(table)})
