"""Judges of the ports of br-int: those that come and go, and those whose device is gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from checks.judges import lists, vswitchlog
from checks.judges.flappers import Suspect, pod_of, suspects
from checks.judges.pernode import NodeAnswers, bad, folded, log_clock, nobody, nodes_of, unread, whole_number
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
_MADE = re.compile(r"^[0-9a-f]{12}_h$|^(?:ha|qr|qg)-|^tap")
"""Names that kube-ovn-cni (container id) and neutron agents give to the ports they make."""


def judge_ovs_port_flaps(facts: Facts, params: Params, now: float) -> Judgement:
    """Interfaces added again and again within the window, and the workload behind them where it can be named.

    Data: ``flapping`` (names), ``adds`` (all adds in the window), ``deployments``, ``statefulsets`` and ``others`` (how
    many of the suspects are one); tables ``flappers`` ``{node, name, adds, pod}`` and ``workloads``
    ``{kind, namespace, name, node, pod, replicas, restarts}``.
    """
    lost = nobody(facts, "log")
    if lost:
        return lost
    pods = facts["pods"].items if "pods" in facts and not facts["pods"].error else []
    sets = facts["replicasets"].items if "replicasets" in facts and not facts["replicasets"].error else []
    rows: list[Row] = []
    flappers: list[dict[str, Any]] = []
    workloads: list[dict[str, Any]] = []
    total = 0
    for at in nodes_of(facts, "log", "ifaces"):
        failed = at.failed("log")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        entries = vswitchlog.recent(at.value("log"), log_clock(at, "log", now), float(params["window"]))
        adds = vswitchlog.added_ports(entries)
        names = {name: count for name, count in adds.most_common() if count >= int(params["adds"])}
        total += sum(adds.values())
        busy = sum(adds.values()) >= int(params["churn"])
        verdict = Verdict.FAIL if names else Verdict.WARN if busy else Verdict.OK
        rows.append(
            Row(
                at.target, verdict, _flap_text(names, sum(adds.values())), value=max(adds.values(), default=0)
            )
        )
        if not names and not busy:
            continue
        found = suspects(at.node, names, at.value("ifaces") or (), pods, sets)
        flappers += [_flapper(at, name, count, found) for name, count in names.items()]
        workloads += [suspect.row() for suspect in found]
    names_all = [str(entry["name"]) for entry in flappers]
    summary = message("ovs.flaps", names=len(names_all), adds=total, bad=len(bad(rows)), total=len(rows))
    return folded(
        rows,
        summary,
        value=max((int(row.value or 0) for row in rows), default=0),
        data={"flapping": names_all[:50], "adds": total, **_by_kind(workloads)},
        tables={"flappers": tuple(flappers), "workloads": tuple(workloads)},
    )


def _by_kind(workloads: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    kinds = [str(entry["kind"]) for entry in workloads]
    return {
        "deployments": kinds.count("Deployment"),
        "statefulsets": kinds.count("StatefulSet"),
        "others": len([kind for kind in kinds if kind not in ("Deployment", "StatefulSet")]),
    }


def _flap_text(names: Mapping[str, int], adds: int) -> Text:
    if not names:
        return message("ovs.flaps-none", adds=adds)
    name, count = next(iter(names.items()))
    return message("ovs.flaps-row", name=one_line(name, 60), count=count, more=len(names) - 1)


def _flapper(at: NodeAnswers, name: str, count: int, found: Iterable[Suspect]) -> dict[str, Any]:
    pod = next((suspect.pod for suspect in found if name in suspect.interfaces), "")
    return {"node": at.node, "name": name, "adds": count, "pod": pod}


def judge_ovs_lost_interfaces(facts: Facts, params: Params, now: float) -> Judgement:
    """Interfaces of OVS whose network device is gone (ofport -1, "No such device"), and whether their pod still runs.

    Data: ``count``, ``removable``, ``there`` (``node/name``); table ``ports`` ``{node, name, error, pod, removable}``.
    """
    lost = nobody(facts, "ifaces")
    if lost:
        return lost
    known = "pods" in facts and not facts["pods"].error and not facts["pods"].failed
    pods = {(lists.namespace(pod), lists.name(pod)): pod for pod in facts["pods"].items} if known else {}
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for at in nodes_of(facts, "ifaces"):
        failed = at.failed("ifaces")
        if failed:
            rows.append(unread(at.target, failed))
            continue
        here = []
        for iface in at.value("ifaces"):
            error = str(iface.get("error") or "")
            if whole_number(iface.get("ofport")) != -1 or "No such device" not in error:
                continue
            space, pod = pod_of(str(iface.get("external_ids") or ""))
            runs = _runs_here(pods.get((space, pod)), at.node)
            name = str(iface["name"])
            # A port of a pod that runs here may come back by itself; without the pod list nothing may be removed; and a
            # port that is neither a pod's nor an agent's may be a network card that somebody pulled.
            removable = known and not runs and bool(pod or _MADE.search(name))
            here.append({"node": at.node, "name": name, "error": error, "pod": pod, "removable": removable})
        table += here
        verdict = Verdict.FAIL if len(here) >= int(params["fail"]) else Verdict.WARN if here else Verdict.OK
        rows.append(Row(at.target, verdict, message("ovs.lost-row", count=len(here)), value=len(here)))
    gone = sum(bool(entry["removable"]) for entry in table)
    summary = message("ovs.lost", count=len(table), removable=gone, bad=len(bad(rows)), total=len(rows))
    there: list[JSON] = [f"{entry['node']}/{entry['name']}" for entry in table]
    data: dict[str, JSON] = {"count": len(table), "removable": gone, "there": there}
    return folded(rows, summary, value=len(table), data=data, tables={"ports": tuple(table)})


def _runs_here(pod: Mapping[str, Any] | None, node: str) -> bool:
    return (
        pod is not None
        and str(lists.spec(pod).get("nodeName") or "") == node
        and lists.status(pod).get("phase") in ("Running", "Pending")
    )
