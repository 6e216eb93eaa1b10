"""Judges over deletions that do not end: terminating objects, live users of their Subnets, ports left in OVN."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from checks.judges.counting import EXTERNAL_NET, Shelf
from checks.judges.ipam import eip_subnet, owners_in, rules_by_eip
from checks.judges.lists import (
    Object,
    annotations_of,
    deleted,
    failure,
    finalizers,
    meta,
    name,
    namespace,
    number,
    spec,
    status,
    terminating,
)
from checks.judges.owners import Owners, addresses_of, fate, is_system
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

# Read name to the word for its kind; the reads that need a row of their own in a table come first.
KINDS = {
    "subnets": "subnet",
    "ips": "ip",
    "vips": "vip",
    "eips": "iptables-eip",
    "fips": "iptables-fip-rule",
    "dnats": "iptables-dnat-rule",
    "snats": "iptables-snat-rule",
    "ovn_eips": "ovn-eip",
    "ovn_fips": "ovn-fip",
    "ovn_snats": "ovn-snat-rule",
    "ovn_dnats": "ovn-dnat-rule",
    "vpcs": "vpc",
    "gateways": "vpc-nat-gateway",
    "ippools": "ippool",
    "vlans": "vlan",
    "qos": "qos-policy",
    "egress_gateways": "vpc-egress-gateway",
    "namespaces": "namespace",
}
OURS = ("kubeovn.io/kube-ovn-controller", "kube-ovn-controller")
TOUCHED = "klinik.io/touched"
OWNER_READS = ("pods", "statefulsets", "nodes")


def judge_kubeovn_terminating(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Kube-OVN objects and namespaces whose deletion is older than `age` seconds and still held by finalizers.

    Tables ips, subnets, vips, eips, others: name, finalizer and its index, since when; IPs with `subnet_gone`
    and `owner_gone`, Subnets with `using`, `objects`, `pods`, EIPs with `subnet_gone`, `gateway_gone`, `used_by`; all
    three with `releasable`: nothing is left to clean.
    """
    reads = [read for read in KINDS if read in facts]
    if bad := failure(facts, *reads):
        return bad
    stuck = {
        read: [o for o in facts[read].items if _stuck(o, now, float(params.get("age", 300)))]
        for read in reads
    }
    young = sum(terminating(o) for read in reads for o in facts[read].items) - sum(map(len, stuck.values()))
    owners = None if failure(facts, *OWNER_READS) else owners_in(facts)
    live = {name(s): terminating(s) for s in facts["subnets"].items}
    ips = tuple(_ip_row(ip, live, owners) for ip in stuck["ips"])
    subnets = _subnet_rows(stuck["subnets"], facts, owners)
    eips = _eip_rows(stuck.get("eips", []), facts, live)
    known = ("ips", "subnets", "vips", "eips")
    others = tuple(
        _base(o) | {"kind": KINDS[read]} for read in reads if read not in known for o in stuck[read]
    )
    data: dict[str, JSON] = {
        "count": sum(map(len, stuck.values())),
        "young": young,
        **{read: len(stuck.get(read, ())) for read in (*known, "vpcs", "namespaces")},
        "others": len(others),
        "ips_subnet_gone": sum(bool(r["subnet_gone"]) for r in ips),
        "ips_subnet_there": sum(not r["subnet_gone"] for r in ips),
        "ips_releasable": sum(bool(r["releasable"]) for r in ips),
        "subnets_empty": sum(bool(r["empty"]) for r in subnets),
        "subnets_in_use": sum(not r["empty"] for r in subnets),
        "subnets_zero": sum(bool(r["empty"] and r["zero"]) for r in subnets),
        "subnets_releasable": sum(bool(r["releasable"]) for r in subnets),
        "eips_subnet_gone": sum(bool(r["subnet_gone"]) for r in eips),
        "eips_releasable": sum(bool(r["releasable"]) for r in eips),
        "ips_there": [r["name"] for r in ips],
        "subnets_there": [r["name"] for r in subnets],
        "eips_there": [r["name"] for r in eips],
        "subnets_zero_there": [r["name"] for r in subnets if r["empty"] and r["zero"]],
    }
    tables: dict[str, tuple[Mapping[str, JSON], ...]] = {
        "ips": ips,
        "subnets": subnets,
        "vips": tuple(_base(o) for o in stuck.get("vips", ())),
        "eips": eips,
        "others": others,
    }
    if not data["count"]:
        text = message("terminating.none", young=young)
        return Judgement(Verdict.OK, text, value=0, data=data, tables=tables)
    rows = tuple(_row(KINDS[read], o, now) for read in reads for o in stuck[read])
    text = message("terminating.found", count=data["count"], first=rows[0].target)
    return Judgement(Verdict.FAIL, text, value=data["count"], data=data, tables=tables, rows=rows)


def _stuck(obj: Object, now: float, age: float) -> bool:
    since = deleted(obj)
    held = finalizers(obj) or (spec(obj).get("finalizers") and status(obj).get("phase") == "Terminating")
    return bool(since is not None and now - since > age and held)


def _row(kind: str, obj: Object, now: float) -> Row:
    where = f"{namespace(obj)}/{name(obj)}" if namespace(obj) else name(obj)
    held = finalizers(obj) or tuple(spec(obj).get("finalizers") or ())
    seconds = int(now - (deleted(obj) or now))
    text = message("terminating.row", minutes=seconds // 60, finalizers=", ".join(map(str, held)))
    return Row(f"{kind} {where}", Verdict.FAIL, text, value=seconds)


def _base(obj: Object) -> dict[str, JSON]:
    """What a row says of any object; nothing in it changes by itself, because plans are bound to rows."""
    held = finalizers(obj)
    ours = next((f for f in held if f in OURS), "")
    return {
        "name": name(obj),
        "namespace": namespace(obj),
        "finalizer": ours,
        "index": held.index(ours) if ours else -1,
        "finalizers": ", ".join(held),
        "since": str(meta(obj).get("deletionTimestamp") or ""),
    }


def _ip_row(ip: Object, live: Mapping[str, bool], owners: Owners | None) -> dict[str, JSON]:
    row = _base(ip)
    subnet = str(spec(ip).get("subnet") or "")
    found = fate(ip, owners) if owners else None
    gone, owner_gone = subnet not in live, found is not None and found.state == "gone"
    return row | {
        "subnet": subnet,
        "address": ", ".join(addresses_of(ip)),
        "subnet_gone": gone,
        "owner_gone": owner_gone,
        "owner": found.why if found else "unread",
        "releasable": gone and owner_gone and bool(row["finalizer"]),
    }


def _eip_rows(
    stuck: list[dict[str, Any]], facts: Mapping[str, Fact], live: Mapping[str, bool]
) -> tuple[dict[str, JSON], ...]:
    """EIPs: the controller reads their external Subnet before it lets them go (vpc_nat_gw_eip.go, to 1.16).

    One may be let go by hand when that Subnet is gone, no gateway is left to clean, and no NAT rule names it.
    """
    users = rules_by_eip(facts)
    gateways = {name(g) for g in facts["gateways"].items} if "gateways" in facts else None
    rows = []
    for eip in stuck:
        row, gateway = _base(eip), str(spec(eip).get("natGwDp") or "")
        subnet = eip_subnet(eip) or EXTERNAL_NET
        subnet_gone = subnet not in live
        gateway_gone = gateways is not None and gateway not in gateways
        used_by = ", ".join(users[name(eip)])
        releasable = subnet_gone and gateway_gone and not used_by and bool(row["finalizer"])
        rows.append(
            row
            | {"address": str(spec(eip).get("v4ip") or ""), "subnet": subnet, "subnet_gone": subnet_gone}
            | {"gateway": gateway, "gateway_gone": gateway_gone, "used_by": used_by, "releasable": releasable}
        )
    return tuple(rows)


def touches(subnet: Object) -> int:
    """How often klinik has touched the Subnet to have it looked at again, from its annotation."""
    number_of = str(annotations_of(subnet).get(TOUCHED) or "").rpartition("-")[2]
    return int(number_of) if number_of.isdecimal() and len(number_of) < 6 else 0


def _subnet_rows(
    stuck: list[dict[str, Any]], facts: Mapping[str, Fact], owners: Owners | None
) -> tuple[dict[str, JSON], ...]:
    shelf, users = Shelf(facts), pods_by_subnet(owners)
    rows = []
    for subnet in stuck:
        key, row = name(subnet), _base(subnet)
        held = [o for kind in (shelf.ips, shelf.vips, shelf.eips, shelf.ovn_eips) for o in kind.get(key, ())]
        objects = sum(not is_system(o) for o in held)
        pods = len(users.get(key, ()))
        counters = [number(status(subnet).get(f"v{family}usingIPs")) for family in (4, 6)]
        using = max((c for c in counters if c is not None), default=None)
        # As the controller asks (handleSubnetFinalizer): nothing used, or only its own U2O gateway.
        zero = using == 0 or (using == 1 and bool(status(subnet).get("u2oInterconnectionIP")))
        empty = objects == 0 and pods == 0
        releasable = empty and owners is not None and bool(row["finalizer"])
        rows.append(
            row
            | {"using": using, "objects": objects, "pods": pods, "empty": empty, "zero": zero}
            | {"releasable": releasable, "touch": touches(subnet) + 1}
        )
    return tuple(rows)


# --- what still lives on a Subnet that is being deleted ---------------------------------------------------------------


def pods_by_subnet(owners: Owners | None) -> dict[str, list[Object]]:
    """Live pods by the Subnets they are annotated with, attachments included."""
    found: dict[str, list[Object]] = defaultdict(list)
    for pod in owners.pods.values() if owners else ():
        if status(pod).get("phase") in ("Succeeded", "Failed") or spec(pod).get("hostNetwork"):
            continue
        keys = {k for k in annotations_of(pod) if k.endswith(".kubernetes.io/logical_switch")}
        for subnet in {annotations_of(pod)[key] for key in keys}:
            found[subnet].append(pod)
    return found


def judge_live_pods(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Pods and owned IP objects on Subnets that are being deleted: there the finalizer protects traffic."""
    if bad := failure(facts, "subnets", "ips", *OWNER_READS):
        return bad
    owners = owners_in(facts)
    leaving = {name(s) for s in facts["subnets"].items if terminating(s)}
    users: list[dict[str, JSON]] = []
    for subnet, pods in sorted(pods_by_subnet(owners).items()):
        for pod in pods if subnet in leaving else ():
            users.append({"subnet": subnet, "namespace": namespace(pod), "pod": name(pod), "by": "pod"})
    seen = {(u["subnet"], u["namespace"], u["pod"]) for u in users}
    for ip in sorted(facts["ips"].items, key=name):
        key = (
            str(spec(ip).get("subnet") or ""),
            str(spec(ip).get("namespace") or ""),
            spec(ip).get("podName"),
        )
        held = fate(ip, owners).state in ("owned", "kept") and not is_system(ip)
        if key[0] in leaving and held and not terminating(ip) and key not in seen:
            users.append({"subnet": key[0], "namespace": key[1], "pod": key[2] or name(ip), "by": "ip"})
    data = {"count": len(users), "subnets": len({u["subnet"] for u in users}), "terminating": len(leaving)}
    tables = {"users": tuple(users)}
    if not users:
        text = message("terminating.live-none", total=len(leaving))
        return Judgement(Verdict.OK, text, value=0, data=data, tables=tables)
    rows = tuple(
        Row(
            str(u["subnet"]),
            Verdict.WARN,
            message("terminating.live-row", **{k: u[k] for k in ("namespace", "pod")}),
        )
        for u in users
    )
    text = message("terminating.live-found", count=len(users), subnet=users[0]["subnet"], pod=users[0]["pod"])
    return Judgement(Verdict.WARN, text, value=len(users), data=data, tables=tables, rows=rows)


# --- logical switch ports without an owner ----------------------------------------------------------------------------


def judge_orphan_ports(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Logical switch ports that Kube-OVN made for a pod, with neither that pod nor an IP object of their name."""
    if bad := failure(facts, "ports", "ips", "pods"):
        return bad
    ips = {name(ip) for ip in facts["ips"].items}
    pods = {f"{namespace(p)}/{name(p)}" for p in facts["pods"].items}
    ports: list[Mapping[str, Any]] = [row for answer in facts["ports"].good for row in answer.value]
    orphans: list[dict[str, JSON]] = []
    for port in ports:
        ids = port.get("external_ids")
        ids = ids if isinstance(ids, Mapping) else {}
        pod = str(ids.get("pod") or "")
        # Router, node and localnet ports name no pod; they are none of ours to judge.
        if ids.get("vendor", "kube-ovn") != "kube-ovn" or not pod or port.get("type"):
            continue
        if str(port.get("name")) not in ips and pod not in pods:
            orphans.append({"name": str(port.get("name")), "pod": pod, "subnet": str(ids.get("ls") or "")})
    data: dict[str, JSON] = {
        "count": len(orphans),
        "ports": len(ports),
        "there": [o["name"] for o in orphans],
    }
    tables = {"orphans": tuple(orphans)}
    if not orphans:
        text = message("terminating.ports-ok", total=len(ports))
        return Judgement(Verdict.OK, text, value=0, data=data, tables=tables)
    text = message("terminating.ports-found", count=len(orphans), name=orphans[0]["name"])
    rows = tuple(
        Row(str(o["name"]), Verdict.WARN, message("terminating.ports-row", pod=o["pod"])) for o in orphans
    )
    return Judgement(Verdict.WARN, text, value=len(orphans), data=data, tables=tables, rows=rows)
