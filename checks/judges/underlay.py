"""Judges of the underlay: provider networks on their nodes, and VLANs in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.judges import lists
from checks.judges.subnetstate import settled
from checks.judges.wholes import judged, listing, mapping, text_of
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]


def judge_provider_networks(facts: Facts, params: Params, now: float) -> Judgement:
    """Every provider network is ready, on every node that it has not left out.

    Data: ``nodes`` (that are not ready, each once).
    """
    lost = lists.failure(facts, "networks")
    if lost:
        return lost
    rows = [
        _network_row(network)
        for network in facts["networks"].items
        if settled(network, now, float(params["grace"]))
    ]
    return judged(
        rows,
        well=message("underlay.networks-ok", total=len(rows)),
        wrong=message("underlay.networks-bad"),
        none=message("underlay.networks-none"),
        data={"nodes": sorted({node for row in rows for node in row.data["nodes"]})},
    )


def _network_row(network: lists.Object) -> Row:
    name, status = lists.name(network), lists.status(network)
    excluded = {str(node) for node in listing(lists.spec(network).get("excludeNodes"))}
    down = sorted({str(node) for node in listing(status.get("notReadyNodes"))} - excluded)
    broken = [
        mapping(entry)
        for entry in listing(status.get("conditions"))
        if mapping(entry).get("status") == "False" and text_of(mapping(entry).get("node")) not in excluded
    ]
    nodes = sorted({*down, *(text_of(entry.get("node")) for entry in broken)} - {""})
    data = {"nodes": nodes, "ready_nodes": len(listing(status.get("readyNodes")))}
    if nodes:
        said = next((_said(entry) for entry in broken), "-")
        text = message("underlay.network-nodes", count=len(nodes), nodes=", ".join(nodes[:5]), said=said)
        return Row(name, Verdict.FAIL, text, data=data)
    if status.get("ready") is not True:
        return Row(name, Verdict.FAIL, message("underlay.network-unready"), data=data)
    return Row(name, Verdict.OK, message("underlay.network", count=data["ready_nodes"]), data=data)


def _said(entry: Mapping[str, Any]) -> str:
    return one_line(f"{text_of(entry.get('reason'))} {text_of(entry.get('message'))}", 200)


def judge_vlans(facts: Facts, params: Params, now: float) -> Judgement:
    """VLANs without conflict, in provider networks that exist, and Subnets in VLANs that exist."""
    lost = lists.failure(facts, "vlans", "networks", "subnets")
    if lost:
        return lost
    networks = {lists.name(network) for network in facts["networks"].items}
    twins: dict[tuple[str, Any], list[str]] = {}
    for vlan in facts["vlans"].items:
        twins.setdefault(_key(vlan), []).append(lists.name(vlan))
    rows = [_vlan_row(vlan, networks, twins[_key(vlan)]) for vlan in facts["vlans"].items]
    known = {lists.name(vlan) for vlan in facts["vlans"].items}
    for subnet in facts["subnets"].items:
        named = text_of(lists.spec(subnet).get("vlan"))
        if named and named not in known and not lists.terminating(subnet):
            text = message("underlay.subnet-vlan", vlan=one_line(named, 60))
            rows.append(Row(f"subnet/{lists.name(subnet)}", Verdict.FAIL, text))
    return judged(
        rows,
        well=message("underlay.vlans-ok", total=len(rows)),
        wrong=message("underlay.vlans-bad"),
        none=message("underlay.vlans-none"),
    )


def _key(vlan: lists.Object) -> tuple[str, str]:
    return _provider(vlan), str(lists.spec(vlan).get("id"))


def _provider(vlan: lists.Object) -> str:
    # Old releases called it providerInterfaceName.
    spec = lists.spec(vlan)
    return text_of(spec.get("provider")) or text_of(spec.get("providerInterfaceName"))


def _vlan_row(vlan: lists.Object, networks: set[str], twins: list[str]) -> Row:
    name, provider = lists.name(vlan), _provider(vlan)
    data = {"provider": provider, "id": lists.spec(vlan).get("id")}
    if provider not in networks:
        text = message("underlay.vlan-provider", provider=one_line(provider, 60) or "-")
        return Row(name, Verdict.FAIL, text, data=data)
    if lists.status(vlan).get("conflict") is True or len(twins) > 1:
        others = ", ".join(twin for twin in twins if twin != name) or "-"
        return Row(
            name, Verdict.FAIL, message("underlay.vlan-conflict", others=one_line(others, 120)), data=data
        )
    return Row(name, Verdict.OK, message("underlay.vlan", provider=provider), data=data)
