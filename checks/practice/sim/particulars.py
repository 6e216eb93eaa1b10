"""What a scenario adds to a cluster: written-down addresses and ports, MAC_Binding rows, log lines."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from checks.cluster import Resource
from checks.practice.sim import daemons
from checks.practice.sim import manifests as m
from checks.practice.sim.clock import rfc3339
from checks.practice.sim.logs import LogFile, parse_line
from checks.practice.sim.network import Network
from checks.practice.sim.stage import Stage

Data = Mapping[str, Any]
DAY = 86_400.0


def _ago(stage: Stage, seconds: float) -> str:
    return rfc3339(stage.store.clock() - seconds)


def stage_addresses(stage: Stage, network: Network, data: Data) -> None:
    """IP objects that are written down in the scenario, beside those of its pods."""
    for ip in data.get("ips", ()):
        name = ip["name"]
        network.put_ip(
            name,
            ip["subnet"],
            ip["address"],
            network.mac(ip["address"]),
            node=ip.get("node", ""),
            pod=ip.get("pod", ""),
            namespace=ip.get("namespace", ""),
            kind=ip.get("type", ""),
            created=_ago(stage, ip.get("age", DAY)),
        )
        if ip.get("port", False):
            network.add_port(name, ip["subnet"], ip["address"], network.mac(ip["address"]))
        if ip.get("deleted"):
            _mark_deleted(stage, m.IPS, name, ip["deleted"])


def stage_interfaces(stage: Stage, network: Network, data: Data) -> None:
    """OVS ports that are written down in the scenario, beside those of its pods."""
    for spec in data.get("interfaces", ()):
        node, ids = stage.nodes[spec["node"]], dict(spec.get("external_ids", {}))
        more: dict[str, Any] = {"external_ids": ids}
        if spec.get("error"):
            more |= {"error": (spec["error"],), "ofport": (-1,), "admin_state": (), "link_state": ()}
        network.add_interface(node, spec["name"], ids.get("iface-id", ""), **more)


def _mark_deleted(stage: Stage, resource: Resource, name: str, ago: float) -> None:
    body = stage.store.get(resource, name)
    # Staged with its deletion in the past: the store stamps only what is not there yet.
    stage.store.modify(resource, name, lambda b: b["metadata"].pop("finalizers", None))
    stage.store.delete(resource, name)
    meta = {k: v for k, v in body["metadata"].items() if k not in ("resourceVersion",)}
    meta |= {"deletionTimestamp": _ago(stage, ago), "deletionGracePeriodSeconds": 0}
    stage.store.create(resource, {**body, "metadata": meta})


def stage_macs(stage: Stage, network: Network, data: Data) -> None:
    """MAC_Binding rows: of living addresses, and leftovers of deleted pods."""
    sb = stage.sb
    for port, spec in data["mac_bindings"].items():
        binding = next(sb["Port_Binding"].where(logical_port=port))
        datapath = sb["Port_Binding"].value(binding, "datapath")
        live = [
            i["spec"]["v4IpAddress"] for i in stage.store.scan(m.IPS) if i["spec"]["subnet"] == spec["subnet"]
        ]
        addresses = live[: spec.get("most", len(live))] if spec.get("live") else []
        if spec.get("stale"):
            taken = set(live)
            hosts = (str(a) for a in ipaddress.ip_network(spec["prefix"]).hosts())
            fresh = (a for a in hosts if a not in taken and not a.endswith(".1"))
            addresses = [*addresses, *(a for a, _ in zip(fresh, range(spec["stale"]), strict=False))]
        sb.insert_many(
            "MAC_Binding",
            (
                {"logical_port": port, "ip": a, "mac": network.mac(a).lower(), "datapath": datapath}
                for a in addresses
            ),
        )


def stage_logs(stage: Stage, data: Data) -> None:
    """Log lines of the scenario; after the faults, whose presence they depend on."""
    for spec in data["logs"]:
        names = spec.get("nodes") or ([spec["node"]] if spec.get("node") else list(stage.nodes))
        for name in names:
            _log(stage, stage.nodes[name].log(spec["file"]), spec, name)


def _log(stage: Stage, log: LogFile, spec: Data, node: str) -> None:
    words = {
        "sb": daemons.sb_remote(stage),
        "node": node,
        **{n.replace("-", "_"): x.ip for n, x in stage.nodes.items()},
    }
    lines = [parse_line(text.format_map(words)) for text in spec["lines"]]
    if "every" not in spec:
        for offset, module, level, text in lines:
            log.add(stage.clock.now() - spec["ago"] + offset, module, level, text)
        return
    condition = spec.get("while", "")
    fault_of = stage.faults

    def alive() -> bool:
        if not condition:
            return True
        name, _, part = condition.partition(".")
        here = [f for f in fault_of if f.name == name]
        fault = next(
            (f for f in here if getattr(getattr(f, "node", None), "name", node) == node),
            here[0] if here else None,
        )
        return bool(fault is not None and (getattr(fault, part)() if part else fault.active))

    log.repeat(float(spec["every"]), lambda count: lines, alive, history=float(spec.get("history", 0)))
