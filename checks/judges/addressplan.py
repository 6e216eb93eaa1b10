"""Judges of address plans: Subnets that overlap, gateways and exclusions, IP pools, addresses that pods ask for."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.judges import addresses, lists, owners
from checks.judges.counting import is_ovn
from checks.judges.subnetstate import settled
from checks.judges.wholes import judged, listing, mapping, text_of
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
DEFAULT_VPC = "ovn-cluster"


@dataclass(frozen=True, slots=True, order=True)
class Net:
    """One network of one Subnet, in the group within which networks must not overlap."""

    group: tuple[str, str, int]
    first: int
    last: int
    subnet: str


def _nets(subnets: Iterable[lists.Object]) -> tuple[list[Net], list[Row]]:
    """The networks in order, and a row for every Subnet whose networks cannot be read: it may overlap any other."""
    found, unread = [], []
    for subnet in subnets:
        spec = lists.spec(subnet)
        if not is_ovn(subnet) or lists.terminating(subnet):
            continue
        try:
            networks = addresses.networks(text_of(spec.get("cidrBlock")))
        except ValueError as error:
            name = lists.name(subnet)
            text = message("ipam.subnet-unparsable", name=name, why=one_line(str(error)))
            unread.append(Row(name, Verdict.UNKNOWN, text, data={"reason": "unparsable"}))
            continue
        for version, network in networks.items():
            # As the controller compares them: those of one VPC and one VLAN (checkSubnetConflict).
            group = (text_of(spec.get("vpc")) or DEFAULT_VPC, text_of(spec.get("vlan")), version)
            found.append(Net(group, int(network[0]), int(network[-1]), lists.name(subnet)))
    return sorted(found), unread


# --- overlaps -------------------------------------------------------------------------------------------------------


def judge_subnet_overlaps(facts: Facts, params: Params, now: float) -> Judgement:
    """Networks of one VPC that overlap, and nodes whose own address lies in a Subnet of the default VPC.

    Data: ``overlaps``, ``nodes_inside``.
    """
    lost = lists.failure(facts, "subnets", "nodes")
    if lost:
        return lost
    nets, unread = _nets(facts["subnets"].items)
    rows = list(_overlaps(nets))
    overlaps = len(rows)
    inside = list(_nodes_inside(facts["nodes"].items, nets))
    rows += inside
    if nets and not rows:
        rows.append(Row("VPC", Verdict.OK, message("plan.apart", count=len(nets))))
    rows += unread
    return judged(
        rows,
        well=message("plan.overlaps-ok", count=len(nets)),
        wrong=message("plan.overlaps-bad"),
        none=message("subnets.none"),
        data={"overlaps": overlaps, "nodes_inside": len(inside)},
    )


def _overlaps(nets: list[Net]) -> Iterable[Row]:
    """Every network that begins before the widest one so far of its group ends."""
    widest: Net | None = None
    for net in nets:
        if widest is not None and widest.group == net.group and net.first <= widest.last:
            if widest.subnet != net.subnet:
                text = message("plan.overlap", other=widest.subnet, vpc=net.group[0])
                yield Row(net.subnet, Verdict.FAIL, text, data={"other": widest.subnet})
            if net.last > widest.last:
                widest = net
        else:
            widest = net


def _nodes_inside(nodes: Iterable[lists.Object], nets: list[Net]) -> Iterable[Row]:
    default = [net for net in nets if net.group[0] == DEFAULT_VPC and not net.group[1]]
    for node in nodes:
        for entry in listing(lists.status(node).get("addresses")):
            address = _address(mapping(entry).get("address"))
            if mapping(entry).get("type") != "InternalIP" or address is None:
                continue
            for net in default:
                if net.group[2] == address.version and net.first <= int(address) <= net.last:
                    text = message("plan.node-inside", address=str(address), subnet=net.subnet)
                    yield Row(lists.name(node), Verdict.FAIL, text, data={"subnet": net.subnet})


def _address(value: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(str(value).strip())
    except ValueError:
        return None


# --- gateways and exclusions ----------------------------------------------------------------------------------------


def judge_address_plan(facts: Facts, params: Params, now: float) -> Judgement:
    """CIDR, gateway and excluded addresses of every Subnet fit together, and its IP objects lie inside the CIDR.

    Data: ``outside`` (IP objects whose address is in no network of their Subnet).
    """
    lost = lists.failure(facts, "subnets", "ips")
    if lost:
        return lost
    held: dict[str, list[lists.Object]] = {}
    for ip in facts["ips"].items:
        held.setdefault(text_of(lists.spec(ip).get("subnet")), []).append(ip)
    rows = [_plan_row(subnet, held.get(lists.name(subnet), [])) for subnet in facts["subnets"].items]
    return judged(
        rows,
        well=message("plan.ok", total=len(rows)),
        wrong=message("plan.bad"),
        none=message("subnets.none"),
        data={"outside": sum(int(row.data.get("outside", 0)) for row in rows)},
    )


def _plan_row(subnet: lists.Object, ips: Iterable[lists.Object]) -> Row:
    name, spec = lists.name(subnet), lists.spec(subnet)
    try:
        networks = addresses.networks(text_of(spec.get("cidrBlock")))
        if not networks:
            raise ValueError("-")
    except ValueError as error:
        return Row(name, Verdict.FAIL, message("plan.cidr", why=one_line(str(error), 100)))
    outside = [ip for ip in ips if not all(_within(a, networks) for a in owners.addresses_of(ip))]
    data = {"outside": len(outside)}
    gateways = [part.strip() for part in text_of(spec.get("gateway")).split(",") if part.strip()]
    stray = [gateway for gateway in gateways if not _within(gateway, networks)]
    if stray:
        text = message("plan.gateway", gateways=one_line(", ".join(stray), 100))
        return Row(name, Verdict.FAIL, text, data=data)
    wrong = [one_line(str(e), 60) for e in listing(spec.get("excludeIps")) if not _span_within(e, networks)]
    if wrong:
        return Row(name, Verdict.WARN, message("plan.exclude", entries=", ".join(wrong[:5])), data=data)
    if any(addresses.capacity(spec, version) == 0 for version in networks):
        return Row(name, Verdict.FAIL, message("plan.nothing-left"), data=data)
    if outside:
        text = message("plan.outside", count=len(outside), first=lists.name(outside[0]))
        return Row(name, Verdict.WARN, text, data=data)
    return Row(name, Verdict.OK, message("plan.row"), data=data)


def _within(address: str, networks: Mapping[int, addresses.Network]) -> bool:
    parsed = _address(address)
    return parsed is not None and parsed.version in networks and parsed in networks[parsed.version]


def _span_within(entry: Any, networks: Mapping[int, addresses.Network]) -> bool:
    try:
        version, (first, last) = addresses.span(str(entry))
    except ValueError:
        return False
    network = networks.get(version)
    return network is not None and int(network[0]) <= first and last <= int(network[-1])


# --- IP pools -------------------------------------------------------------------------------------------------------


def judge_ip_pools(facts: Facts, params: Params, now: float) -> Judgement:
    """Every IPPool has a Subnet, lies inside it, overlaps no other pool of it, and has addresses left."""
    lost = lists.failure(facts, "pools", "subnets")
    if lost:
        return lost
    subnets = {lists.name(subnet): subnet for subnet in facts["subnets"].items}
    taken: dict[str, list[tuple[int, int, int, str]]] = {}
    rows = []
    for pool in facts["pools"].items:
        if settled(pool, now, float(params["grace"])):
            rows.append(_pool_row(pool, subnets.get(text_of(lists.spec(pool).get("subnet"))), taken))
    return judged(
        rows,
        well=message("plan.pools-ok", total=len(rows)),
        wrong=message("plan.pools-bad"),
        none=message("plan.pools-none"),
    )


def _pool_row(
    pool: lists.Object, subnet: lists.Object | None, taken: dict[str, list[tuple[int, int, int, str]]]
) -> Row:
    name, of = lists.name(pool), text_of(lists.spec(pool).get("subnet"))
    if subnet is None:
        return Row(name, Verdict.FAIL, message("plan.pool-subnet", subnet=one_line(of, 60) or "-"))
    try:
        networks = addresses.networks(text_of(lists.spec(subnet).get("cidrBlock")))
        spans = [addresses.span(str(entry)) for entry in listing(lists.spec(pool).get("ips"))]
    except ValueError as error:
        return Row(name, Verdict.FAIL, message("plan.pool-unread", why=one_line(str(error), 100)))
    stray = [e for e in listing(lists.spec(pool).get("ips")) if not _span_within(e, networks)]
    if stray:
        text = message("plan.pool-outside", entry=one_line(str(stray[0]), 60), subnet=of)
        return Row(name, Verdict.FAIL, text)
    others = taken.setdefault(of, [])
    for version, (first, last) in spans:
        for v, low, high, other in others:
            if v == version and other != name and first <= high and last >= low:
                return Row(name, Verdict.FAIL, message("plan.pool-overlap", other=other))
        others.append((version, first, last, name))
    status = lists.status(pool)
    for family in (4, 6):
        using, free = (lists.number(status.get(f"v{family}{k}IPs")) for k in ("Using", "Available"))
        if using and free == 0:
            return Row(name, Verdict.WARN, message("plan.pool-full", using=using))
    return Row(name, Verdict.OK, message("plan.pool", subnet=of))


# --- addresses that pods ask for ------------------------------------------------------------------------------------


def judge_static_addresses(facts: Facts, params: Params, now: float) -> Judgement:
    """Waiting pods that ask for an address of their own: outside their Subnet, or held by somebody else.

    Data: ``waiting`` (such pods), ``out_of_range``, ``conflict``; table ``rows`` names address and holder.
    """
    lost = lists.failure(facts, "pods", "subnets", "ips", "pools")
    if lost:
        return lost
    plan = _Plan(facts)
    asking = [pod for pod in facts["pods"].items if _asks(pod)]
    rows = [_static_row(pod, plan) for pod in asking]
    kinds = [row.data.get("kind") for row in rows]
    data = {
        "waiting": len(asking),
        "out_of_range": kinds.count("out-of-range"),
        "conflict": kinds.count("conflict"),
    }
    if not rows:
        return Judgement(
            Verdict.OK, message("plan.static-none"), value=0, data={**data, "total": 0, "bad": 0}
        )
    return judged(
        rows,
        well=message("plan.static-ok", total=len(rows)),
        wrong=message("plan.static-bad"),
        none=message("plan.static-none"),
        data=data,
    )


def _asks(pod: lists.Object) -> bool:
    notes = mapping(lists.meta(pod).get("annotations"))
    waits = notes.get("ovn.kubernetes.io/allocated") != "true" and not lists.terminating(pod)
    return waits and bool(notes.get("ovn.kubernetes.io/ip_address") or notes.get("ovn.kubernetes.io/ip_pool"))


class _Plan:
    def __init__(self, facts: Facts):
        self.subnets = {lists.name(s): s for s in facts["subnets"].items}
        self.pools = {lists.name(pool) for pool in facts["pools"].items}
        self.holders: dict[tuple[str, str], lists.Object] = {}
        for ip in facts["ips"].items:
            for address in owners.addresses_of(ip):
                self.holders[text_of(lists.spec(ip).get("subnet")), address] = ip

    def subnet_of(self, pod: lists.Object) -> lists.Object | None:
        """The Subnet that the pod's annotation names, else that of its namespace, else the default one."""
        notes = mapping(lists.meta(pod).get("annotations"))
        named = text_of(notes.get("ovn.kubernetes.io/logical_switch")).split(",")[0]
        if named:
            return self.subnets.get(named)
        bound = [
            s
            for s in self.subnets.values()
            if lists.namespace(pod) in listing(lists.spec(s).get("namespaces"))
        ]
        default = [s for s in self.subnets.values() if lists.spec(s).get("default") is True]
        return next(iter([*bound, *default]), None)


def _static_row(pod: lists.Object, plan: _Plan) -> Row:
    notes = mapping(lists.meta(pod).get("annotations"))
    target, subnet = f"{lists.namespace(pod)}/{lists.name(pod)}", plan.subnet_of(pod)
    pool = text_of(notes.get("ovn.kubernetes.io/ip_pool"))
    asked = text_of(notes.get("ovn.kubernetes.io/ip_address"))
    if pool in plan.pools:
        return Row(target, Verdict.OK, message("plan.static-pool", pool=pool), data={"kind": "pool"})
    wanted = [part.strip() for part in (pool or asked).replace(";", ",").split(",") if part.strip()]
    if subnet is None:
        return Row(target, Verdict.FAIL, message("plan.static-subnet"), data={"kind": "subnet"})
    networks = addresses.networks_or_none(text_of(lists.spec(subnet).get("cidrBlock")))
    data = {"subnet": lists.name(subnet), "addresses": one_line(", ".join(wanted), 200)}
    stray = [address for address in wanted if networks is None or not _within(address, networks)]
    if stray:
        text = message(
            "plan.static-outside", address=one_line(", ".join(stray), 100), subnet=lists.name(subnet)
        )
        return Row(target, Verdict.FAIL, text, data={**data, "kind": "out-of-range"})
    owner = (lists.namespace(pod), lists.name(pod))
    held = {a: plan.holders[lists.name(subnet), a] for a in wanted if (lists.name(subnet), a) in plan.holders}
    foreign = {a: ip for a, ip in held.items() if _owner(ip) != owner}
    gateways = text_of(lists.spec(subnet).get("gateway")).split(",")
    free = [a for a in wanted if a not in foreign and a not in gateways]
    if not free:
        first = next(iter(foreign), wanted[0])
        holder = lists.name(foreign[first]) if first in foreign else "gateway"
        text = message("plan.static-held", address=first, holder=one_line(holder, 100))
        return Row(target, Verdict.FAIL, text, data={**data, "kind": "conflict", "holder": holder})
    return Row(target, Verdict.OK, message("plan.static-free", address=free[0]), data={**data, "kind": ""})


def _owner(ip: lists.Object) -> tuple[str, str]:
    return text_of(lists.spec(ip).get("namespace")), text_of(lists.spec(ip).get("podName"))
