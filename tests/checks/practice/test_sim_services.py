"""Services of the practice cluster follow their pods into EndpointSlices and into OVN; addresses keep MACs apart."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator

import pytest

from checks.cluster import PODS
from checks.practice.scenario import build_world
from checks.practice.sim.network import Network
from checks.practice.sim.services import SERVICES, SLICES
from checks.practice.sim.world import SimWorld


@pytest.fixture
def world() -> Iterator[SimWorld]:
    made = build_world("healthy", pace=0.02)
    yield made
    made.close()


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def endpoints(world: SimWorld, service: str, namespace: str = "kube-system") -> set[str]:
    """The ready addresses in the slices of a Service."""
    labels = f"kubernetes.io/service-name={service}"
    return {
        endpoint["addresses"][0]
        for piece in world.store.scan(SLICES, namespace=namespace, labels=labels)
        for endpoint in piece["endpoints"]
        if endpoint["conditions"]["ready"]
    }


def backends(world: SimWorld, vip: str, protocol: str) -> set[str]:
    table = world.stage.nb["Load_Balancer"]
    (uuid,) = table.where(name=f"cluster-{protocol}-loadbalancer")
    return {part.rpartition(":")[0] for part in table.value(uuid, "vips").get(vip, "").split(",")}


def test_every_service_has_its_pods_as_endpoints_and_backends(world: SimWorld) -> None:
    """DNS over both protocols, the API server on the masters, and one leader behind ovn-nb."""
    pods = {p["status"]["podIP"] for p in world.store.scan(PODS, labels="k8s-app=kube-dns")}
    assert endpoints(world, "kube-dns") == pods
    assert backends(world, "10.96.0.10:53", "udp") == backends(world, "10.96.0.10:53", "tcp") == pods
    masters = {node.ip for node in world.stage.nodes.values() if node.central}
    assert endpoints(world, "kubernetes", "default") == backends(world, "10.96.0.1:443", "tcp") == masters
    assert len(endpoints(world, "ovn-nb")) == 1
    assert world.store.get(SERVICES, "kube-dns", "kube-system")["spec"]["clusterIP"] == "10.96.0.10"


def test_a_replaced_pod_is_replaced_behind_its_service(world: SimWorld) -> None:
    """A deleted pod leaves the slice and the VIPs at once; its successor comes in when it is ready."""
    name = next(iter(world.store.scan(PODS, labels="k8s-app=kube-dns")))["metadata"]["name"]

    def targets() -> set[str]:
        (piece,) = world.store.scan(
            SLICES, namespace="kube-system", labels="kubernetes.io/service-name=kube-dns"
        )
        return {e["targetRef"]["name"] for e in piece["endpoints"] if e["conditions"]["ready"]}

    before = targets()
    world.store.delete(PODS, name, namespace="kube-system")
    eventually(lambda: name not in targets())
    eventually(lambda: len(targets()) == len(before))
    assert len(targets() - before) == 1
    eventually(lambda: backends(world, "10.96.0.10:53", "udp") == endpoints(world, "kube-dns"))


def test_no_two_addresses_of_a_network_get_one_mac(world: SimWorld) -> None:
    """A switch with the same MAC on two ports is a fault, and must be one only where it is staged."""
    network = Network(world.stage)
    for cidr in ("10.16.0.0/16", "100.64.0.0/16"):
        addresses = [str(address) for address in ipaddress.ip_network(cidr)]
        assert len({network.mac(address) for address in addresses}) == len(addresses)
