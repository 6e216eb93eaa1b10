"""The staged incidents react: what a fix does turns what the checks read."""

from __future__ import annotations

import re
from collections.abc import Callable

from checks.cluster import NODES, PODS, Object
from checks.practice.sim import manifests as m
from checks.practice.sim.world import SimWorld
from tests.checks.practice.staged import (
    fds,
    flow_count,
    nb,
    ovs,
    pods,
    restart,
    rss,
    run,
    sb,
    unbound,
    until,
)

# --- (a) rows that pile up


def test_flows_follow_the_rows(stage: Callable[[str], SimWorld]) -> None:
    """Two flows a row on every node with OVN 21.06, and they go with the rows."""
    world = stage("mac-binding-leak")
    rows = sb(
        world, "--format=csv", "--data=bare", "--no-headings", "--columns=_uuid,ip", "list", "MAC_Binding"
    )
    uuids = [line.split(",")[0] for line in rows.splitlines()]
    assert len(uuids) > 52_000
    before = {node: flow_count(world, node) for node in world.stage.nodes}
    assert min(before.values()) > 100_000
    nb(world, "set", "Logical_Router", "ovn-cluster", "options:always_learn_from_arp_request=false")
    nb(world, "set", "Logical_Router", "edge", "options:always_learn_from_arp_request=false")
    left = len(sb(world, "--bare", "--columns=_uuid", "list", "MAC_Binding").split())
    for at in range(0, 5000, 500):
        sb(world, "--if-exists", "destroy", "MAC_Binding", *uuids[at : at + 500])
    assert flow_count(world, "node-1", "table=66") == left - 5000
    for node, count in before.items():
        assert flow_count(world, node) <= count - 9_000


def test_rows_come_back_only_while_a_router_learns(stage: Callable[[str], SimWorld]) -> None:
    """The door has to be closed on every router before the rows stop coming."""
    world = stage("mac-binding-leak")

    def rows() -> int:
        return len(world.stage.sb["MAC_Binding"].rows)

    first = rows()
    until(lambda: rows() > first + 2)
    for router in ("ovn-cluster", "edge"):
        nb(world, "set", "Logical_Router", router, "options:always_learn_from_arp_request=false")
    closed = rows()
    clock = world.stage.clock
    later = clock.now() + 60
    until(lambda: clock.now() > later)
    assert rows() == closed
    nb(world, "remove", "Logical_Router", "edge", "options", "always_learn_from_arp_request")
    until(lambda: rows() > closed)


def test_memory_comes_back_only_with_a_restart(stage: Callable[[str], SimWorld]) -> None:
    """Freed memory stays with the process; a new ovs-ovn pod starts small, with new pids and a full flow table."""
    world = stage("mac-binding-leak")
    big = rss(world, "node-2")
    world.stage.sb.delete_many("MAC_Binding", list(world.stage.sb["MAC_Binding"].rows))
    assert rss(world, "node-2") == big
    pid = ovs(world, "node-2", "cat", "/run/ovn/ovn-controller.pid")
    restart(world, "app=ovs", "node-2")
    until(lambda: flow_count(world, "node-2") > 1000)
    assert rss(world, "node-2") < big / 4
    assert ovs(world, "node-2", "cat", "/run/ovn/ovn-controller.pid") != pid


def test_an_on_delete_daemonset_keeps_its_pods(stage: Callable[[str], SimWorld]) -> None:
    """Up to 1.11 a changed template restarts nothing; from 1.12 it rolls."""

    def limit(body: Object) -> None:
        body["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"] = "4"

    old, new = stage("mac-binding-leak"), stage("healthy")
    before = {p["metadata"]["uid"] for p in pods(old, "app=ovs")}
    for world in (old, new):
        world.store.modify(m.DAEMONSETS, "ovs-ovn", limit, namespace="kube-system")

    def rolled() -> bool:
        limits = [p["spec"]["containers"][0]["resources"]["limits"]["cpu"] for p in pods(new, "app=ovs")]
        return limits == ["4"] * 4

    until(rolled)
    assert {p["metadata"]["uid"] for p in pods(old, "app=ovs")} == before
    assert old.store.get(m.DAEMONSETS, "ovs-ovn", "kube-system")["status"]["updatedNumberScheduled"] == 0


# --- (b) numbers


def used(world: SimWorld, subnet: str) -> int:
    return int(world.store.get(m.SUBNETS, subnet)["status"]["v4usingIPs"])


def test_leaked_ips_make_the_number_wrong_until_they_are_deleted(stage: Callable[[str], SimWorld]) -> None:
    """Each deleted orphan goes in seconds and lowers the number; this release collects none by itself."""
    world = stage("subnet-ip-count-wrong")
    assert used(world, "ext-net") == 14 > 13
    restart(world, "app=kube-ovn-controller")
    assert used(world, "ext-net") == 14
    for ip in world.store.all(m.IPS, labels="ext-net="):
        if ip["spec"]["podName"] != "vpc-nat-gw-main-0":
            world.store.delete(m.IPS, ip["metadata"]["name"])
    until(lambda: used(world, "ext-net") == 6)
    world.store.delete(m.EIPS, "eip-test")
    until(lambda: used(world, "ext-net") == 5)
    assert world.store.find(m.EIPS, "eip-test") is None


def test_a_stale_number_stays_until_another_controller_leads(stage: Callable[[str], SimWorld]) -> None:
    """Changes of objects do not move it; the next leader counts anew."""
    world = stage("subnet-status-stale")
    lease = world.store.get(m.LEASES, "kube-ovn-controller", "kube-system")["spec"]["holderIdentity"]
    batch = world.store.all(PODS, namespace="batch")[0]["metadata"]["name"]
    world.store.delete(PODS, batch, namespace="batch")
    until(lambda: world.store.find(PODS, batch, "batch") is None)
    assert used(world, "batch-net") == 268
    world.store.delete(PODS, lease, namespace="kube-system")
    until(lambda: used(world, "batch-net") == 5)
    assert world.store.get(m.SUBNETS, "batch-net")["status"]["v4availableIPs"] == 248
    assert world.store.get(m.LEASES, "kube-ovn-controller", "kube-system")["spec"]["holderIdentity"] != lease


# --- (c) finalizers


def test_an_ip_of_a_vanished_subnet_goes_only_with_its_finalizer(stage: Callable[[str], SimWorld]) -> None:
    """A new leader does not help; the patch does, and leaves the logical port for the next clean-up."""
    world = stage("ip-held-by-finalizer")
    names = [ip["metadata"]["name"] for ip in world.store.all(m.IPS, labels="blue-net=")]
    assert len(names) == 3
    assert (
        nb(world, "--bare", "--columns=name", "find", "Logical_Switch_Port", f"name={names[0]}").strip()
        == names[0]
    )

    def patch(body: Object) -> Object:
        body["metadata"]["finalizers"] = []
        return body

    world.store.update(m.IPS, names[0], patch)
    assert world.store.find(m.IPS, names[0]) is None
    assert (
        nb(world, "--bare", "--columns=name", "find", "Logical_Switch_Port", f"name={names[0]}").strip()
        == names[0]
    )
    nb(world, "--if-exists", "lsp-del", names[0])
    assert nb(world, "--bare", "--columns=name", "find", "Logical_Switch_Port", f"name={names[0]}") == ""
    restart(world, "app=kube-ovn-controller")
    assert all(world.store.find(m.IPS, name) for name in names[1:])


def test_a_stuck_ip_is_complained_about(stage: Callable[[str], SimWorld]) -> None:
    """The leader's log names the missing Subnet, at first and whenever it tries again."""
    world = stage("ip-held-by-finalizer")
    leader = world.store.get(m.LEASES, "kube-ovn-controller", "kube-system")["spec"]["holderIdentity"]
    pod = world.store.get(PODS, leader, "kube-system")

    def complaints() -> int:
        log = world.logs(
            "kube-system", pod, "kube-ovn-controller", tail=None, since=None, previous=False, timestamps=False
        )
        return log.count('subnet.kubeovn.io "blue-net" not found')

    before = complaints()
    assert before >= 3
    until(lambda: complaints() > before)


def test_terminating_subnets_need_an_event_or_a_recount(stage: Callable[[str], SimWorld]) -> None:
    """With 0 used any touch is enough; a stale number has to be counted again by another leader."""
    world = stage("subnet-held-by-finalizer")

    def touch(body: Object) -> Object:
        body["metadata"].setdefault("annotations", {})["kb-touch"] = "1"
        return body

    for name in ("green-net", "test-net"):
        world.store.update(m.SUBNETS, name, touch)
    until(lambda: world.store.find(m.SUBNETS, "test-net") is None)
    assert world.store.find(m.SUBNETS, "green-net") is not None
    leader = world.store.get(m.LEASES, "kube-ovn-controller", "kube-system")["spec"]["holderIdentity"]
    world.store.delete(PODS, leader, namespace="kube-system")
    until(lambda: world.store.find(m.SUBNETS, "green-net") is None)
    until(lambda: "green-net" not in nb(world, "ls-list"))


# --- (d) ovn-controller


def cpu_line(world: SimWorld, node: str) -> list[int]:
    return [int(word) for word in ovs(world, node, "head", "-1", "/proc/stat").split()[1:]]


def steal(world: SimWorld, node: str) -> float:
    """Percent of steal over a while."""
    clock = world.stage.clock
    first, start = cpu_line(world, node), clock.now()
    until(lambda: clock.now() > start + 20)
    delta = [b - a for a, b in zip(first, cpu_line(world, node), strict=True)]
    return 100 * delta[7] / sum(delta)


def disconnects(world: SimWorld, node: str, within: float) -> int:
    log = world.stage.nodes[node].log("ovn/ovn-controller.log")
    return sum("no response to inactivity probe" in line for line in log.lines(since=within))


def test_a_starved_node_shows_steal_disconnects_and_waiting_pods(stage: Callable[[str], SimWorld]) -> None:
    """node-4 alone: a third of its time stolen, probe lines on both sides, ports unclaimed, pods not started."""
    world = stage("ovn-controller-starved")
    assert steal(world, "node-4") > 30
    assert steal(world, "node-1") < 2
    assert disconnects(world, "node-4", 3600) >= 3
    assert disconnects(world, "node-1", 3600) == 0
    assert (
        "192.168.137.14"
        in run(
            world,
            pods(world, "ovn-sb-leader=true")[0],
            "tail",
            "-n",
            "2000",
            "/var/log/ovn/ovsdb-server-sb.log",
        ).stdout
    )
    assert len(unbound(world)) >= 5
    waiting = [p for p in world.store.all(PODS) if p["status"]["phase"] == "Pending"]
    assert {p["spec"]["nodeName"] for p in waiting} == {"node-4"}
    assert waiting[0]["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "ContainerCreating"


def test_a_longer_probe_ends_disconnects_and_the_move_ends_the_stealing(
    stage: Callable[[str], SimWorld],
) -> None:
    """The exercise's platform team moves the machine some minutes after the probe was made longer."""
    world = stage("ovn-controller-starved")
    ovs(
        world,
        "node-4",
        "ovs-vsctl",
        "--timeout=10",
        "set",
        "open",
        ".",
        "external-ids:ovn-remote-probe-interval=180000",
    )
    until(lambda: not unbound(world))
    until(lambda: all(p["status"]["phase"] == "Running" for p in world.store.all(PODS)))
    until(lambda: disconnects(world, "node-4", 150) == 0)
    until(
        lambda: (
            world.store.get(NODES, "node-4")["metadata"]["annotations"].get("practice.klinik/migrated")
            == "true"
        )
    )
    assert steal(world, "node-4") < 2


def test_the_move_can_be_said_by_an_annotation(stage: Callable[[str], SimWorld]) -> None:
    """A learner annotates the Node once the platform moved it."""
    world = stage("ovn-controller-starved")

    def moved(body: Object) -> Object:
        body["metadata"]["annotations"]["practice.klinik/migrated"] = "true"
        return body

    world.store.update(NODES, "node-4", moved)
    until(lambda: not unbound(world))
    assert steal(world, "node-4") < 2


def controller_cpu(world: SimWorld, node: str) -> float:
    """Percent of a core that ovn-controller uses."""
    pid = ovs(world, node, "cat", "/run/ovn/ovn-controller.pid").strip()
    clock = world.stage.clock

    def ticks() -> int:
        rest = ovs(world, node, "cat", f"/proc/{pid}/stat").rpartition(")")[2].split()
        return int(rest[11]) + int(rest[12])

    first, start = ticks(), clock.now()
    until(lambda: clock.now() > start + 30)
    second, end = ticks(), clock.now()
    return (second - first) / (end - start)


def test_a_busy_controller_calms_down_with_its_rows(stage: Callable[[str], SimWorld]) -> None:
    """Real work: a whole core in user mode without steal, until the rows are gone."""
    world = stage("ovn-controller-busy")
    assert controller_cpu(world, "node-3") > 85
    assert steal(world, "node-3") < 2
    world.stage.sb.delete_many("MAC_Binding", list(world.stage.sb["MAC_Binding"].rows))
    assert controller_cpu(world, "node-3") < 15


def test_restarting_ovn_controller_gives_a_new_pid_and_claims_again(stage: Callable[[str], SimWorld]) -> None:
    """``ovn-ctl restart_controller`` in place, and ``exit`` without a restart, which loses the ports."""
    world = stage("healthy")
    pid = ovs(world, "node-1", "cat", "/run/ovn/ovn-controller.pid")
    ovs(world, "node-1", "ovn-appctl", "-t", "ovn-controller", "exit")
    assert unbound(world)
    gone = run(world, pods(world, "app=ovs", "node-1")[0], "ovn-appctl", "-t", "ovn-controller", "version")
    assert 'cannot read pidfile "/var/run/ovn/ovn-controller.pid" (No such file or directory)' in gone.stderr
    ovs(world, "node-1", "/usr/share/ovn/scripts/ovn-ctl", "restart_controller")
    until(lambda: not unbound(world))
    assert ovs(world, "node-1", "cat", "/run/ovn/ovn-controller.pid") != pid


# --- (e) descriptors


def generic_sockets(world: SimWorld, node: str) -> int:
    lines = ovs(world, node, "cat", "/proc/net/netlink").splitlines()[1:]
    return sum(line.split()[1] == "16" for line in lines)


def test_sockets_leak_while_the_port_flaps_and_stop_with_it(stage: Callable[[str], SimWorld]) -> None:
    """Scaling the flapper down ends the growth; only a restart of the pod gives the sockets back."""
    world = stage("ovs-too-many-open-files")
    first = generic_sockets(world, "node-2")
    until(lambda: generic_sockets(world, "node-2") >= first + 5)
    log = ovs(world, "node-2", "tail", "-n", "200", "/var/log/openvswitch/ovs-vswitchd.log")
    assert len(re.findall(r"bridge\|INFO\|bridge br-int: added interface \w+_h on port 41", log)) >= 5
    world.store.modify(m.DEPLOYMENTS, "vpn-probe", lambda b: b["spec"].update(replicas=0), namespace="edge")
    until(lambda: not world.store.all(PODS, namespace="edge"))
    until(lambda: not world.stage.fault("port-flapper"))
    after = generic_sockets(world, "node-2")
    clock = world.stage.clock
    later = clock.now() + 60
    until(lambda: clock.now() > later)
    assert generic_sockets(world, "node-2") == after
    assert fds(world, "node-2") > 9_000
    restart(world, "app=ovs", "node-2")
    assert fds(world, "node-2") < 200


def test_a_crash_looping_flapper_comes_back_crashing(stage: Callable[[str], SimWorld]) -> None:
    """Deleting the pod alone changes nothing: its Deployment makes another one that flaps as well."""
    world = stage("ovs-too-many-open-files")
    old = world.store.all(PODS, namespace="edge")[0]
    world.store.delete(PODS, old["metadata"]["name"], namespace="edge")

    def crashing() -> bool:
        found = world.store.all(PODS, namespace="edge")
        states = [p["status"].get("containerStatuses", [{}])[0].get("state", {}) for p in found]
        return (
            bool(found)
            and found[0]["metadata"]["uid"] != old["metadata"]["uid"]
            and states[0].get("waiting", {}).get("reason") == "CrashLoopBackOff"
        )

    until(crashing)


def test_the_limit_is_reached_on_the_other_node(stage: Callable[[str], SimWorld]) -> None:
    """node-3 has no descriptor left and says so, until its ovs-ovn pod is new."""
    world = stage("ovs-too-many-open-files")
    assert fds(world, "node-3") == 65_535
    assert "Too many open files" in ovs(
        world, "node-3", "tail", "-n", "2000", "/var/log/openvswitch/ovs-vswitchd.log"
    )
    restart(world, "app=ovs", "node-3")
    assert fds(world, "node-3") < 200
