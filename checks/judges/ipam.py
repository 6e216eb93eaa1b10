"""Judges over the objects that hold addresses: orphaned IPs and EIPs, and addresses held twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from checks.judges.counting import SUBNET_LABEL
from checks.judges.lists import (
    Object,
    created,
    failure,
    labels,
    name,
    spec,
    status,
    terminating,
)
from checks.judges.owners import RESERVED, Owners, addresses_of, fate, owners_of
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

NAT_RULES = ("fips", "dnats", "snats")


def owners_in(facts: Mapping[str, Fact]) -> Owners:
    """The owners from the reads pods, statefulsets, vms and nodes; VMs that were not readable stay unknown."""
    vms = facts.get("vms")
    readable = vms is not None and not vms.error and not vms.failed
    return owners_of(
        facts["pods"].items,
        facts["statefulsets"].items,
        vms.items if vms is not None and readable else None,
        facts["nodes"].items,
    )


# --- orphaned IPs ---------------------------------------------------------------------------------------------------


def judge_orphan_ips(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """IP objects whose owner is gone, one table row each; those being deleted already are counted apart."""
    if bad := failure(facts, "ips", "pods", "statefulsets", "nodes", "subnets"):
        return bad
    owners, min_age = owners_in(facts), float(params.get("min_age", 60))
    subnets = {name(s) for s in facts["subnets"].items}
    orphans: list[dict[str, JSON]] = []
    leaving: list[str] = []
    undecided, young = [], 0
    for ip in sorted(facts["ips"].items, key=name):
        found = fate(ip, owners)
        if found.state == "undecided" and found.why == "vm-unread":
            undecided.append(name(ip))
        if found.state != "gone":
            continue
        if terminating(ip):
            leaving.append(name(ip))
        elif now - (created(ip) or 0.0) < min_age:
            young += 1  # its pod may have come after the list of pods was read
        else:
            orphans.append(_orphan(ip, found.why, subnets))
    count = len(orphans)
    data: dict[str, JSON] = {
        "count": count, "leaving": len(leaving), "young": young, "undecided": len(undecided),
        "there": [*(str(o["name"]) for o in orphans), *leaving],
    }  # fmt: skip
    data["gateways"] = sum(str(o["pod"]).startswith("vpc-nat-gw-") for o in orphans)
    per_subnet = Counter(str(o["subnet"]) for o in orphans)
    rows = tuple(
        Row(s, Verdict.FAIL, message("ipam.orphans-row", count=n), value=n)
        for s, n in sorted(per_subnet.items())
    )
    tables = {"orphans": tuple(orphans)}
    if count == 0 and undecided:
        vms = facts.get("vms")
        reason = (vms.error or (vms.failed[0].error if vms.failed else "")) if vms else ""
        return Judgement(
            Verdict.UNKNOWN,
            message("ipam.orphans-undecided", count=len(undecided), name=undecided[0]),
            value=0,
            reason=reason or "absent",
            remedy=message("ipam.orphans-remedy"),
            data=data,
            tables=tables,
        )
    total = len(facts["ips"].items)
    if not count:
        return Judgement(
            Verdict.OK, message("ipam.orphans-ok", total=total), value=0, data=data, tables=tables
        )
    verdict = Verdict.FAIL if count >= int(params.get("fail", 10)) else Verdict.WARN
    text = message("ipam.orphans-found", count=count, total=total, name=orphans[0]["name"])
    return Judgement(verdict, text, value=count, data=data, tables=tables, rows=rows)


def _orphan(ip: Object, why: str, subnets: set[str]) -> dict[str, JSON]:
    subnet = str(spec(ip).get("subnet") or "")
    return {
        "name": name(ip),
        "subnet": subnet,
        "subnet_gone": subnet not in subnets,
        "address": ", ".join(addresses_of(ip)),
        "why": why,
        "namespace": str(spec(ip).get("namespace") or ""),
        "pod": str(spec(ip).get("podName") or ""),
    }


# --- orphaned EIPs --------------------------------------------------------------------------------------------------


def judge_orphan_eips(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """iptables EIPs whose VPC NAT gateway does not exist; `free` are those that no NAT rule refers to."""
    if bad := failure(facts, "eips"):
        return bad
    eips = facts["eips"].items
    if eips and (bad := failure(facts, "gateways", *NAT_RULES)):
        return bad
    gateways = {name(g) for g in facts["gateways"].items} if eips else set()
    users = rules_by_eip(facts)
    orphans: list[dict[str, JSON]] = []
    leaving: list[str] = []
    for eip in sorted(eips, key=name):
        gateway = str(spec(eip).get("natGwDp") or "")
        if not gateway or gateway in gateways:
            continue
        if terminating(eip):
            leaving.append(name(eip))
        elif now - (created(eip) or 0.0) >= float(params.get("min_age", 60)):
            orphans.append(
                {
                    "name": name(eip),
                    "subnet": eip_subnet(eip),
                    "address": ", ".join(a for _, a in _eip_addresses(eip)),
                    "gateway": gateway,
                    "used_by": ", ".join(users[name(eip)]),
                    "free": not users[name(eip)],
                }
            )
    data: dict[str, JSON] = {
        "count": len(orphans), "free": sum(bool(o["free"]) for o in orphans), "leaving": len(leaving),
        "there": [*(str(o["name"]) for o in orphans), *leaving],
    }  # fmt: skip
    tables = {"orphans": tuple(orphans)}
    if not orphans:
        text = message("ipam.eips-ok", total=len(eips))
        return Judgement(Verdict.OK, text, value=0, data=data, tables=tables)
    first = orphans[0]
    text = message(
        "ipam.eips-found", count=len(orphans), total=len(eips), name=first["name"], gateway=first["gateway"]
    )
    rows = tuple(
        Row(
            str(o["name"]), Verdict.WARN, message("ipam.eips-row", address=o["address"], gateway=o["gateway"])
        )
        for o in orphans
    )
    return Judgement(Verdict.WARN, text, value=len(orphans), data=data, tables=tables, rows=rows)


def rules_by_eip(facts: Mapping[str, Fact]) -> dict[str, list[str]]:
    """The NAT rules that name an EIP, ``fip web``, by the EIP's name; from the reads fips, dnats and snats."""
    users: dict[str, list[str]] = defaultdict(list)
    for read in NAT_RULES:
        for rule in facts[read].items if read in facts else ():
            users[str(spec(rule).get("eip") or "")].append(f"{read[:-1]} {name(rule)}")
    return users


# --- duplicates -----------------------------------------------------------------------------------------------------


def judge_duplicate_addresses(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """One address of a Subnet held by more than one object among IPs, VIPs, iptables EIPs and OVN EIPs."""
    if bad := failure(facts, "ips", "vips", "eips", "ovn_eips"):
        return bad
    held: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for subnet, address, kind, holder in _holders(facts):
        held[subnet, address].append((kind, holder))
    duplicates: tuple[dict[str, JSON], ...] = tuple(
        {
            "subnet": subnet,
            "address": address,
            "holders": ", ".join(f"{kind}/{holder}" for kind, holder in sorted(holders)),
            "kinds": ", ".join(sorted({kind for kind, _ in holders})),
        }
        for (subnet, address), holders in sorted(held.items())
        if len(set(holders)) > 1
    )
    data = {"count": len(duplicates), "addresses": len(held)}
    if not duplicates:
        return Judgement(
            Verdict.OK,
            message("ipam.duplicates-ok", total=len(held)),
            value=0,
            data=data,
            tables={"duplicates": ()},
        )
    first = duplicates[0]
    rows = tuple(
        Row(
            f"{d['subnet']} {d['address']}",
            Verdict.FAIL,
            message("ipam.duplicates-row", holders=d["holders"]),
        )
        for d in duplicates
    )
    text = message(
        "ipam.duplicates-found", count=len(duplicates), address=first["address"], holders=first["holders"]
    )
    return Judgement(
        Verdict.FAIL, text, value=len(duplicates), data=data, tables={"duplicates": duplicates}, rows=rows
    )


def _holders(facts: Mapping[str, Fact]) -> Iterable[tuple[str, str, str, str]]:
    """Subnet, address, kind and name of everything that holds an address."""
    for ip in facts["ips"].items:
        for address in addresses_of(ip):
            yield str(spec(ip).get("subnet") or ""), address, "ip", name(ip)
    for vip in facts["vips"].items:
        # A VIP that a pod has taken over carries the pod's name in the label; the pod's IP object is the same address.
        if labels(vip).get(RESERVED, "") == "":
            for address in _first(status(vip).get("v4ip"), spec(vip).get("v4ip")):
                yield str(spec(vip).get("subnet") or ""), address, "vip", name(vip)
    for eip in facts["eips"].items:
        for subnet, address in _eip_addresses(eip):
            yield subnet, address, "eip", name(eip)
    for eip in facts["ovn_eips"].items:
        for address in _first(status(eip).get("v4Ip"), spec(eip).get("v4Ip")):
            yield eip_subnet(eip), address, "ovn-eip", name(eip)


def _first(*values: Any) -> Iterable[str]:
    found = next((str(v) for v in values if v), "")
    return (found,) if found else ()


def _eip_addresses(eip: Object) -> list[tuple[str, str]]:
    return [(eip_subnet(eip), a) for a in _first(status(eip).get("ip"), spec(eip).get("v4ip"))]


def eip_subnet(eip: Object) -> str:
    """The external Subnet an EIP takes its address from."""
    return str(spec(eip).get("externalSubnet") or labels(eip).get(SUBNET_LABEL) or "")
