"""Checks of what stands in a real OVN: chassis, routers, ports and load balancers, and what is wrong with them."""

from __future__ import annotations

import os
import signal

import pytest

from checks.cluster import PODS, Object, Resource
from checks.model import Result, Verdict
from tests.ovn.conftest import Bed
from tests.ovn.daemons import SYSTEM_ID, SYSTEM_ID_2, Place, wait_until

SERVICES = Resource.parse("v1/services")
SLICES = Resource.parse("discovery.k8s.io/v1/endpointslices")


def rows(result: Result) -> dict[str, str]:
    return {row.target: str(row.verdict) for row in result.judgement.rows}


def says(bed: Bed, check: str, verdict: Verdict, **params: object) -> Result:
    result = bed.check(check, **params)
    assert result.verdict is verdict, (check, result.summary.en, rows(result))
    return result


def pod(name: str, address: str = "10.16.0.10", **more: object) -> Object:
    """A running pod of the namespace default, old enough for its network to be there."""
    return {
        "metadata": {
            "name": name,
            "creationTimestamp": "2024-01-01T00:00:00Z",
            "annotations": {"ovn.kubernetes.io/allocated": "true"},
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "app"}], **more},
        "status": {"phase": "Running", "podIP": address, "startTime": "2024-01-01T00:00:00Z"},
    }


@pytest.fixture(scope="module")
def second(bed: Bed) -> Place:
    """A second node with a chassis of its own."""
    place = bed.daemons.start_second_node()
    bed.world.add_second_node(place)
    wait_until(
        lambda: SYSTEM_ID_2 in bed.daemons.sbctl("--bare", "--columns=name", "list", "Chassis"), "its chassis"
    )
    return place


# --- chassis --------------------------------------------------------------------------------------------------------


def test_two_nodes_with_a_chassis_each_are_ok(bed: Bed, second: Place) -> None:
    """All four checks of chassis agree on what two real ovn-controllers registered."""
    for check in ("ovn.chassis", "ovn.chassis-annotations", "ovn.encaps", "ovn.system-ids"):
        assert says(bed, check, Verdict.OK).judgement.data["total"] == 2


def test_a_second_chassis_of_one_hostname_and_one_of_no_node_are_seen(bed: Bed, second: Place) -> None:
    """What a reinstalled node and a deleted node leave behind, and what chassis-del takes away."""
    bed.daemons.sbctl("chassis-add", "old-life", "geneve", "127.0.0.9")
    bed.daemons.sbctl("set", "Chassis", "old-life", "hostname=node-1")
    bed.daemons.sbctl("chassis-add", "long-gone", "geneve", "127.0.0.10")
    bed.daemons.sbctl("set", "Chassis", "long-gone", "hostname=node-9")
    found = says(bed, "ovn.chassis", Verdict.FAIL)
    assert rows(found) == {"node-1": "fail", "long-gone": "warn", "node-2": "ok"}
    assert found.judgement.data["duplicate"] == ["node-1"]
    assert found.judgement.data["stale"] == ["long-gone"]
    for name in ("old-life", "long-gone"):
        bed.daemons.sbctl("chassis-del", name)
    says(bed, "ovn.chassis", Verdict.OK)


def test_an_address_of_two_chassis_is_seen(bed: Bed, second: Place) -> None:
    """The database forbids the same type twice; another type with the same address it takes."""
    bed.daemons.sbctl("chassis-add", "twin", "vxlan", "127.0.0.1")
    found = says(bed, "ovn.encaps", Verdict.FAIL)
    assert found.judgement.data["shared"] == ["127.0.0.1"]
    bed.daemons.sbctl("chassis-del", "twin")
    says(bed, "ovn.encaps", Verdict.OK)


def test_a_tunnel_address_that_the_database_refuses_is_logged_and_seen(bed: Bed, second: Place) -> None:
    """The second node asks for the address of the first: the index forbids it, and its ovn-controller says so."""
    says(bed, "ovn.encap-conflicts", Verdict.OK)
    second.run("ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", "external-ids:ovn-encap-ip=127.0.0.1")
    try:
        wait_until(
            lambda: bed.check("ovn.encap-conflicts").verdict is Verdict.FAIL, "the refusal to be logged"
        )
        assert rows(bed.check("ovn.encap-conflicts")) == {"node-1": "ok", "node-2": "fail"}
        assert rows(says(bed, "ovn.system-ids", Verdict.FAIL)) == {"node-1": "fail", "node-2": "fail"}
    finally:
        second.run(
            "ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", "external-ids:ovn-encap-ip=127.0.0.2"
        )


def test_a_cloned_node_is_seen_on_both(bed: Bed, second: Place) -> None:
    """The second node really runs with the system-id of the first: they push each other out, and both are named."""
    second.run("ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", f"external-ids:system-id={SYSTEM_ID}")
    try:
        found = says(bed, "ovn.system-ids", Verdict.FAIL)
        assert rows(found) == {"node-1": "fail", "node-2": "fail"}
        assert found.judgement.data["cloned"] == [SYSTEM_ID]
    finally:
        second.run(
            "ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", f"external-ids:system-id={SYSTEM_ID_2}"
        )
    wait_until(lambda: bed.check("ovn.system-ids").verdict is Verdict.OK, "both chassis as they were", 40)
    says(bed, "ovn.chassis", Verdict.OK)


def test_a_changed_tunnel_address_and_a_node_without_an_answer_are_seen(bed: Bed, second: Place) -> None:
    """ovn-controller is stopped, so OVN keeps the old address; a dead database is no verdict."""
    controller = bed.daemons.pid(second, "ovn/ovn-controller.pid")
    os.kill(controller, signal.SIGSTOP)
    try:
        second.run(
            "ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", "external-ids:ovn-encap-ip=127.0.0.3"
        )
        assert rows(says(bed, "ovn.system-ids", Verdict.WARN)) == {"node-1": "ok", "node-2": "warn"}
    finally:
        second.run(
            "ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", "external-ids:ovn-encap-ip=127.0.0.2"
        )
        os.kill(controller, signal.SIGCONT)


# --- routers, switches, ports ---------------------------------------------------------------------------------------


def test_a_lost_gateway_port_and_a_switch_left_over_are_seen(bed: Bed) -> None:
    """What Kube-OVN would have made is there; taken away or left behind it is named."""
    says(bed, "ovn.topology", Verdict.OK)
    bed.daemons.nbctl("lrp-del", "ovn-cluster-join")
    bed.daemons.nbctl(
        "ls-add", "old-net", "--", "set", "Logical_Switch", "old-net", "external_ids:vendor=kube-ovn"
    )
    found = says(bed, "ovn.topology", Verdict.FAIL)
    assert rows(found)["subnet/join"] == "fail"
    assert rows(found)["switch old-net"] == "warn"
    bed.daemons.nbctl("lrp-add", "ovn-cluster", "ovn-cluster-join", "00:00:00:F8:18:5A", "100.64.0.1/16")
    bed.daemons.nbctl("ls-del", "old-net")
    says(bed, "ovn.topology", Verdict.OK)


def test_ports_with_other_addresses_without_owner_and_unclaimed_are_seen(bed: Bed) -> None:
    """One pod's port is changed, removed, and left behind by a pod that is gone."""
    bed.world.store.create(PODS, pod("web-0"), namespace="default")
    says(bed, "ovn.port-addresses", Verdict.OK)
    says(bed, "ovn.orphan-ports", Verdict.OK)
    says(bed, "ovn.unclaimed-ports", Verdict.OK)

    bed.daemons.nbctl("lsp-set-addresses", "web-0.default", "00:00:00:11:22:33 10.16.0.99")
    assert rows(says(bed, "ovn.port-addresses", Verdict.FAIL)) == {"web-0.default": "fail"}
    bed.daemons.nbctl("lsp-set-addresses", "web-0.default", "00:00:00:11:22:33 10.16.0.10")

    interface = ("ovs-vsctl", "--timeout=10", "set", "Interface", "aabbccddeeff_h")
    says(bed, "ovs.pod-ports", Verdict.OK)
    bed.daemons.node.run(*interface, "external_ids:iface-id=somebody-else")
    assert says(bed, "ovs.pod-ports", Verdict.FAIL).judgement.data["missing"] == ["web-0.default"]
    bed.daemons.node.run(*interface, "external_ids:iface-id=web-0.default")
    says(bed, "ovs.pod-ports", Verdict.OK)

    wait_until(lambda: bed.check("ovn.ports-not-up").verdict is Verdict.OK, "the flows of the port", 20)
    controller = bed.daemons.pid(bed.daemons.node, "ovn/ovn-controller.pid")
    os.kill(controller, signal.SIGSTOP)
    try:
        bed.daemons.sbctl("set", "Port_Binding", "web-0.default", "up=false")
        down = says(bed, "ovn.ports-not-up", Verdict.WARN)
        assert [entry["port"] for entry in down.judgement.tables["ports"]] == ["web-0.default"]
    finally:
        os.kill(controller, signal.SIGCONT)
    wait_until(lambda: bed.check("ovn.ports-not-up").verdict is Verdict.OK, "the port to be up again", 20)

    # A port that was made for a pod, and that no ovn-controller has an interface for.
    bed.world.store.create(PODS, pod("lost-0", "10.16.0.11"), namespace="default")
    bed.daemons.nbctl(
        "lsp-add", "ovn-default", "lost-0.default", "--", "set", "Logical_Switch_Port", "lost-0.default",
        "external_ids:pod=default/lost-0", "external_ids:vendor=kube-ovn", "external_ids:ls=ovn-default",
    )  # fmt: skip
    wait_until(
        lambda: bed.check("ovn.unclaimed-ports").verdict is not Verdict.OK, "the binding of the new port"
    )
    unclaimed = says(bed, "ovn.unclaimed-ports", Verdict.WARN)
    assert [entry["port"] for entry in unclaimed.judgement.tables["ports"]] == ["lost-0.default"]
    bed.world.store.delete(PODS, "lost-0", namespace="default")
    orphans = says(bed, "ovn.orphan-ports", Verdict.WARN)
    assert [entry["name"] for entry in orphans.judgement.tables["orphans"]] == ["lost-0.default"]
    bed.daemons.nbctl("lsp-del", "lost-0.default")
    says(bed, "ovn.orphan-ports", Verdict.OK)

    bed.daemons.nbctl("lsp-del", "web-0.default")
    assert rows(says(bed, "ovn.port-addresses", Verdict.FAIL)) == {"web-0.default": "fail"}
    bed.daemons.nbctl(
        "lsp-add", "ovn-default", "web-0.default", "--",
        "lsp-set-addresses", "web-0.default", "00:00:00:11:22:33 10.16.0.10",
    )  # fmt: skip


# --- options --------------------------------------------------------------------------------------------------------


def test_router_options_are_judged_as_ovn_holds_them(bed: Bed) -> None:
    """Learning and ageing follow the options of the real router, and what the chassis report."""
    router = ("Logical_Router", "ovn-cluster")
    assert says(bed, "ovn.router-options", Verdict.WARN).judgement.data["open"] == ["ovn-cluster"]
    assert says(bed, "ovn.mac-ageing", Verdict.OK).judgement.data["routers_ageing"] == 0
    bed.daemons.nbctl(
        "set", *router, "options:always_learn_from_arp_request=false", "options:dynamic_neigh_routers=true"
    )
    says(bed, "ovn.router-options", Verdict.OK)
    bed.daemons.nbctl("set", *router, "options:mac_binding_age_threshold=300")
    assert says(bed, "ovn.mac-ageing", Verdict.OK).judgement.data["enabled"]
    # A chassis of an older release does not report the feature, and northd then ages no row at all.
    bed.daemons.sbctl("chassis-add", "older", "geneve", "127.0.0.11")
    assert not says(bed, "ovn.mac-ageing", Verdict.WARN).judgement.data["supported"]
    bed.daemons.sbctl("chassis-del", "older")
    bed.daemons.nbctl("clear", *router, "options")


# --- load balancers -------------------------------------------------------------------------------------------------


def balance(bed: Bed, vip: str, backends: str, protocol: str) -> None:
    bed.daemons.nbctl("--may-exist", "lb-add", f"cluster-{protocol}-loadbalancer", vip, backends, protocol)


def test_vips_are_compared_with_services(bed: Bed) -> None:
    """A Service with its VIPs is ok; a deleted VIP, a dead backend and a VIP of nobody are named."""
    says(bed, "ovn.service-vips", Verdict.SKIPPED)
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
    ]
    old = {"creationTimestamp": "2024-01-01T00:00:00Z"}
    bed.world.store.create(
        SERVICES,
        {"metadata": {"name": "kube-dns", **old}, "spec": {"clusterIP": "10.96.0.10", "ports": ports}},
        namespace="kube-system",
    )
    bed.world.store.create(
        SLICES,
        {
            "metadata": {"name": "kube-dns-x", "labels": {"kubernetes.io/service-name": "kube-dns"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.16.0.10"], "conditions": {"ready": True}}],
            "ports": ports,
        },
        namespace="kube-system",
    )
    for protocol in ("tcp", "udp"):
        balance(bed, "10.96.0.10:53", "10.16.0.10:53", protocol)
        bed.daemons.nbctl("ls-lb-add", "ovn-default", f"cluster-{protocol}-loadbalancer")
    says(bed, "ovn.service-vips", Verdict.OK)
    product = says(bed, "ovn.load-balancers", Verdict.OK).judgement
    assert product.value == 2
    says(bed, "ovn.load-balancers", Verdict.WARN, warn=2)
    says(bed, "ovn.load-balancers", Verdict.FAIL, warn=1, fail=2)

    balance(bed, "10.96.0.99:80", "10.16.0.10:80", "tcp")
    assert rows(says(bed, "ovn.service-vips", Verdict.WARN)) == {"10.96.0.99:80": "warn"}
    bed.daemons.nbctl("lb-del", "cluster-tcp-loadbalancer", "10.96.0.99:80")
    balance(bed, "10.96.0.10:53", "10.16.0.77:53", "tcp")
    assert rows(says(bed, "ovn.service-vips", Verdict.FAIL)) == {
        "kube-system/kube-dns tcp/10.96.0.10:53": "fail"
    }
    balance(bed, "10.96.0.10:53", "10.16.0.10:53", "tcp")
    bed.daemons.nbctl("set", "Load_Balancer", "cluster-udp-loadbalancer", "vips={}")
    assert rows(says(bed, "ovn.service-vips", Verdict.FAIL)) == {
        "kube-system/kube-dns udp/10.96.0.10:53": "fail"
    }
