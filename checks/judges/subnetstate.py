"""Judges of what the controller says of Subnets and VPCs: conditions, gateways, standby, and who refers to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checks.judges import lists
from checks.judges.chassis import ready
from checks.judges.wholes import judged, listing, mapping, text_of
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]


def settled(obj: lists.Object, now: float, grace: float) -> bool:
    """Whether the object is not being deleted, and old enough for a controller to have looked at it."""
    born = lists.created(obj)
    return not lists.terminating(obj) and (born is None or now - born >= grace)


def conditions(obj: lists.Object) -> dict[str, Mapping[str, Any]]:
    """The conditions of an object's status by type."""
    found = [mapping(entry) for entry in listing(lists.status(obj).get("conditions"))]
    return {text_of(entry.get("type")): entry for entry in found}


# --- conditions of Subnets ------------------------------------------------------------------------------------------


def judge_subnet_conditions(facts: Facts, params: Params, now: float) -> Judgement:
    """Error, Validated and Ready of every Subnet, with the reason that the controller gives.

    Data: ``reasons`` (of those that are not ready, each once).
    """
    lost = lists.failure(facts, "subnets")
    if lost:
        return lost
    subnets = [s for s in facts["subnets"].items if not lists.terminating(s)]
    rows = [_condition_row(subnet, now, float(params["grace"])) for subnet in subnets]
    return judged(
        rows,
        well=message("subnets.conditions-ok", total=len(rows)),
        wrong=message("subnets.conditions-bad"),
        none=message("subnets.none"),
        data={"reasons": sorted({str(row.data["why"]) for row in rows if row.data.get("why")})},
    )


def _condition_row(subnet: lists.Object, now: float, grace: float) -> Row:
    name, found = lists.name(subnet), conditions(subnet)
    for kind, bad in (("Error", "True"), ("Validated", "False"), ("Ready", "False")):
        entry = found.get(kind, {})
        if entry.get("status") == bad:
            why = one_line(text_of(entry.get("reason")), 80) or kind
            said = one_line(text_of(entry.get("message")), 200) or "-"
            text = message("subnets.condition", kind=kind, status=bad, why=why, said=said)
            return Row(name, Verdict.FAIL, text, data={"why": why, "condition": kind})
    if found.get("Ready", {}).get("status") == "True":
        return Row(name, Verdict.OK, message("subnets.ready"), data={"why": ""})
    if not settled(subnet, now, grace):
        return Row(name, Verdict.OK, message("subnets.new"), data={"why": ""})
    return Row(name, Verdict.WARN, message("subnets.unseen"), data={"why": ""})


# --- gateways of centralised Subnets --------------------------------------------------------------------------------


def judge_subnet_gateways(facts: Facts, params: Params, now: float) -> Judgement:
    """The gateway node of every centralised Subnet is chosen, exists and is Ready."""
    lost = lists.failure(facts, "subnets", "nodes")
    if lost:
        return lost
    nodes = {lists.name(node): ready(node) for node in facts["nodes"].items}
    rows = [
        _gateway_row(subnet, nodes)
        for subnet in facts["subnets"].items
        if _centralised(subnet) and settled(subnet, now, float(params["grace"]))
    ]
    return judged(
        rows,
        well=message("subnets.gateways-ok", total=len(rows)),
        wrong=message("subnets.gateways-bad"),
        none=message("subnets.gateways-none"),
    )


def _centralised(subnet: lists.Object) -> bool:
    spec = lists.spec(subnet)
    # The gateway of an underlay Subnet stands outside OVN, unless it is told otherwise.
    outside = text_of(spec.get("vlan")) and not (spec.get("logicalGateway") or spec.get("u2oInterconnection"))
    return spec.get("gatewayType") == "centralized" and not outside


def _gateway_row(subnet: lists.Object, nodes: Mapping[str, bool]) -> Row:
    name, spec = lists.name(subnet), lists.spec(subnet)
    active = text_of(lists.status(subnet).get("activateGateway"))
    # Entries may name an address of the node too: node-1:10.0.0.1
    wanted = [part.partition(":")[0].strip() for part in text_of(spec.get("gatewayNode")).split(",")]
    wanted = [part for part in wanted if part]
    data = {"active": active, "wanted": wanted}
    unknown = [node for node in wanted if node not in nodes]
    usable = [node for node in wanted if nodes.get(node)]
    if active and not nodes.get(active):
        key = "subnets.gateway-down" if active in nodes else "subnets.gateway-gone"
        return Row(name, Verdict.FAIL, message(key, node=active), data=data)
    if wanted and not usable:
        return Row(name, Verdict.FAIL, message("subnets.gateway-all", nodes=", ".join(wanted)), data=data)
    # With ECMP all nodes are gateways at once, and none is noted as the active one.
    if not active and not spec.get("enableEcmp"):
        return Row(name, Verdict.FAIL, message("subnets.gateway-none"), data=data)
    if unknown:
        return Row(
            name, Verdict.WARN, message("subnets.gateway-unknown", nodes=", ".join(unknown)), data=data
        )
    shown = active or ", ".join(usable)
    return Row(name, Verdict.OK, message("subnets.gateway", node=shown or "-"), data=data)


# --- VPCs -----------------------------------------------------------------------------------------------------------


def judge_vpc_status(facts: Facts, params: Params, now: float) -> Judgement:
    """Every VPC is on standby, and whatever names a VPC names one that exists."""
    lost = lists.failure(facts, "vpcs", "subnets")
    if lost:
        return lost
    grace = float(params["grace"])
    names = {lists.name(vpc) for vpc in facts["vpcs"].items}
    rows = [_vpc_row(vpc, names) for vpc in facts["vpcs"].items if settled(vpc, now, grace)]
    if names:
        rows += _strangers(facts["subnets"].items, names)
    return judged(
        rows,
        well=message("subnets.vpcs-ok", total=len(rows)),
        wrong=message("subnets.vpcs-bad"),
        none=message("subnets.vpcs-none"),
    )


def _vpc_row(vpc: lists.Object, names: set[str]) -> Row:
    name, status = lists.name(vpc), lists.status(vpc)
    if status.get("standby") is not True:
        return Row(name, Verdict.FAIL, message("subnets.vpc-standby"), data={"standby": False})
    peers = [text_of(mapping(peer).get("remoteVpc")) for peer in listing(lists.spec(vpc).get("vpcPeerings"))]
    gone = [peer for peer in peers if peer and peer not in names]
    if gone:
        text = message("subnets.vpc-peer", peers=one_line(", ".join(gone), 120))
        return Row(name, Verdict.FAIL, text, data={"standby": True})
    return Row(name, Verdict.OK, message("subnets.vpc"), data={"standby": True})


def _strangers(subnets: Iterable[lists.Object], names: set[str]) -> Iterable[Row]:
    for subnet in subnets:
        vpc = text_of(lists.spec(subnet).get("vpc"))
        if vpc and vpc not in names and not lists.terminating(subnet):
            target = f"subnet/{lists.name(subnet)}"
            yield Row(target, Verdict.FAIL, message("subnets.no-vpc", vpc=one_line(vpc, 60)))
