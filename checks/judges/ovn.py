"""Judges of the OVN databases and what Kube-OVN keeps in them: version, leaders, raft, load balancers, ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from checks.judges import lists
from checks.judges.pernode import folded, nobody, unread, whole_number
from checks.judges.raftmembers import alone, not_seen, unseen_leader
from checks.judges.versions import running_versions, show_version
from checks.model import JSON, Answer, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
_OVN_OF_MINOR = {
    9: "21.06",
    10: "22.03",
    11: "22.03",
    12: "22.12",
    13: "24.03",
    14: "24.03",
    15: "25.03",
    16: "25.03",
}
"""Kube-OVN 1.x to the OVN in its image (kube-ovn dist/images/Dockerfile.base at the release tags)."""
DATABASES = ("nb", "sb")


def judge_kube_ovn_version(facts: Facts, params: Params, now: float) -> Judgement:
    """The running version from the image tags of kube-ovn-cni.

    Data: ``version`` (the oldest that runs), ``versions``, ``skew``, ``major``, ``minor``, ``patch``, ``ovn``.
    """
    lost = lists.failure(facts, "pods")
    if lost:
        return lost
    found = running_versions(facts["pods"].items)
    if not found:
        reason = "unparsable" if facts["pods"].items else "absent"
        return lists.unknown(reason, message("ovn.version-none"))
    versions = [show_version(version) for version in found]
    major, minor, patch = found[0]
    data = {
        "version": versions[0],
        "versions": versions,
        "skew": len(versions) > 1,
        "major": major,
        "minor": minor,
        "patch": patch,
        "ovn": _OVN_OF_MINOR.get(minor, "") if major == 1 else "",
    }
    if len(versions) > 1:
        text = message("ovn.version-skew", versions=", ".join(versions))
        return Judgement(Verdict.WARN, text, value=versions[0], data=data)
    return Judgement(Verdict.OK, message("ovn.version", version=versions[0]), value=versions[0], data=data)


def judge_ovn_leaders(facts: Facts, params: Params, now: float) -> Judgement:
    """Exactly one Ready leader pod per database and for northd.

    Data: ``nb``, ``sb``, ``northd`` (pod names, empty: none).
    """
    lost = lists.failure(facts, "pods")
    if lost:
        return lost
    if not facts["pods"].items:
        return lists.unknown("absent", message("ovn.leaders-none"))
    rows, data = [], {}
    for role in ("nb", "sb", "northd"):
        label = f"ovn-{role}-leader"
        leaders = [
            lists.name(p) for p in facts["pods"].items if lists.labels(p).get(label) == "true" and _ready(p)
        ]
        data[role] = leaders[0] if len(leaders) == 1 else ""
        if len(leaders) == 1:
            rows.append(Row(role, Verdict.OK, message("ovn.leader", pod=leaders[0]), value=1))
        else:
            text = message("ovn.leader-count", count=len(leaders), pods=", ".join(leaders) or "-")
            rows.append(Row(role, Verdict.FAIL, text, value=len(leaders)))
    wrong = [row.target for row in rows if row.verdict is Verdict.FAIL]
    summary = message("ovn.leaders-bad", roles=", ".join(wrong)) if wrong else message("ovn.leaders", **data)
    return folded(rows, summary, value=3 - len(wrong), data=data)


def _ready(pod: Mapping[str, Any]) -> bool:
    status = lists.status(pod)
    ready = any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ()
    )
    return status.get("phase") == "Running" and ready and not lists.terminating(pod)


def judge_ovn_raft(facts: Facts, params: Params, now: float) -> Judgement:
    """Quorum and backlog of both databases as their members see them.

    Data: ``nb_leaders``, ``sb_leaders``, ``members`` (answers), ``quorum`` (both databases have one leader).
    """
    lost = nobody(facts, "nb", "sb")
    if lost:
        return lost
    rows: list[Row] = []
    leaders = dict.fromkeys(DATABASES, 0)
    for database in DATABASES:
        if alone(facts[database]):
            leaders[database] = len(facts[database].answers)
            rows.append(_standalone(database, leaders[database]))
            continue
        for answer in facts[database].answers:
            target = f"{answer.pod or answer.target} {database}"
            if answer.error:
                rows.append(unread(target, answer))
                continue
            rows.append(_member(target, answer, params))
            leaders[database] += str(answer.value.get("role")) == "leader"
        if sid := unseen_leader(facts[database]):
            rows.append(not_seen(database, sid))
        elif not facts[database].failed and leaders[database] != 1:
            rows.append(Row(database, Verdict.FAIL, message("ovn.raft-leaders", count=leaders[database])))
    troubled = [row.target for row in rows if row.verdict in (Verdict.WARN, Verdict.FAIL)]
    quorum = all(count == 1 for count in leaders.values())
    data = {
        "nb_leaders": leaders["nb"],
        "sb_leaders": leaders["sb"],
        "members": sum(len(facts[d].good) for d in DATABASES),
        "quorum": quorum,
    }
    if troubled:
        summary = message("ovn.raft-bad", count=len(troubled), first=troubled[0])
    else:
        summary = message("ovn.raft", nb=leaders["nb"], sb=leaders["sb"], members=data["members"])
    return folded(rows, summary, value=data["members"], data=data)


def _standalone(database: str, count: int) -> Row:
    """A database without raft: well as long as there is only one."""
    if count > 1:
        return Row(database, Verdict.FAIL, message("ovndb.standalone-several", count=count))
    return Row(database, Verdict.OK, message("ovndb.standalone"), value=0)


def _member(target: str, answer: Answer, params: Params) -> Row:
    state = answer.value
    status, role = str(state.get("status") or ""), str(state.get("role") or "")
    if status != "cluster member" or role not in ("leader", "follower"):
        return Row(
            target,
            Verdict.FAIL,
            message("ovn.raft-out", status=one_line(status, 80) or "-", role=one_line(role, 40) or "-"),
        )
    backlog = max(whole_number(state.get(key)) or 0 for key in ("not_committed", "not_applied"))
    if backlog > int(params["backlog"]):
        return Row(target, Verdict.WARN, message("ovn.raft-backlog", count=backlog), value=backlog)
    silent = _silent(state, float(params["timers"])) if role == "leader" else []
    if silent:
        return Row(
            target,
            Verdict.WARN,
            message("ovn.raft-silent", peers=one_line(", ".join(silent), 120)),
            value=len(silent),
        )
    return Row(target, Verdict.OK, message("ovn.raft-member", role=role), value=0)


def _silent(state: Mapping[str, Any], timers: float) -> list[str]:
    """Peers the leader has not heard of for that many election timers (never heard of counts)."""
    limit = timers * float(whole_number(state.get("election_timer")) or 1000)
    found = []
    for server in state.get("servers") or ():
        if server.get("self"):
            continue
        last = server.get("last_msg_ms")
        if last is None or float(last) > limit:
            found.append(str(server.get("sid") or server.get("address") or "?"))
    return found


def judge_load_balancers(facts: Facts, params: Params, now: float) -> Judgement:
    """VIPs times the switches their load balancer is attached to.

    Data: ``balancers``, ``vips``, ``switches``, ``product``.
    """
    lost = lists.failure(facts, "balancers", "switches")
    if lost:
        return lost
    vips = {str(lb["uuid"]): len(str(lb["vips"] or "").split()) for lb in facts["balancers"].answers[0].value}
    switches = facts["switches"].answers[0].value
    product = sum(
        vips.get(uuid, 0) for switch in switches for uuid in str(switch["load_balancer"] or "").split()
    )
    data = {"balancers": len(vips), "vips": sum(vips.values()), "switches": len(switches), "product": product}
    verdict = Verdict.OK
    if product >= int(params["warn"]):
        verdict = Verdict.FAIL if product >= int(params["fail"]) else Verdict.WARN
    text = message("ovn.balancers", **data, limit=int(params["fail"]))
    return Judgement(verdict, text, value=product, data=data)


def judge_unclaimed_ports(facts: Facts, params: Params, now: float) -> Judgement:
    """Ports of placed pods, older than ``params.older`` seconds, that no chassis has bound.

    Data: ``count``, ``nodes`` (of the pods, most first); table ``ports`` ``{port, pod, namespace, node, phase}``.
    """
    lost = lists.failure(facts, "ports", "pods")
    if lost:
        return lost
    table = _ports_of_placed(facts, params, now)
    by_node = Counter(str(entry["node"]) for entry in table)
    texts = {node: message("ovn.unclaimed-row", count=count) for node, count in by_node.items()}
    text = message("ovn.unclaimed", count=len(table), nodes=len(by_node))
    return _by_node(table, by_node, texts, text, params)


def judge_ports_not_up(facts: Facts, params: Params, now: float) -> Judgement:
    """Ports of placed pods that a chassis has bound, but not set up: their flows are not in. Data as for unclaimed."""
    lost = lists.failure(facts, "ports", "pods")
    if lost:
        return lost
    table = _ports_of_placed(facts, params, now)
    by_node = Counter(str(entry["node"]) for entry in table)
    texts = {node: message("ovndb.not-up-row", count=count) for node, count in by_node.items()}
    text = message("ovndb.not-up", count=len(table), nodes=len(by_node))
    return _by_node(table, by_node, texts, text if table else message("ovndb.not-up-ok"), params)


def _by_node(
    table: list[dict[str, str]], by_node: Counter[str], texts: Mapping[str, Text], text: Text, params: Params
) -> Judgement:
    def grade(count: int) -> Verdict:
        return Verdict.FAIL if count >= int(params["fail"]) else Verdict.WARN

    rows = tuple(Row(node, grade(count), texts[node]) for node, count in by_node.most_common())
    data = {"count": len(table), "nodes": [node for node, _ in by_node.most_common()]}
    verdict = grade(len(table)) if table else Verdict.OK
    return Judgement(verdict, text, value=len(table), data=data, tables={"ports": tuple(table)}, rows=rows)


def _ports_of_placed(facts: Facts, params: Params, now: float) -> list[dict[str, str]]:
    """The ports read that belong to a pod which has had its node for a while, with that pod."""
    placed = {}
    for pod in facts["pods"].items:
        spec, status = lists.spec(pod), lists.status(pod)
        since = lists.unix(status.get("startTime")) or lists.created(pod)
        old = since is None or now - since >= float(params["older"])
        alive = status.get("phase") in ("Running", "Pending") and not lists.terminating(pod)
        if spec.get("nodeName") and not spec.get("hostNetwork") and alive and old:
            placed[f"{lists.name(pod)}.{lists.namespace(pod)}"] = pod
    table = []
    for port in facts["ports"].answers[0].value:
        name = str(port["logical_port"])
        pod = placed.get(name) or placed.get(name.rpartition(".")[0]) or _attached(name, placed)
        if pod is not None:
            node, phase = str(lists.spec(pod)["nodeName"]), str(lists.status(pod).get("phase"))
            found = {"port": name, "pod": lists.name(pod), "namespace": lists.namespace(pod)}
            table.append({**found, "node": node, "phase": phase})
    return table


def _attached(port: str, placed: Mapping[str, Any]) -> Any:
    """The pod of an attachment's port, ``<pod>.<namespace>.<nad>.<namespace>.ovn``."""
    for cut in range(port.count("."), 0, -1):
        found = placed.get(".".join(port.split(".")[: cut + 1]))
        if found is not None:
            return found
    return None
