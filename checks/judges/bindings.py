"""Judges of what OVN routers learned: MAC_Binding rows, the options that keep routers learning, and ageing.

A row is *live* when somebody of this cluster holds its address, *stale* when its address lies in an overlay Subnet and
nobody holds it, and *foreign* otherwise: outside hosts and the neighbours in underlay Subnets are none of our business.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.judges import lists
from checks.judges.addresses import networks
from checks.judges.pernode import folded
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
Object = Mapping[str, Any]
_HOLDERS = ("ips", "subnets", "vpcs", "nodes", "vips", "eips", "ovn_eips")
_SHOWN = 10
"""Subnets that get a row of their own in the evidence."""
LEARN = "always_learn_from_arp_request"
NEIGH = "dynamic_neigh_routers"
AGE = "mac_binding_age_threshold"


# --- MAC_Binding ----------------------------------------------------------------------------------------------------


def judge_mac_bindings(facts: Facts, params: Params, now: float) -> Judgement:
    """How many MAC_Binding rows there are, and how many are leftovers.

    Data: ``rows``, ``stale``, ``live``, ``foreign``, ``ips``, ``stale_share`` (0..1), ``per_ip``, ``prefixes``
    (Subnet CIDRs with stale rows, most first); tables ``rows`` ``{uuid, ip, logical_port, mac, datapath, stale}``
    and ``subnets`` ``{cidr, subnet, rows, stale}``. Without all holders of addresses only ``rows`` is known.
    """
    lost = lists.failure(facts, "bindings")
    if lost:
        return lost
    bindings = [row for answer in facts["bindings"].good for row in answer.value]
    unheard = lists.failure(facts, *_HOLDERS)
    if unheard:
        return _count_only(bindings, unheard, params)
    held = held_addresses(facts)
    overlays = Overlays(facts["subnets"].items)
    table, totals, leftovers = [], Counter[str](), Counter[str]()
    live = 0
    for row in bindings:
        address = normal(str(row["ip"]))
        cidr = overlays.of(address)
        alive = address in held
        stale = not alive and bool(cidr)
        live += alive
        if cidr:
            totals[cidr] += 1
            leftovers[cidr] += stale
        table.append({**row, "stale": stale})
    stale_total = sum(leftovers.values())
    subnets = [
        {"cidr": cidr, "subnet": overlays.names[cidr], "rows": totals[cidr], "stale": count}
        for cidr, count in leftovers.most_common()
        if count
    ]
    ips = len(facts["ips"].items)
    data = {
        "rows": len(table),
        "stale": stale_total,
        "live": live,
        "foreign": len(table) - live - stale_total,
        "ips": ips,
        "stale_share": round(stale_total / len(table), 4) if table else 0.0,
        "per_ip": round(len(table) / max(1, ips), 2),
        "prefixes": [str(entry["cidr"]) for entry in subnets],
    }
    verdict = _verdict(data, params)
    return Judgement(
        verdict,
        message("ovn.macs", **{key: data[key] for key in ("rows", "stale", "stale_share", "live", "ips")}),
        value=len(table),
        data=data,
        tables={"rows": tuple(table), "subnets": tuple(subnets)},
        rows=tuple(
            Row(str(e["cidr"]), verdict, message("ovn.macs-subnet", **e), value=e["stale"])
            for e in subnets[:_SHOWN]
        ),
    )


def _count_only(bindings: list[Mapping[str, Any]], unheard: Judgement, params: Params) -> Judgement:
    """The verdict of the bare number of rows: many are many, few are few, and between them nobody can tell."""
    count = len(bindings)
    summary = message("ovn.macs-count", rows=count, why=unheard.summary)
    data = {"rows": count}
    table = {"rows": tuple({**row, "stale": False} for row in bindings), "subnets": ()}
    if count >= int(params["fail_rows"]):
        return Judgement(Verdict.FAIL, summary, value=count, data=data, tables=table)
    if count < int(params["floor"]):
        return Judgement(Verdict.OK, summary, value=count, data=data, tables=table)
    return Judgement(
        Verdict.UNKNOWN, summary, value=count, reason=unheard.reason, remedy=unheard.remedy, data=data
    )


def _verdict(data: Mapping[str, Any], params: Params) -> Verdict:
    rows, floor = int(data["rows"]), int(params["floor"])
    many = rows >= int(params["fail_rows"]) or (
        rows >= floor and rows >= float(params["per_ip"]) * int(data["ips"])
    )
    if many:
        # Rows of addresses in use cost as much, but deleting them helps nobody.
        return Verdict.FAIL if float(data["stale_share"]) >= 0.5 else Verdict.WARN
    half_full = rows >= int(params["warn_rows"]) and float(data["stale_share"]) >= 0.5
    return Verdict.WARN if half_full else Verdict.OK


def normal(address: str) -> str:
    """An address in its one canonical form, so that ``FD00::0:1`` equals ``fd00::1``; other text unchanged."""
    if ":" not in address:
        return address.strip()
    try:
        return str(ipaddress.ip_address(address.strip()))
    except ValueError:
        return address.strip()


def held_addresses(facts: Facts) -> frozenset[str]:
    """Every address that something in the cluster holds: pods, nodes, gateways, VIPs, EIPs, peers and next hops."""
    found: set[str] = set()
    for text in _held(facts):
        found.update(normal(part.partition("/")[0]) for part in str(text or "").split(",") if part.strip())
    return frozenset(found)


def _held(facts: Facts) -> Iterator[Any]:
    for ip in facts["ips"].items:
        spec = lists.spec(ip)
        yield from (spec.get(key) for key in ("v4IpAddress", "v6IpAddress", "ipAddress"))
    for node in facts["nodes"].items:
        yield (lists.meta(node).get("annotations") or {}).get("ovn.kubernetes.io/ip_address")
        yield from (entry.get("address") for entry in lists.status(node).get("addresses") or ())
    for subnet in facts["subnets"].items:
        yield lists.spec(subnet).get("gateway")
        yield lists.status(subnet).get("u2oInterconnectionIP")
    for vip in facts["vips"].items:
        for part in (lists.spec(vip), lists.status(vip)):
            yield from (part.get(key) for key in ("v4ip", "v6ip"))
    for eip in facts["eips"].items:
        yield from (lists.spec(eip).get(key) for key in ("v4ip", "v6ip"))
        yield lists.status(eip).get("ip")
    for eip in facts["ovn_eips"].items:
        for part in (lists.spec(eip), lists.status(eip)):
            yield from (part.get(key) for key in ("v4Ip", "v6Ip"))
    for vpc in facts["vpcs"].items:
        yield from (peer.get("localConnectIP") for peer in lists.spec(vpc).get("vpcPeerings") or ())
        yield from (route.get("nextHopIP") for route in lists.spec(vpc).get("staticRoutes") or ())
        yield from (rule.get("nextHopIP") for rule in lists.spec(vpc).get("policyRoutes") or ())


class Overlays:
    """The networks of overlay Subnets, looked up by address without walking all of them."""

    def __init__(self, subnets: Iterable[Object]):
        self.names: dict[str, str] = {}
        self._by_length: dict[tuple[int, int], dict[int, str]] = {}
        for subnet in subnets:
            spec = lists.spec(subnet)
            if spec.get("vlan"):
                continue
            try:
                found = networks(str(spec.get("cidrBlock") or ""))
            except ValueError:
                continue
            for version, network in found.items():
                bits = network.max_prefixlen - network.prefixlen
                key = int(network.network_address) >> bits
                self._by_length.setdefault((version, bits), {})[key] = str(network)
                self.names.setdefault(str(network), lists.name(subnet))

    def of(self, address: str) -> str:
        """The smallest network that holds the address, empty for none."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return ""
        number = int(parsed)
        for (version, bits), found in sorted(self._by_length.items()):
            if version == parsed.version and number >> bits in found:
                return found[number >> bits]
        return ""


# --- options of routers ---------------------------------------------------------------------------------------------


def judge_router_options(facts: Facts, params: Params, now: float) -> Judgement:
    """Which routers still make a row of every ARP request, and which of them must.

    Data: ``open`` (routers to be closed), ``closed``, ``exempt``, ``wrong`` (closed although they must learn);
    table ``routers`` ``{name, vpc, learn, neigh, restore, open, exempt}``, `restore`: the two options as they are now.
    """
    lost = lists.failure(facts, "routers", "vpcs", "subnets", "external")
    if lost:
        return lost
    keepers = _must_learn(facts)
    vpcs = {str(lists.status(v).get("router") or lists.name(v)): lists.name(v) for v in facts["vpcs"].items}
    rows: list[Row] = []
    table: list[dict[str, Any]] = []
    for router in facts["routers"].answers[0].value:
        name = str(router["name"])
        options = router.get("options") or {}
        learn, neigh = str(options.get(LEARN, "")), str(options.get(NEIGH, ""))
        vpc = vpcs.get(name, name)
        why = keepers.get(vpc, "")
        closed = learn == "false" and neigh == "true"
        row = _router_row(name, learn, neigh, why)
        rows.append(row)
        table.append(
            {
                "name": name,
                "vpc": vpc,
                "learn": learn or "-",
                "neigh": neigh or "-",
                "restore": restore_words(options),
                "open": not closed and not why,
                "exempt": bool(why),
            }
        )
    if not rows:
        return lists.unknown("absent", message("ovn.routers-none"))
    data: dict[str, list[str]] = {
        "open": [t["name"] for t in table if t["open"]],
        "closed": [t["name"] for t in table if not t["open"] and not t["exempt"]],
        "exempt": [t["name"] for t in table if t["exempt"]],
        "wrong": [
            r.target for r, t in zip(rows, table, strict=True) if t["exempt"] and r.verdict is Verdict.WARN
        ],
    }
    key = "ovn.routers-wrong" if data["wrong"] else "ovn.routers"
    summary = message(key, **{name: len(found) for name, found in data.items()}, total=len(rows))
    return folded(rows, summary, value=len(data["open"]), data=data, tables={"routers": tuple(table)})


def restore_words(options: Mapping[str, Any]) -> str:
    """The two options as a database map to add back; where neither is set, a key that the same command removes again.

    ``ovn-nbctl add`` refuses an empty map, so there has to be one pair; the undo removes ``klinik-none`` in the same
    transaction, and the router is then exactly as before.
    """
    kept = {key: str(options[key]) for key in (LEARN, NEIGH) if key in options}
    pairs = kept or {"klinik-none": "x"}
    return "{" + ", ".join(f'{key}="{value}"' for key, value in pairs.items() if '"' not in value) + "}"


def _must_learn(facts: Facts) -> dict[str, str]:
    """VPC to the reason why its router has to learn from ARP requests (kube-ovn 5318, 5419, 5426)."""
    found: dict[str, str] = {}
    for subnet in facts["subnets"].items:
        spec = lists.spec(subnet)
        if spec.get("vlan") and spec.get("u2oInterconnection"):
            found[str(spec.get("vpc") or "ovn-cluster")] = "u2o"
    for vpc in facts["vpcs"].items:
        spec = lists.spec(vpc)
        if spec.get("enableExternal"):
            found[lists.name(vpc)] = "external"
        elif spec.get("vpcPeerings"):
            found[lists.name(vpc)] = "peering"
    for config in facts["external"].items:
        # Before VPCs had enableExternal, this ConfigMap gave ovn-cluster its external gateway.
        if (
            lists.name(config) == "ovn-external-gw-config"
            and (config.get("data") or {}).get("enable-external-gw") == "true"
        ):
            found["ovn-cluster"] = "external"
    return found


def _router_row(name: str, learn: str, neigh: str, why: str) -> Row:
    if why:
        wrong = learn == "false"
        text = message(f"ovn.router-{'wrong' if wrong else 'exempt'}", why=message(f"ovn.why-{why}"))
        return Row(name, Verdict.WARN if wrong else Verdict.OK, text)
    if learn == "false" and neigh == "true":
        return Row(name, Verdict.OK, message("ovn.router-closed"))
    return Row(name, Verdict.WARN, message("ovn.router-open", learn=learn or "-", neigh=neigh or "-"))


# --- ageing ---------------------------------------------------------------------------------------------------------


def judge_mac_ageing(facts: Facts, params: Params, now: float) -> Judgement:
    """Whether rows can age here, and on which routers they do.

    Data: ``supported``, ``enabled`` (every router), ``missing`` (chassis without the feature); table ``routers``
    ``{name, threshold, set}``. Skipped where this OVN cannot age rows.
    """
    lost = lists.failure(facts, "chassis", "routers")
    if lost:
        return lost
    chassis = facts["chassis"].answers[0].value
    if not chassis:
        return lists.unknown("absent", message("ovn.ageing-no-chassis"))
    able = {str(c["hostname"]): "mac-binding-timestamp=true" in str(c["other_config"]) for c in chassis}
    missing = sorted(host for host, has in able.items() if not has)
    routers = [
        {
            "name": str(router["name"]),
            "threshold": str((router.get("options") or {}).get(AGE, "")) or "-",
            "set": AGE in (router.get("options") or {}),
        }
        for router in facts["routers"].answers[0].value
    ]
    ageing = [router for router in routers if router["set"]]
    supported = not missing
    data = {
        "supported": supported,
        "enabled": supported and bool(routers) and len(ageing) == len(routers),
        "routers_ageing": len(ageing),
        "missing": missing[:20],
    }
    tables = {"routers": tuple(routers)}
    if len(missing) == len(able):
        key = "ovn.ageing-ignored" if ageing else "ovn.ageing-unsupported"
        return Judgement(Verdict.SKIPPED, message(key), value="unsupported", data=data, tables=tables)
    if missing:
        text = message("ovn.ageing-mixed", count=len(missing), total=len(able), first=missing[0])
        return Judgement(Verdict.WARN, text, value="mixed", data=data, tables=tables)
    text = message("ovn.ageing", ageing=len(ageing), total=len(routers))
    return Judgement(Verdict.OK, text, value="supported", data=data, tables=tables)
