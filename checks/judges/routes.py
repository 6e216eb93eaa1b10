"""Judge of the node's way to pods: a route over ovn0 for every overlay Subnet of the default VPC."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache

from checks.judges.lists import Object, failure, name, spec, terminating
from checks.judges.pernode import NodeAnswers, bad, folded, leading, nobody, nodes_of, unread
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def judge_node_routes(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """IPv4 blocks of overlay Subnets that no route over ovn0 leads to: the node cannot reach pods in them.

    Subnets of other VPCs and underlay Subnets have no such route by design. All missing fails, some warn: a Subnet
    that was just made gets its route within seconds.
    """
    if lost := nobody(facts, "routes") or failure(facts, "subnets"):
        return lost
    wanted = [pair for subnet in facts["subnets"].items for pair in _blocks(subnet, str(params["vpc"]))]
    if not wanted:
        return Judgement(Verdict.SKIPPED, message("routes.none"))
    rows = []
    for at in nodes_of(facts, "routes"):
        answer = at.failed("routes")
        rows.append(unread(at.target, answer) if answer else _row(at, wanted))
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "worst": leading(rows),
        "subnets": len({subnet for subnet, _ in wanted}),
    }
    which = "bad" if bad(rows) else "ok"
    return folded(rows, message(f"routes.{which}", **data), value=len(bad(rows)), data=data)


def _row(at: NodeAnswers, wanted: list[tuple[str, Network]]) -> Row:
    routes = frozenset(str(row["to"]) for row in at.value("routes"))
    missing = sorted({subnet for subnet, block in wanted if not _led(block, routes)})
    data: dict[str, JSON] = {"missing": ", ".join(missing[:10]), "count": len(missing), "routes": len(routes)}
    if not missing:
        return Row(at.target, Verdict.OK, message("routes.row", **data), value=0, data=data)
    everything = len(missing) == len({subnet for subnet, _ in wanted})
    verdict = Verdict.FAIL if everything else Verdict.WARN
    return Row(at.target, verdict, message("routes.missing", **data), value=len(missing), data=data)


def _blocks(subnet: Object, vpc: str) -> Iterable[tuple[str, Network]]:
    """The IPv4 blocks of a Subnet that nodes must reach; none for underlay and other VPCs."""
    body = spec(subnet)
    overlay = not body.get("vlan") and str(body.get("provider") or "ovn") == "ovn"
    if terminating(subnet) or not overlay or str(body.get("vpc") or vpc) != vpc:
        return
    for text in str(body.get("cidrBlock") or "").split(","):
        network = _network(text.strip())
        if network is not None and network.version == 4:
            yield name(subnet), network


@lru_cache(maxsize=4096)
def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _led(block: Network, routes: frozenset[str]) -> bool:
    """Whether a route to the block, or to one it lies in, is there; most nodes have the same routes."""
    if str(block) in routes:
        return True
    nets = [_network(text) for text in routes if text != "default"]
    return any(
        isinstance(net, ipaddress.IPv4Network)
        and isinstance(block, ipaddress.IPv4Network)
        and block.subnet_of(net)
        for net in nets
    )
