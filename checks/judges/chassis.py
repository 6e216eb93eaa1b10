"""Judges of chassis: one per node, under one name everywhere, each with a tunnel endpoint of its own."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from checks.judges import lists
from checks.judges.pernode import nobody, unread
from checks.judges.wholes import judged, listing, mapping, text_of
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
ANNOTATION = "ovn.kubernetes.io/chassis"


def _chassis(facts: Facts) -> list[dict[str, str]]:
    """Name and hostname of every chassis of this cluster; those that OVN-IC mirrors from others are left out."""
    found = []
    for entry in listing(facts["chassis"].answers[0].value):
        if str(mapping(entry.get("other_config")).get("is-remote", "")).lower() != "true":
            found.append({"name": str(entry.get("name", "")), "hostname": str(entry.get("hostname", ""))})
    return found


def _nodes(facts: Facts) -> dict[str, lists.Object]:
    """Nodes by name; those of a virtual kubelet run no Open vSwitch."""
    return {
        lists.name(node): node
        for node in facts["nodes"].items
        if mapping(lists.meta(node).get("labels")).get("type") != "virtual-kubelet"
    }


def annotated(node: lists.Object) -> str:
    """The chassis that the annotation of a Node names."""
    return text_of(mapping(lists.meta(node).get("annotations")).get(ANNOTATION))


def ready(node: lists.Object) -> bool:
    """Whether the Node's condition Ready is True."""
    return any(
        mapping(c).get("type") == "Ready" and mapping(c).get("status") == "True"
        for c in listing(lists.status(node).get("conditions"))
    )


# --- chassis and nodes ----------------------------------------------------------------------------------------------


def judge_chassis_nodes(facts: Facts, params: Params, now: float) -> Judgement:
    """Every Node has exactly one chassis, and every chassis a Node.

    Data: ``chassis`` (how many), ``missing``, ``duplicate`` (nodes), ``stale`` (chassis names); table ``stale_rows``.
    """
    lost = lists.failure(facts, "chassis", "nodes")
    if lost:
        return lost
    chassis, nodes = _chassis(facts), _nodes(facts)
    by_host: dict[str, list[str]] = {}
    for entry in chassis:
        by_host.setdefault(entry["hostname"], []).append(entry["name"])
    names = {entry["name"] for entry in chassis}
    rows = [_node_row(name, node, by_host.get(name, []), names) for name, node in nodes.items()]
    claimed = {annotated(node) for node in nodes.values()}
    stale = [e for e in chassis if e["hostname"] not in nodes and e["name"] not in claimed]
    rows += [
        Row(
            one_line(entry["name"], 60),
            Verdict.WARN,
            message("chassis.stale", hostname=one_line(entry["hostname"], 80) or "-"),
            data={"kind": "stale", **entry},
        )
        for entry in stale
    ]
    return judged(
        rows,
        well=message("chassis.nodes-ok", total=len(nodes)),
        wrong=message("chassis.nodes-bad"),
        none=message("chassis.no-nodes"),
        data={
            "chassis": len(chassis),
            "missing": [row.target for row in rows if row.data.get("kind") == "missing"],
            "duplicate": [row.target for row in rows if row.data.get("kind") == "duplicate"],
            "stale": [entry["name"] for entry in stale],
        },
    )


def _node_row(name: str, node: lists.Object, found: list[str], names: set[str]) -> Row:
    current = annotated(node)
    data = {"node": name, "chassis": current}
    if len(found) > 1:
        text = message("chassis.duplicate", names=", ".join(sorted(found)), current=current or "-")
        return Row(name, Verdict.FAIL, text, data={**data, "kind": "duplicate"})
    if not found and current in names:
        text = message("chassis.hostname", chassis=current)
        return Row(name, Verdict.WARN, text, data={**data, "kind": "hostname"})
    if not found:
        verdict = Verdict.FAIL if ready(node) else Verdict.WARN
        return Row(name, verdict, message("chassis.missing"), data={**data, "kind": "missing"})
    return Row(name, Verdict.OK, message("chassis.row", chassis=found[0]), data={**data, "kind": ""})


def judge_chassis_annotations(facts: Facts, params: Params, now: float) -> Judgement:
    """The annotation ovn.kubernetes.io/chassis of every Node names its chassis, and no two Nodes name the same."""
    lost = lists.failure(facts, "chassis", "nodes")
    if lost:
        return lost
    hosts = {entry["name"]: entry["hostname"] for entry in _chassis(facts)}
    nodes = _nodes(facts)
    holders: dict[str, list[str]] = {}
    for name, node in nodes.items():
        holders.setdefault(annotated(node), []).append(name)
    rows = [_annotation_row(name, annotated(node), hosts, holders) for name, node in nodes.items()]
    return judged(
        rows,
        well=message("chassis.annotations-ok", total=len(rows)),
        wrong=message("chassis.annotations-bad"),
        none=message("chassis.no-nodes"),
    )


def _annotation_row(
    name: str, current: str, hosts: Mapping[str, str], holders: Mapping[str, list[str]]
) -> Row:
    data = {"chassis": current}
    if not current:
        return Row(name, Verdict.WARN, message("chassis.annotation-none"), data=data)
    if len(holders[current]) > 1:
        others = ", ".join(other for other in holders[current] if other != name)
        return Row(name, Verdict.FAIL, message("chassis.annotation-shared", others=others), data=data)
    if current not in hosts:
        return Row(name, Verdict.FAIL, message("chassis.annotation-gone", chassis=current), data=data)
    if hosts[current] != name:
        text = message("chassis.annotation-other", chassis=current, hostname=one_line(hosts[current], 80))
        return Row(name, Verdict.WARN, text, data=data)
    return Row(name, Verdict.OK, message("chassis.row", chassis=current), data=data)


# --- tunnel endpoints -----------------------------------------------------------------------------------------------


def judge_encaps(facts: Facts, params: Params, now: float) -> Judgement:
    """Every chassis has a tunnel endpoint, no address serves two, and all have a tunnel type in common.

    Data: ``types`` (tunnel types in use), ``shared`` (addresses of more than one chassis).
    """
    lost = lists.failure(facts, "chassis", "encaps")
    if lost:
        return lost
    hosts = {entry["name"]: entry["hostname"] for entry in _chassis(facts)}
    types: dict[str, set[str]] = {name: set() for name in hosts}
    holders: dict[str, set[str]] = {}
    for entry in listing(facts["encaps"].answers[0].value):
        name, address = str(entry.get("chassis_name", "")), _address(entry.get("ip"))
        holders.setdefault(address, set()).add(name)
        types.setdefault(name, set()).add(str(entry.get("type", "")))
    common = set.intersection(*(t for t in types.values() if t)) if any(types.values()) else set()
    rows = []
    for name in types:
        mine = sorted(address for address, names in holders.items() if name in names)
        shared = sorted(address for address in mine if len(holders[address]) > 1)
        target = one_line(hosts.get(name) or name, 60)
        rows.append(_encap_row(target, name, mine, shared, types[name], common, name in hosts))
    return judged(
        rows,
        well=message("chassis.encaps-ok", total=len(rows), types=", ".join(sorted(common))),
        wrong=message("chassis.encaps-bad"),
        none=message("chassis.none"),
        data={
            "types": sorted(set().union(*types.values())) if types else [],
            "shared": sorted(address for address, names in holders.items() if len(names) > 1),
        },
    )


def _address(value: Any) -> str:
    """The address in its one spelling, or empty for what is none."""
    try:
        return str(ipaddress.ip_address(str(value).strip()))
    except ValueError:
        return ""


def _encap_row(
    target: str,
    name: str,
    mine: list[str],
    shared: list[str],
    types: set[str],
    common: set[str],
    known: bool,
) -> Row:
    data = {"chassis": name, "addresses": mine, "types": sorted(types)}
    if "" in mine:
        return Row(
            target, Verdict.UNKNOWN, message("chassis.encap-unread"), data={**data, "reason": "unparsable"}
        )
    if not mine:
        return Row(target, Verdict.FAIL, message("chassis.encap-none"), data=data)
    if shared:
        return Row(
            target, Verdict.FAIL, message("chassis.encap-shared", addresses=", ".join(shared)), data=data
        )
    if not known:
        return Row(target, Verdict.WARN, message("chassis.encap-orphan"), data=data)
    if not common:
        text = message("chassis.encap-types", types=", ".join(sorted(types)))
        return Row(target, Verdict.FAIL, text, data=data)
    text = message("chassis.encap", addresses=", ".join(mine), types=", ".join(sorted(types)))
    return Row(target, Verdict.OK, text, data=data)


# --- what the nodes say themselves ----------------------------------------------------------------------------------


def judge_system_ids(facts: Facts, params: Params, now: float) -> Judgement:
    """The system-id and tunnel address that Open vSwitch of every node has, against each other and the chassis.

    Data: ``cloned`` (system-ids that several nodes have), ``nodes`` (answers).
    """
    lost = nobody(facts, "ids") or lists.failure(facts, "chassis", "encaps")
    if lost:
        return lost
    hosts = {entry["name"]: entry["hostname"] for entry in _chassis(facts)}
    endpoints: dict[str, set[str]] = {}
    for entry in listing(facts["encaps"].answers[0].value):
        endpoints.setdefault(str(entry.get("chassis_name")), set()).add(_address(entry.get("ip")))
    said = {answer.target: _ids(answer.value) for answer in facts["ids"].good}
    by_id = _grouped((ids.get("system-id", ""), node) for node, ids in said.items())
    by_address = _grouped((_address(ids.get("ovn-encap-ip", "")), node) for node, ids in said.items())
    rows = [unread(answer.target, answer) for answer in facts["ids"].failed]
    rows += [_id_row(node, ids, by_id, by_address, hosts, endpoints) for node, ids in said.items()]
    return judged(
        rows,
        well=message("chassis.ids-ok", total=len(said)),
        wrong=message("chassis.ids-bad"),
        none=message("chassis.no-nodes"),
        data={
            "nodes": len(said),
            "cloned": sorted(sid for sid, nodes in by_id.items() if sid and len(nodes) > 1),
        },
    )


def _ids(rows: Any) -> Mapping[str, str]:
    """external_ids of the one row of Open_vSwitch."""
    first = mapping(listing(rows)[0]) if listing(rows) else {}
    return {str(k): str(v) for k, v in mapping(first.get("external_ids")).items()}


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _id_row(
    node: str,
    ids: Mapping[str, str],
    by_id: Mapping[str, list[str]],
    by_address: Mapping[str, list[str]],
    hosts: Mapping[str, str],
    endpoints: Mapping[str, set[str]],
) -> Row:
    sid, address = ids.get("system-id", ""), _address(ids.get("ovn-encap-ip", ""))
    data = {"system_id": one_line(sid, 80), "address": address}

    def row(verdict: Verdict, text: Any) -> Row:
        return Row(node, verdict, text, data=data)

    if not sid:
        return row(Verdict.FAIL, message("chassis.id-none"))
    if len(by_id[sid]) > 1:
        others = ", ".join(other for other in by_id[sid] if other != node)
        return row(Verdict.FAIL, message("chassis.id-cloned", id=one_line(sid, 60), others=others))
    if address and len(by_address[address]) > 1:
        others = ", ".join(other for other in by_address[address] if other != node)
        return row(Verdict.FAIL, message("chassis.id-address", address=address, others=others))
    if sid not in hosts:
        return row(Verdict.FAIL, message("chassis.id-unregistered", id=one_line(sid, 60)))
    if hosts[sid] != node:
        return row(
            Verdict.WARN, message("chassis.annotation-other", chassis=sid, hostname=one_line(hosts[sid], 80))
        )
    if address and endpoints.get(sid) and address not in endpoints[sid]:
        registered = ", ".join(sorted(endpoints[sid]))
        return row(Verdict.WARN, message("chassis.id-moved", address=address, registered=registered))
    return row(Verdict.OK, message("chassis.row", chassis=one_line(sid, 60)))
