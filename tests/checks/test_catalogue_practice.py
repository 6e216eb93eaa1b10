"""The checks of nodes, Kubernetes, DNS, Services, policies and connectivity on the practice cluster, over the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from checks.catalogue import load_catalogue
from checks.cluster import NODES, PODS, Object, Resource
from checks.live import connect
from checks.model import Result, Verdict
from checks.practice.faults import Faults
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.practice.sim.world import SimWorld
from checks.runner import run_all
from kb.model import CheckUse

FILES = ("kernel", "kubernetes", "dns", "services", "policies", "connectivity")
CATALOGUE = load_catalogue()
MINE = {spec.id for spec in CATALOGUE if Path(spec.path).stem in FILES}
ABSENT = {
    "kubernetes.api-latency",
    "kubernetes.webhook-certificates",
    "kubernetes.webhooks",
    "node.kubelet-client",
    "node.pleg",
    "node.usage",
    "policies.dns-egress",
    "policies.empty",
}
"""What there is nothing of in the healthy practice cluster: webhooks, policies, a metrics-server, Prometheus."""
POLICIES = Resource("networking.k8s.io", "v1", "networkpolicies")
WEBHOOKS = Resource("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations")
CONFIGMAPS = Resource("", "v1", "configmaps")
CSRS = Resource("certificates.k8s.io", "v1", "certificatesigningrequests")

Ask = Callable[..., Mapping[str, Result]]


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[tuple[SimWorld, Ask]]:
    """A healthy practice cluster, and a run of checks by their ids on it."""
    world = build_world("healthy", pace=0.01)
    try:
        with PracticeServer(world) as server:
            server.write_kubeconfig(tmp_path / "kubeconfig")
            cluster = connect(kubeconfig=str(tmp_path / "kubeconfig"))
            try:
                yield (
                    world,
                    lambda *ids: run_all(cluster, [CheckUse(i, i, {}) for i in ids], CATALOGUE),
                )
            finally:
                cluster.close()
    finally:
        world.close()


def change(
    world: SimWorld, resource: Resource, name: str, how: Callable[[Object], object], space: str = ""
) -> None:
    world.store.modify(resource, name, lambda body: how(body) and None, namespace=space)


def test_on_a_healthy_cluster_all_is_well_and_nothing_unknown(staged: tuple[SimWorld, Ask]) -> None:
    """Every one of them has an answer; what there is nothing of is skipped and said so."""
    _, ask = staged
    found = ask(*sorted(MINE))
    assert {
        i: (str(r.verdict), r.summary.en) for i, r in found.items() if i not in ABSENT and r.verdict != "ok"
    } == {}
    assert {i for i, r in found.items() if r.verdict is Verdict.SKIPPED} == ABSENT
    assert all(r.evidence and r.summary.zh for r in found.values())


def test_the_api_objects_of_an_incident_are_seen(staged: tuple[SimWorld, Ask]) -> None:
    """A silent node, a webhook without backend, a policy without DNS, a request nobody signs, a broken Corefile."""
    world, ask = staged

    def silent(node: Object) -> None:
        for condition in node["status"]["conditions"]:
            if condition["type"] in ("Ready", "NetworkUnavailable"):
                down = condition["type"] == "NetworkUnavailable"
                condition |= {
                    "status": "True" if down else "Unknown",
                    "message": "Kubelet stopped posting node status.",
                }

    change(world, NODES, "node-4", silent)
    hook = {"name": "a.example.org", "clientConfig": {"service": {"namespace": "shop", "name": "gone"}}}
    world.store.create(WEBHOOKS, {"metadata": {"name": "hook"}, "webhooks": [hook]})
    deny = {
        "metadata": {"name": "deny"},
        "spec": {"podSelector": {"matchLabels": {"app": "nobody"}}, "policyTypes": ["Egress"]},
    }
    world.store.create(POLICIES, deny, namespace="shop")
    request = {
        "metadata": {"name": "csr-1", "creationTimestamp": "2024-01-01T00:00:00Z"},
        "spec": {"username": "system:node:node-4"},
    }
    world.store.create(CSRS, request)
    change(
        world,
        CONFIGMAPS,
        "coredns",
        lambda m: m["data"].update(Corefile=".:53 {\n forward . 127.0.0.53\n"),
        "kube-system",
    )
    found = ask(
        "node.conditions", "node.network", "kubernetes.webhooks", "policies.dns-egress", "policies.empty",
        "kubernetes.csr", "dns.corefile",
    )  # fmt: skip
    assert {i: str(r.verdict) for i, r in found.items()} == {
        "node.conditions": "fail",
        "node.network": "fail",
        "kubernetes.webhooks": "fail",
        "policies.dns-egress": "warn",
        "policies.empty": "warn",
        "kubernetes.csr": "warn",
        "dns.corefile": "fail",
    }
    assert found["node.conditions"].judgement.data["silent"] == 1


def test_what_the_nodes_show_of_an_incident_is_seen(staged: tuple[SimWorld, Ask]) -> None:
    """A node without flows loses pings, one with a small card has too large an MTU, one logs too much."""
    world, ask = staged
    nodes = world.stage.nodes
    nodes["node-2"].programmed = False
    nodes["node-3"].mtu = 1450
    for process in (p for p in nodes["node-4"].processes.values() if p.name == "ovs-vswitchd"):
        process.vlog["bridge"] = {"file": "dbg"}
    change(
        world,
        NODES,
        "node-1",
        lambda n: n["metadata"]["annotations"].update({"ovn.kubernetes.io/chassis": "x"}),
    )
    found = ask("connectivity.pinger", "node.mtu", "ovs.log-level", "node.ovn0")
    assert found["connectivity.pinger"].verdict is Verdict.FAIL
    assert found["connectivity.pinger"].judgement.data["target"] == "node-2"
    assert found["node.mtu"].verdict is Verdict.FAIL
    assert found["node.mtu"].judgement.data["worst"] == "node-3"
    assert found["ovs.log-level"].verdict is Verdict.WARN
    assert found["node.ovn0"].verdict is Verdict.OK


def test_a_control_plane_pod_that_is_gone_is_missed(staged: tuple[SimWorld, Ask]) -> None:
    """Two of three CoreDNS pods would be one; without any, DNS has failed."""
    world, ask = staged
    for pod in list(world.store.scan(PODS, namespace="kube-system", labels="k8s-app=kube-dns")):
        change(world, PODS, pod["metadata"]["name"], _not_ready, "kube-system")
    world.stage.agenda.run_due()
    found = ask("dns.pods", "services.endpoints", "kubernetes.control-plane")
    assert found["dns.pods"].verdict is Verdict.FAIL
    assert found["kubernetes.control-plane"].verdict is Verdict.OK


def _not_ready(pod: Object) -> None:
    for condition in pod["status"]["conditions"]:
        condition["status"] = "False" if condition["type"] == "Ready" else condition["status"]


def test_who_may_see_nothing_is_told_nothing(tmp_path: Path) -> None:
    """Without any permission none of them is ok, none is skipped as if there were nothing, and each says why."""
    world, faults = build_world("healthy", pace=0.01), Faults()
    try:
        with PracticeServer(world, faults=faults) as server:
            server.write_kubeconfig(tmp_path / "kubeconfig")
            cluster = connect(kubeconfig=str(tmp_path / "kubeconfig"))
            faults.forbid()
            try:
                found = run_all(cluster, [CheckUse(i, i, {}) for i in sorted(MINE)], CATALOGUE)
            finally:
                cluster.close()
    finally:
        world.close()
    assert {r.verdict for r in found.values()} == {Verdict.UNKNOWN}, {
        i: str(r.verdict) for i, r in found.items()
    }
    assert {r.judgement.reason for r in found.values()} == {"forbidden"}
