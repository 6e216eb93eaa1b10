"""A scenario made large: as many nodes and pods as asked for, and everything about them fits together."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.catalogue import load_catalogue
from checks.cluster import NODES, PODS, ExecResult, Object
from checks.findings.triage import WIDEST
from checks.live import connect
from checks.model import Verdict
from checks.practice.scenario import ScenarioError, build_world
from checks.practice.server import PracticeServer
from checks.practice.sim import manifests as m
from checks.practice.sim.world import SimWorld
from checks.runner import run_all
from kb.model import CheckUse
from tests.checks.memory_cluster import until

COUNT, TOTAL = 300, 2_000
ON_EVERY_NODE = ("ovs", "kube-ovn-cni", "kube-ovn-pinger")


@pytest.fixture(scope="module")
def world() -> Iterator[SimWorld]:
    """More nodes than one octet holds."""
    large = build_world("healthy", pace=0.05, nodes=COUNT, pods=TOTAL)
    yield large
    large.close()


def run(world: SimWorld, pod: Object, *argv: str) -> ExecResult:
    """A command in the first container of a pod."""
    return world.exec("kube-system", pod, pod["spec"]["containers"][0]["name"], argv, lambda text: None)


def test_there_are_as_many_as_asked_for(world: SimWorld) -> None:
    nodes = {node["metadata"]["name"] for node in world.store.scan(NODES)}
    pods = world.store.scan(PODS)
    assert (len(nodes), len(pods)) == (COUNT, TOTAL)
    assert {pod["spec"]["nodeName"] for pod in pods} == nodes
    for app in ON_EVERY_NODE:
        mine = [p["spec"]["nodeName"] for p in world.store.scan(PODS, labels=f"app={app}")]
        assert sorted(mine) == sorted(nodes), app
    load = Counter(p["spec"]["nodeName"] for p in pods if p["metadata"]["namespace"] != "kube-system")
    assert max(load.values()) - min(load[n] for n in load) <= 8, "pods are spread"


def test_addresses_ips_ports_and_numbers_fit_together(world: SimWorld) -> None:
    """Every pod with an address of its own has one IP object, one logical port and a binding on its node."""
    own = [p for p in world.store.scan(PODS) if not p["spec"].get("hostNetwork")]
    by_name = {ip["metadata"]["name"]: ip["spec"] for ip in world.store.scan(m.IPS)}
    bindings, stage = world.stage.sb["Port_Binding"], world.stage
    assert len(by_name) == len(own) + COUNT
    for pod in own:
        meta = pod["metadata"]
        ip = by_name[f"{meta['name']}.{meta['namespace']}"]
        assert (
            ip["v4IpAddress"] == pod["status"]["podIP"] == meta["annotations"]["ovn.kubernetes.io/ip_address"]
        )
        assert ip["nodeName"] == pod["spec"]["nodeName"]
        (row,) = bindings.where(logical_port=f"{meta['name']}.{meta['namespace']}")
        (chassis,) = bindings.value(row, "chassis")
        assert stage.sb["Chassis"].value(chassis, "hostname") == pod["spec"]["nodeName"]
    addresses = [ip["v4IpAddress"] for ip in by_name.values()]
    assert len(set(addresses)) == len(addresses)
    keys = [(r["datapath"], r["tunnel_key"]) for _, r in bindings.items()]
    assert len(set(keys)) == len(keys)
    for subnet in world.store.scan(m.SUBNETS):
        held = [ip for ip in by_name.values() if ip["subnet"] == subnet["metadata"]["name"]]
        assert subnet["status"]["v4usingIPs"] == len(held)
        network = ipaddress.ip_network(subnet["spec"]["cidrBlock"])
        assert all(ipaddress.ip_address(ip["v4IpAddress"]) in network for ip in held)


def test_workloads_count_their_pods(world: SimWorld) -> None:
    for resource in (m.DEPLOYMENTS, m.REPLICASETS):
        for workload in world.store.scan(resource):
            assert workload["status"]["readyReplicas"] == workload["spec"]["replicas"]
    for daemons in world.store.scan(m.DAEMONSETS):
        assert daemons["status"]["numberReady"] == COUNT


def test_every_node_answers_commands(world: SimWorld) -> None:
    """With what is its own: its name, its chassis, the interfaces of its pods."""
    for pod in world.store.scan(PODS, namespace="kube-system", labels="app=ovs")[::37]:
        node = pod["spec"]["nodeName"]
        found = run(world, pod, "ovs-vsctl", "get", "Open_vSwitch", ".", "external_ids:hostname")
        assert (found.code, found.stdout.strip().strip('"')) == (0, node)
        flows = run(world, pod, "ovs-ofctl", "dump-aggregate", "br-int")
        assert "flow_count=" in flows.stdout


def test_a_large_healthy_cluster_is_healthy(world: SimWorld, tmp_path: Path) -> None:
    """Every cheap check is well or says why it did not look; what takes a command on every node is left out."""
    known = load_catalogue()
    uses = [CheckUse(spec.id, spec.id) for spec in known if spec.cost == "cheap"]
    with PracticeServer(world) as server:
        server.write_kubeconfig(tmp_path / "config")
        cluster = connect(kubeconfig=str(tmp_path / "config"))
        found = run_all(cluster, uses, known, widest=WIDEST)
        cluster.close()
    for check, result in found.items():
        assert result.verdict in (Verdict.OK, Verdict.SKIPPED), f"{check}: {result.summary.en}"
    assert found["ovs.flow-count"].judgement.reason == "costly"
    assert str(COUNT) in found["ovs.flow-count"].summary.en


def test_it_lives_on_like_a_small_one(world: SimWorld) -> None:
    """A pod that is deleted is replaced, and its port and its IP object go."""
    pod = world.store.scan(PODS, namespace="orders-1")[0]["metadata"]
    world.store.delete(PODS, pod["name"], namespace=pod["namespace"], grace=0)
    assert until(lambda: world.store.find(m.IPS, f"{pod['name']}.{pod['namespace']}") is None)
    assert until(lambda: len(world.store.scan(PODS)) == TOTAL)
    assert not list(world.stage.nb["Logical_Switch_Port"].where(name=f"{pod['name']}.{pod['namespace']}"))


@pytest.mark.parametrize(("size", "said"), [((3, 0), "has 4 nodes"), ((10, 20), r"has \d\d pods; ask")])
def test_a_scenario_cannot_be_made_smaller(size: tuple[int, int], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        build_world("healthy", nodes=size[0], pods=size[1])
