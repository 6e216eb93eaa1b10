"""Judges of OVN: what routers learned, how they are set, raft, leaders, ports nobody claimed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from checks.judges.bindings import LEARN, NEIGH, normal, restore_words
from checks.model import Fact, Verdict
from tests.checks.nodeworld import SAMPLES, both, raw, refused, run
from tests.checks.objects import Object, failed, ip, obj, pod, subnet

IPS, SUBNETS, VPCS, NODES = "kubeovn.io/v1/ips", "kubeovn.io/v1/subnets", "kubeovn.io/v1/vpcs", "v1/nodes"
ROWS = "ovn.mac-bindings"
DATAPATH = "1c0bb4f4-a493-49ee-8795-bd6649184272"


def bindings(*addresses: str, port: str = "ovn-cluster-ovn-default") -> Fact:
    lines = [
        f"{n:08x}-0000-4000-8000-000000000000,{a},{port},02:00:00:00:00:01,{DATAPATH}"
        for n, a in enumerate(addresses)
    ]
    return raw(ROWS, "bindings", {"central-1": "".join(f"{line}\n" for line in lines)})


def many(count: int, net: str = "10.16") -> list[str]:
    return [f"{net}.{1 + n // 250}.{1 + n % 250}" for n in range(count)]


def default_subnet(**more: Any) -> Object:
    return subnet("ovn-default", "10.16.0.0/16", **more)


# --- MAC_Binding ----------------------------------------------------------------------------------------------------


def test_rows_of_addresses_nobody_holds_are_stale_and_every_row_is_counted() -> None:
    world = {
        "bindings": bindings(*many(6000)),
        IPS: [ip("web-0.default", "10.16.1.1", of="ovn-default"), ip("web-1.default", "10.16.1.2")],
        SUBNETS: [default_subnet()],
    }
    found = run(ROWS, world)
    assert found.verdict is Verdict.FAIL
    assert found.value == 6000
    assert (found.data["stale"], found.data["live"], found.data["foreign"]) == (5998, 2, 0)
    assert found.data["stale_share"] > 0.99
    assert found.data["prefixes"] == ["10.16.0.0/16"]
    assert found.tables["rows"][2] == {
        "uuid": "00000002-0000-4000-8000-000000000000",
        "ip": "10.16.1.3",
        "logical_port": "ovn-cluster-ovn-default",
        "mac": "02:00:00:00:00:01",
        "datapath": DATAPATH,
        "stale": True,
    }
    assert not found.tables["rows"][0]["stale"]


@pytest.mark.parametrize(
    ("address", "resource", "holder"),
    [
        (
            "10.16.9.9",
            NODES,
            obj("n1", metadata={"annotations": {"ovn.kubernetes.io/ip_address": "10.16.9.9"}}),
        ),
        (
            "10.16.9.9",
            NODES,
            obj("n1", status={"addresses": [{"type": "InternalIP", "address": "10.16.9.9"}]}),
        ),
        ("10.16.9.9", "kubeovn.io/v1/vips", obj("v", spec={"v4ip": "10.16.9.9"})),
        ("10.16.9.9", "kubeovn.io/v1/iptables-eips", obj("e", spec={}, status={"ip": "10.16.9.9"})),
        ("10.16.9.9", "kubeovn.io/v1/ovn-eips", obj("e", spec={"v4Ip": "10.16.9.9"})),
        ("10.16.9.9", VPCS, obj("v", spec={"vpcPeerings": [{"localConnectIP": "10.16.9.9/30"}]})),
        ("10.16.9.9", VPCS, obj("v", spec={"staticRoutes": [{"nextHopIP": "10.16.9.9"}]})),
        ("10.16.0.1", SUBNETS, default_subnet()),
        ("fd00::9", IPS, ip("six", "10.0.0.9") | {"spec": {"v6IpAddress": "FD00:0::9"}}),
    ],
)
def test_an_address_is_live_whoever_holds_it(address: str, resource: str, holder: Object) -> None:
    """A stale mark on an address in use would cost its owner a packet, so every kind of holder counts."""
    world: dict[str, Any] = {SUBNETS: [default_subnet(), subnet("six", "fd00::/64")]}
    world[resource] = [*world.get(resource, []), holder]
    found = run(ROWS, {**world, "bindings": bindings(address)})
    assert (found.data["live"], found.data["stale"]) == (1, 0)


def test_outside_hosts_and_neighbours_in_underlay_subnets_are_never_stale() -> None:
    underlay = subnet("phys", "192.168.0.0/24")
    underlay["spec"]["vlan"] = "vlan10"
    rows = bindings("192.168.0.7", "8.8.8.8", "not-an-address", "fe80::1")
    found = run(ROWS, {"bindings": rows, SUBNETS: [default_subnet(), underlay]})
    assert (found.data["stale"], found.data["foreign"]) == (0, 4)


def test_many_rows_of_live_addresses_warn_and_do_not_ask_for_a_purge() -> None:
    addresses = many(6000)
    world = {
        "bindings": bindings(*addresses),
        IPS: [ip(f"p{n}", a) for n, a in enumerate(addresses)],
        SUBNETS: [default_subnet()],
    }
    assert run(ROWS, world).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("rows", "ips", "verdict"),
    [
        (300, 10, Verdict.OK),
        (999, 10, Verdict.OK),
        (1000, 10, Verdict.FAIL),
        (2500, 2000, Verdict.WARN),
        (5000, 4000, Verdict.FAIL),
    ],
)
def test_the_verdict_follows_rows_and_rows_per_ip(rows: int, ips: int, verdict: Verdict) -> None:
    """Limits chosen by klinik: 5,000 rows, or three per IP object from 1,000 rows on."""
    world = {
        "bindings": bindings(*many(rows)),
        IPS: [ip(f"p{n}", a) for n, a in enumerate(many(ips, "10.99"))],
        SUBNETS: [default_subnet()],
    }
    assert run(ROWS, world).verdict is verdict


def test_without_the_holders_only_the_number_is_known_and_no_row_is_called_stale() -> None:
    world = {IPS: failed("forbidden"), SUBNETS: [default_subnet()]}
    found = run(ROWS, {**world, "bindings": bindings(*many(6000))})
    assert found.verdict is Verdict.FAIL
    assert "stale" not in found.data
    assert not any(row["stale"] for row in found.tables["rows"])
    between = run(ROWS, {**world, "bindings": bindings(*many(3000))})
    assert (between.verdict, between.reason) == (Verdict.UNKNOWN, "forbidden")
    assert run(ROWS, {**world, "bindings": bindings(*many(9))}).verdict is Verdict.OK


def test_an_unread_southbound_database_is_unknown() -> None:
    found = run(ROWS, {"bindings": refused("central-1", reason="timeout")})
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "timeout")
    assert found.remedy


def test_fifty_thousand_rows_are_judged_in_a_moment() -> None:
    world = {"bindings": bindings(*many(52000)), SUBNETS: [default_subnet(), subnet("b", "10.17.0.0/16")]}
    began = time.perf_counter()
    assert run(ROWS, world).data["rows"] == 52000
    assert time.perf_counter() - began < 5


def test_addresses_are_compared_in_one_form() -> None:
    assert normal("FD00:0:0::1") == "fd00::1"
    assert normal("10.0.0.1") == "10.0.0.1"


# --- options --------------------------------------------------------------------------------------------------------


def routers(**options: dict[str, str]) -> Fact:
    rows = ",".join(
        f'["{name.replace("_", "-")}",["map",[{",".join(f"""["{k}","{v}"]""" for k, v in given.items())}]]]'
        for name, given in options.items()
    )
    text = '{"data":[' + rows + '],"headings":["name","options"]}'
    return raw("ovn.router-options", "routers", {"central-1": text})


CLOSED = {LEARN: "false", NEIGH: "true"}


def test_a_router_without_the_options_is_open_and_one_with_them_is_not() -> None:
    found = run(
        "ovn.router-options", {"routers": routers(ovn_cluster={}, edge=CLOSED), SUBNETS: [], VPCS: []}
    )
    assert found.verdict is Verdict.WARN
    assert (found.data["open"], found.data["closed"]) == (["ovn-cluster"], ["edge"])


@pytest.mark.parametrize(
    "world",
    [
        {VPCS: [obj("edge", spec={"enableExternal": True}, status={"router": "edge"})]},
        {VPCS: [obj("edge", spec={"vpcPeerings": [{"remoteVpc": "b"}]}, status={"router": "edge"})]},
        {SUBNETS: [obj("u", spec={"vpc": "edge", "vlan": "v1", "u2oInterconnection": True})]},
    ],
)
def test_routers_that_need_the_learning_are_never_offered(world: dict[str, Any]) -> None:
    """External gateways, peerings and U2O break when a router stops learning (kube-ovn 5318, 5419, 5426)."""
    open_edge = run("ovn.router-options", {"routers": routers(edge={}), **world})
    assert open_edge.verdict is Verdict.OK
    assert (open_edge.data["open"], open_edge.data["exempt"]) == ([], ["edge"])
    assert run("ovn.router-options", {"routers": routers(edge=CLOSED), **world}).data["wrong"] == ["edge"]


def test_the_old_external_gateway_configmap_exempts_the_default_router() -> None:
    config = obj("ovn-external-gw-config", data={"enable-external-gw": "true"})
    found = run("ovn.router-options", {"routers": routers(ovn_cluster={}), "v1/configmaps": [config]})
    assert found.data["exempt"] == ["ovn-cluster"]


def test_what_an_undo_restores_is_never_an_empty_map() -> None:
    assert restore_words({}) == '{klinik-none="x"}'
    assert restore_words({LEARN: "true", "other": "1"}) == '{always_learn_from_arp_request="true"}'


# --- ageing ---------------------------------------------------------------------------------------------------------


def ageing(*flags: bool, options: dict[str, str] | None = None) -> Any:
    lines = [
        f'node-{n},"datapath-type=system{" mac-binding-timestamp=true" * flag} port-up-notif=true"'
        for n, flag in enumerate(flags)
    ]
    chassis = raw("ovn.mac-ageing", "chassis", {"central-1": "".join(f"{line}\n" for line in lines)})
    return run("ovn.mac-ageing", {"chassis": chassis, "routers": routers(ovn_cluster=options or {})})


def test_ageing_needs_every_chassis() -> None:
    assert ageing(True, True).data["supported"] is True
    mixed = ageing(True, False)
    assert (mixed.verdict, mixed.data["supported"], mixed.data["missing"]) == (
        Verdict.WARN,
        False,
        ["node-1"],
    )


def test_old_ovn_does_not_age_even_where_the_key_is_stored() -> None:
    """OVN 21.06 and 22.03 keep mac_binding_age_threshold in the free-form map and ignore it."""
    found = ageing(False, options={"mac_binding_age_threshold": "300"})
    assert found.verdict is Verdict.SKIPPED
    assert (found.data["supported"], found.data["enabled"]) == (False, False)


def test_ageing_is_on_where_supported_and_set_on_every_router() -> None:
    assert ageing(True, options={"mac_binding_age_threshold": "300"}).data["enabled"] is True
    assert ageing(True).data["enabled"] is False
    assert ageing().reason == "absent"


# --- databases ------------------------------------------------------------------------------------------------------

LEADER = """5067
Name: OVN_Northbound
Status: cluster member
Role: leader
Term: 1
Leader: self
Election timer: 1000
Log: [2, 12]
Entries not yet committed: 0
Entries not yet applied: 0
Connections: ->67bc <-67bc
Servers:
    67bc (67bc at tcp:10.0.0.2:6643) next_index=12 match_index=11 last msg {silence} ms ago
    5067 (5067 at tcp:10.0.0.1:6643) (self) next_index=2 match_index=11
"""
FOLLOWER = """67bc
Status: cluster member
Role: follower
Term: 1
Leader: 5067
Election timer: 1000
Entries not yet committed: {backlog}
Entries not yet applied: 0
Servers:
    67bc (67bc at tcp:10.0.0.2:6643) (self)
    5067 (5067 at tcp:10.0.0.1:6643) last msg 300 ms ago
"""
CANDIDATE = """67bc
Status: disconnected from the cluster (election timeout)
Role: candidate
Term: 11
Leader: unknown
Servers:
"""


def raft(first: str, second: str) -> Any:
    member = {"c1": first, "c2": second}
    return run("ovn.raft", {"nb": raw("ovn.raft", "nb", member), "sb": raw("ovn.raft", "sb", member)})


def test_one_leader_and_followers_in_touch_are_well() -> None:
    found = raft(LEADER.format(silence=330), FOLLOWER.format(backlog=0))
    assert (found.verdict, found.data["quorum"]) == (Verdict.OK, True)


def test_a_silent_peer_and_a_backlog_warn() -> None:
    assert raft(LEADER.format(silence=12338), FOLLOWER.format(backlog=0)).verdict is Verdict.WARN
    assert raft(LEADER.format(silence=330), FOLLOWER.format(backlog=900)).verdict is Verdict.WARN


def test_no_leader_fails_and_says_there_is_no_quorum() -> None:
    found = raft(CANDIDATE, CANDIDATE)
    assert (found.verdict, found.data["quorum"]) == (Verdict.FAIL, False)


def test_a_member_that_does_not_answer_is_unknown_and_not_health() -> None:
    good = raw("ovn.raft", "nb", {"c1": LEADER.format(silence=3)})
    found = run("ovn.raft", {"nb": both(good, refused("c2", reason="unreachable")), "sb": good})
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "unreachable")


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.exists(), reason="the customer's samples are not here")
def test_real_cluster_status_is_understood() -> None:
    text = (SAMPLES / "cluster_status.one_down.txt").read_text()
    assert raft(text, text).verdict is not Verdict.OK


def central(name: str, *, ready: bool = True, **marks: str) -> Object:
    marks = {key.replace("_", "-"): value for key, value in marks.items()}
    return pod(name, "kube-system", ready=ready, labels={"app": "ovn-central", **marks})


def test_every_database_and_northd_has_exactly_one_ready_leader() -> None:
    full = central("c1", ovn_nb_leader="true", ovn_sb_leader="true", ovn_northd_leader="true")
    assert run("ovn.leaders", {"v1/pods": [full, central("c2")]}).verdict is Verdict.OK
    two = run("ovn.leaders", {"v1/pods": [full, central("c2", ovn_nb_leader="true")]})
    assert (two.verdict, two.data["nb"], two.data["sb"]) == (Verdict.FAIL, "", "c1")
    assert run("ovn.leaders", {"v1/pods": [central("c2")]}).verdict is Verdict.FAIL
    assert run("ovn.leaders", {"v1/pods": []}).verdict is Verdict.UNKNOWN


def test_the_version_names_the_oldest_and_an_unfinished_upgrade() -> None:
    def cni(tag: str) -> Object:
        return pod(
            f"cni-{tag}",
            "kube-system",
            container="cni-server",
            image=f"r/kube-ovn:{tag}",
            labels={"app": "kube-ovn-cni"},
        )

    found = run("kube-ovn.version", {"v1/pods": [cni("v1.13.2"), cni("v1.12.9")]})
    assert (found.verdict, found.data["version"], found.data["skew"]) == (Verdict.WARN, "1.12.9", True)
    assert run("kube-ovn.version", {"v1/pods": [cni("v1.9.27")]}).data["ovn"] == "21.06"
    assert run("kube-ovn.version", {"v1/pods": [cni("latest")]}).reason == "unparsable"
    assert run("kube-ovn.version", {"v1/pods": []}).reason == "absent"


# --- load balancers and ports ---------------------------------------------------------------------------------------


def test_every_vip_counts_on_every_switch_that_holds_its_balancer() -> None:
    vips = " ".join(f"10.96.0.{n}:80=10.16.0.5:80,10.16.0.6:80" for n in range(10))
    uuid = "1996ae92-ece4-4210-980b-362d72127c3f"
    world = {
        "balancers": raw("ovn.load-balancers", "balancers", {"c": f'{uuid},cluster-tcp,"{vips}"\n'}),
        "switches": raw("ovn.load-balancers", "switches", {"c": f"join,\novn-default,{uuid}\nedge,{uuid}\n"}),
    }
    assert run("ovn.load-balancers", world).data["product"] == 20
    assert run("ovn.load-balancers", world, warn=10, fail=20).verdict is Verdict.FAIL


def placed(name: str, *, age: float = 600, **more: Any) -> Object:
    found = pod(name, **more)
    found["metadata"]["creationTimestamp"] = obj("x", age=age)["metadata"]["creationTimestamp"]
    return found


def test_unclaimed_ports_count_for_placed_pods_only() -> None:
    """Ports of pods that are gone, finished, on the host network or just created say nothing."""
    pods = [
        placed("stuck", phase="Pending"),
        placed("young", age=20),
        placed("done", phase="Succeeded"),
        placed("host", host=True),
    ]
    names = ["stuck.default", "young.default", "done.default", "host.default", "gone.default"]
    ports = raw("ovn.unclaimed-ports", "ports", {"c": "".join(f"{name},false\n" for name in names)})
    found = run("ovn.unclaimed-ports", {"ports": ports, "v1/pods": pods})
    assert (found.verdict, found.data["count"], found.data["nodes"]) == (Verdict.WARN, 1, ["node-1"])
    assert found.tables["ports"][0]["pod"] == "stuck"


def test_the_port_of_an_attachment_belongs_to_its_pod() -> None:
    ports = raw("ovn.unclaimed-ports", "ports", {"c": "stuck.default.net1.default.ovn,false\n"})
    found = run("ovn.unclaimed-ports", {"ports": ports, "v1/pods": [placed("stuck")]})
    assert found.data["count"] == 1
    none = raw("ovn.unclaimed-ports", "ports", {"c": ""})
    assert run("ovn.unclaimed-ports", {"ports": none, "v1/pods": [placed("stuck")]}).verdict is Verdict.OK
