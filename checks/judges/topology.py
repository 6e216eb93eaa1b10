"""Judges of what Kube-OVN's objects look like in OVN: routers and switches of VPCs and Subnets, ports of addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from checks.judges import lists, owners
from checks.judges.counting import is_ovn
from checks.judges.wholes import judged, listing, mapping, text_of
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
VENDOR = "kube-ovn"
_NO_SUBNET = frozenset({"external"})
"""Switches that the controller makes without a Subnet (the external switch of ovn-external-gw-config)."""


def _old(obj: lists.Object, now: float, settle: float) -> bool:
    """Whether the object is old enough to be in OVN, and to stay."""
    born = lists.created(obj)
    return not lists.terminating(obj) and (born is None or now - born >= settle)


def _rows_of(facts: Facts, read: str) -> list[Mapping[str, Any]]:
    return [mapping(entry) for entry in listing(facts[read].answers[0].value)]


# --- routers and switches -------------------------------------------------------------------------------------------


def judge_topology(facts: Facts, params: Params, now: float) -> Judgement:
    """Every VPC has its logical router, every Subnet its switch and router port, and none is left over.

    Data: ``routers``, ``switches`` (how many there are in OVN), ``left_over`` (names without an object).
    """
    lost = lists.failure(facts, "vpcs", "subnets", "routers", "switches", "router_ports")
    if lost:
        return lost
    settle = float(params["settle"])
    routers, switches = _rows_of(facts, "routers"), _rows_of(facts, "switches")
    names = {str(row.get("name")) for row in routers}
    rows = []
    for vpc in facts["vpcs"].items:
        router = text_of(lists.status(vpc).get("router")) or lists.name(vpc)
        if _old(vpc, now, settle):
            rows.append(
                _present(f"vpc/{lists.name(vpc)}", router in names, message("topology.router", name=router))
            )
    rows += _subnet_rows(facts, switches, now, settle)
    left = list(_left_over(facts, routers, switches))
    rows += [Row(f"{kind} {name}", Verdict.WARN, message("topology.left-over")) for kind, name in left]
    return judged(
        rows,
        well=message("topology.ok", total=len(rows)),
        wrong=message("topology.bad"),
        none=message("topology.none"),
        data={
            "routers": len(routers),
            "switches": len(switches),
            "left_over": [name for _, name in left],
        },
    )


def _present(target: str, there: bool, missing: Any) -> Row:
    return (
        Row(target, Verdict.OK, message("topology.there"))
        if there
        else Row(target, Verdict.FAIL, missing, data={"kind": "missing"})
    )


def _subnet_rows(
    facts: Facts, switches: Iterable[Mapping[str, Any]], now: float, settle: float
) -> Iterable[Row]:
    known = {str(row.get("name")) for row in switches}
    ports = {str(row.get("name")) for row in _rows_of(facts, "router_ports")}
    for subnet in facts["subnets"].items:
        if not is_ovn(subnet) or not _old(subnet, now, settle):
            continue
        name, spec = lists.name(subnet), lists.spec(subnet)
        target, vpc = f"subnet/{name}", text_of(spec.get("vpc"))
        if name not in known:
            yield _present(target, False, message("topology.switch", name=name))
            continue
        # An underlay Subnet has its gateway outside OVN, unless it is told otherwise.
        routed = bool(vpc) and (
            not text_of(spec.get("vlan"))
            or bool(spec.get("logicalGateway") or spec.get("u2oInterconnection"))
        )
        port = f"{vpc}-{name}"
        yield _present(target, not routed or port in ports, message("topology.router-port", name=port))


def _left_over(
    facts: Facts, routers: Iterable[Mapping[str, Any]], switches: Iterable[Mapping[str, Any]]
) -> Iterable[tuple[str, str]]:
    """Routers and switches that Kube-OVN made and whose VPC or Subnet is gone; kind and name."""
    vpcs = {lists.name(vpc) for vpc in facts["vpcs"].items}
    vpcs |= {text_of(lists.status(vpc).get("router")) for vpc in facts["vpcs"].items}
    subnets = {lists.name(subnet) for subnet in facts["subnets"].items}
    for kind, found, known in (("router", routers, vpcs), ("switch", switches, subnets | _NO_SUBNET)):
        for row in found:
            name = str(row.get("name"))
            ours = mapping(row.get("external_ids")).get("vendor") == VENDOR
            if ours and name not in known and "interconn-ts" not in mapping(row.get("other_config")):
                yield kind, one_line(name, 80)


# --- ports and addresses --------------------------------------------------------------------------------------------


def judge_port_addresses(facts: Facts, params: Params, now: float) -> Judgement:
    """The IP objects of running pods and of nodes against the ports of that name in OVN: there, and with that address.

    Data: ``ports``, ``compared``, ``missing``, ``different``, ``twice`` (addresses of two ports of one switch).
    """
    lost = lists.failure(facts, "ports", "ips", "subnets", "pods", "nodes")
    if lost:
        return lost
    ports = {str(row.get("name")): row for row in _rows_of(facts, "ports") if not row.get("type")}
    served = {lists.name(subnet) for subnet in facts["subnets"].items if is_ovn(subnet)}
    living = _living(facts)
    rows: list[Row] = []
    compared = 0
    for ip in facts["ips"].items:
        if str(lists.spec(ip).get("subnet")) not in served or not _is_due(ip, living, now, params):
            continue
        compared += 1
        port = ports.get(lists.name(ip))
        if port is None:
            text = message("topology.port-missing")
            rows.append(Row(lists.name(ip), Verdict.FAIL, text, data={"kind": "missing"}))
        elif row := _different(ip, port):
            rows.append(row)
    twice = _twice(ports)
    rows += twice
    kinds = Counter(str(row.data.get("kind")) for row in rows)
    if compared and not rows:
        rows.append(Row("OVN", Verdict.OK, message("topology.ports-row", count=compared)))
    return judged(
        rows,
        well=message("topology.ports-ok", count=compared),
        wrong=message("topology.ports-bad"),
        none=message("topology.ports-none"),
        data={
            "ports": len(ports),
            "compared": compared,
            "missing": kinds["missing"],
            "different": kinds["different"],
            "twice": len(twice),
        },
    )


def _living(facts: Facts) -> set[tuple[str, str]]:
    """Running pods with a network of their own, and nodes, as IP objects name their owners."""
    pods = {
        (lists.namespace(pod), lists.name(pod))
        for pod in facts["pods"].items
        if lists.status(pod).get("phase") == "Running"
        and not lists.spec(pod).get("hostNetwork")
        and not lists.terminating(pod)
    }
    return pods | {("", lists.name(node)) for node in facts["nodes"].items}


def _is_due(ip: lists.Object, living: set[tuple[str, str]], now: float, params: Params) -> bool:
    owner = (str(lists.spec(ip).get("namespace") or ""), str(lists.spec(ip).get("podName") or ""))
    return owner in living and not owners.is_system(ip) and _old(ip, now, float(params["settle"]))


def _port_addresses(port: Mapping[str, Any]) -> list[str]:
    """The words ``MAC IP …`` of a port's addresses; router, unknown and dynamic are none."""
    held = port.get("addresses")
    texts = held if isinstance(held, list) else [held]
    return [word.lower() for text in texts for word in str(text or "").split() if ":" in word or "." in word]


def _different(ip: lists.Object, port: Mapping[str, Any]) -> Row | None:
    have = set(_port_addresses(port))
    wanted = [*owners.addresses_of(ip), text_of(lists.spec(ip).get("macAddress"))]
    lacking = [word for word in wanted if word and word.lower() not in have]
    if not lacking:
        return None
    text = message("topology.port-different", wanted=", ".join(lacking), have=", ".join(sorted(have)) or "-")
    return Row(lists.name(ip), Verdict.FAIL, text, data={"kind": "different"})


def _twice(ports: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Addresses that two ports of one switch hold: frames for them arrive at either."""
    holders: dict[tuple[str, str], list[str]] = {}
    for name, port in ports.items():
        switch = str(mapping(port.get("external_ids")).get("ls") or "")
        for word in set(_port_addresses(port)) if switch else ():
            holders.setdefault((switch, word), []).append(name)
    return [
        Row(
            one_line(word, 60),
            Verdict.FAIL,
            message("topology.port-twice", switch=switch, ports=one_line(", ".join(sorted(names)), 160)),
            data={"kind": "twice"},
        )
        for (switch, word), names in holders.items()
        if len(names) > 1
    ]
