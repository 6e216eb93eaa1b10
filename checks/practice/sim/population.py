"""Pods that have been running for a long time, staged all at once: a large cluster has twenty thousand of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from checks.cluster import PODS, Object
from checks.practice.sim import manifests as m
from checks.practice.sim.kubelet import set_running
from checks.practice.sim.network import Network, interface_name, kept_for, notes, port_name
from checks.practice.sim.stage import Stage


def stage_pods(stage: Stage, network: Network, pods: Sequence[Object]) -> None:
    """Stages the pods of one workload with their addresses, IP objects, logical ports and OVS interfaces."""
    for pod in pods:
        pod["metadata"]["uid"] = str(uuid.uuid4())
    subnet = network.subnet_of(pods[0]) if pods and not pods[0]["spec"].get("hostNetwork") else None
    if subnet is not None:
        _connect(stage, network, subnet, [pod for pod in pods if stage.node_of(pod)])
    for pod in pods:
        set_running(stage, pod, ready=True, at=pod["metadata"]["creationTimestamp"])
    stage.store.stage(PODS, pods)


def _connect(stage: Stage, network: Network, subnet: Object, pods: Sequence[Object]) -> None:
    switch, addresses = subnet["metadata"]["name"], network.allocate_many(subnet, len(pods))
    ips, ports = [], []
    for pod, address in zip(pods, addresses, strict=True):
        meta, name, mac = pod["metadata"], port_name(pod), network.mac(address)
        meta.setdefault("annotations", {}).update(notes(subnet, address, mac))
        ips.append(
            network.ip_of(
                name, switch, address, mac, node=pod["spec"]["nodeName"], pod=meta["name"],
                namespace=meta["namespace"], kind=kept_for(pod), created=meta["creationTimestamp"],
            )
        )  # fmt: skip
        ports.append((name, address, mac))
    stage.store.stage(m.IPS, ips)
    network.add_ports(switch, ports)
    for pod in pods:
        node = stage.nodes[pod["spec"]["nodeName"]]
        network.add_interface(node, interface_name(pod), port_name(pod), pod)
        network.claim(node, port_name(pod))
