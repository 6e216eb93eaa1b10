"""The staged clusters react: what a fix does turns what the checks read."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from checks.cluster import NODES, PODS, ExecResult, Object, Resource
from checks.errors import Unreachable
from checks.practice.failures import BadRequest
from checks.practice.scenario import build_world
from checks.practice.sim import manifests as m
from checks.practice.sim.world import SimWorld

PACE = 0.005
"""Two hundred cluster seconds per second."""
START: Callable[[str], SimWorld]


@pytest.fixture
def stage() -> Iterator[Callable[[str], SimWorld]]:
    """Builds worlds and stops their time at the end."""
    worlds: list[SimWorld] = []

    def build(name: str) -> SimWorld:
        worlds.append(build_world(name, pace=PACE))
        return worlds[-1]

    yield build
    for world in worlds:
        world.close()


def until(condition: Callable[[], bool], *, seconds: float = 15.0) -> None:
    """Waits for something that the stage does in its own time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


def pods(world: SimWorld, labels: str, node: str = "") -> list[Object]:
    found = world.store.all(PODS, namespace="kube-system", labels=labels)
    return [p for p in found if not node or p["spec"]["nodeName"] == node]


def run(world: SimWorld, pod: Object, *argv: str, container: str = "") -> ExecResult:
    """A command in a pod's (first) container, its early output put before the rest."""
    early: list[str] = []
    name = container or pod["spec"]["containers"][0]["name"]
    result = world.exec(pod["metadata"]["namespace"], pod, name, argv, early.append)
    return ExecResult("".join(early) + result.stdout, result.stderr, result.code, result.argv)


def ovs(world: SimWorld, node: str, *argv: str) -> str:
    result = run(world, pods(world, "app=ovs", node)[0], *argv)
    assert result.code == 0, result.stderr
    return result.stdout


def nb(world: SimWorld, *argv: str) -> str:
    return run(
        world, pods(world, "app=ovn-central,ovn-nb-leader=true")[0], "ovn-nbctl", "--timeout=30", *argv
    ).stdout


def sb(world: SimWorld, *argv: str) -> str:
    return run(
        world, pods(world, "app=ovn-central,ovn-sb-leader=true")[0], "ovn-sbctl", "--timeout=30", *argv
    ).stdout


def flow_count(world: SimWorld, node: str, *match: str) -> int:
    found = re.search(r"flow_count=(\d+)", ovs(world, node, "ovs-ofctl", "dump-aggregate", "br-int", *match))
    assert found
    return int(found[1])


def rss(world: SimWorld, node: str) -> int:
    pid = ovs(world, node, "cat", "/run/openvswitch/ovs-vswitchd.pid").strip()
    found = re.search(r"VmRSS:\s+(\d+) kB", ovs(world, node, "cat", f"/proc/{pid}/status"))
    assert found
    return int(found[1])


def fds(world: SimWorld, node: str) -> int:
    pid = ovs(world, node, "cat", "/run/openvswitch/ovs-vswitchd.pid").strip()
    return len(ovs(world, node, "ls", f"/proc/{pid}/fd").split())


def ready(world: SimWorld, labels: str, node: str = "", *, but: str = "") -> bool:
    """Whether there is a ready pod that is not the one with the uid `but`."""
    return any(
        p["metadata"]["uid"] != but
        and any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"]["conditions"])
        for p in pods(world, labels, node)
    )


def restart(world: SimWorld, labels: str, node: str = "") -> Object:
    """Deletes a pod and waits for its successor."""
    old = pods(world, labels, node)[0]
    world.store.delete(PODS, old["metadata"]["name"], namespace="kube-system")
    until(
        lambda: (
            ready(world, labels, node, but=old["metadata"]["uid"])
            and world.store.find(PODS, old["metadata"]["name"], "kube-system") is None
        )
    )
    return old


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


def unbound(world: SimWorld) -> list[str]:
    argv = (
        "--format=csv",
        "--data=bare",
        "--no-headings",
        "--columns=logical_port,up",
        "find",
        "Port_Binding",
        "chassis=[]",
        'type=""',
    )
    return sb(world, *argv).splitlines()


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


# --- the cluster as such


def test_a_leader_of_the_database_is_replaced(stage: Callable[[str], SimWorld]) -> None:
    """Deleting the leading ovn-central pod moves the label, and exactly one pod carries it."""
    world = stage("healthy")
    old = restart(world, "ovn-nb-leader=true")
    until(lambda: len(pods(world, "ovn-nb-leader=true")) == 1)
    assert pods(world, "ovn-nb-leader=true")[0]["metadata"]["name"] != old["metadata"]["name"]
    assert (
        "Role: leader"
        in run(
            world,
            pods(world, "ovn-nb-leader=true")[0],
            "ovn-appctl",
            "-t",
            "/var/run/ovn/ovnnb_db.ctl",
            "cluster/status",
            "OVN_Northbound",
        ).stdout
    )


def test_a_deleted_pod_frees_its_address_and_its_successor_gets_one(stage: Callable[[str], SimWorld]) -> None:
    """IP object, logical port and binding go and come with the pod."""
    world = stage("healthy")
    old = world.store.all(PODS, namespace="shop")[0]["metadata"]["name"]
    world.store.delete(PODS, old, namespace="shop")
    until(lambda: world.store.find(m.IPS, f"{old}.shop") is None)
    until(
        lambda: (
            len([p for p in world.store.all(PODS, namespace="shop") if p["status"]["phase"] == "Running"])
            == 10
        )
    )
    assert not unbound(world)
    assert {f"{p['metadata']['name']}.shop" for p in world.store.all(PODS, namespace="shop")} <= {
        i["metadata"]["name"] for i in world.store.all(m.IPS)
    }


def test_a_missing_program_is_the_runtimes_error(stage: Callable[[str], SimWorld]) -> None:
    """An application's container has no OVS tools, and the Kube-OVN image has no lsof."""
    world = stage("healthy")
    app = world.store.all(PODS, namespace="shop")[0]
    with pytest.raises(Unreachable, match=r'exec: "ovs-vsctl": executable file not found in \$PATH'):
        run(world, app, "ovs-vsctl", "show")
    with pytest.raises(Unreachable, match="lsof"):
        run(world, pods(world, "app=ovs")[0], "lsof")


def test_files_that_are_not_there_are_named_as_coreutils_do(stage: Callable[[str], SimWorld]) -> None:
    """cat, tail, ls, stat and head have their own words."""
    world = stage("healthy")
    pod = pods(world, "app=ovs")[0]
    expected = {
        ("cat", "/nope"): ("cat: /nope: No such file or directory\n", 1),
        ("tail", "-n", "5", "/nope"): (
            "tail: cannot open '/nope' for reading: No such file or directory\n",
            1,
        ),
        ("head", "-1", "/nope"): ("head: cannot open '/nope' for reading: No such file or directory\n", 1),
        ("ls", "/nope"): ("ls: cannot access '/nope': No such file or directory\n", 2),
        ("stat", "-c", "%s", "/nope"): ("stat: cannot statx '/nope': No such file or directory\n", 1),
        ("tail", "-n", "x", "/etc/hostname"): ("tail: invalid number of lines: ‘x’\n", 1),
        ("cat", "/sys/fs/cgroup/cpu,cpuacct/cpu.stat"): (
            "cat: /sys/fs/cgroup/cpu,cpuacct/cpu.stat: No such file or directory\n",
            1,
        ),
    }
    for argv, (stderr, code) in expected.items():
        result = run(world, pod, *argv)
        assert (result.stdout, result.stderr, result.code) == ("", stderr, code)


def test_nobody_may_not_look_at_descriptors(stage: Callable[[str], SimWorld]) -> None:
    """From 1.13 ovs-ovn runs as nobody; the cni-server container may still look."""
    world = stage("ip-held-by-finalizer")
    pid = ovs(world, "node-1", "cat", "/run/openvswitch/ovs-vswitchd.pid").strip()
    refused = run(world, pods(world, "app=ovs", "node-1")[0], "ls", f"/proc/{pid}/fd")
    assert refused.stderr == f"ls: cannot open directory '/proc/{pid}/fd': Permission denied\n"
    assert run(world, pods(world, "app=kube-ovn-cni", "node-1")[0], "ls", f"/proc/{pid}/fd").code == 0


def test_log_levels_are_kept(stage: Callable[[str], SimWorld]) -> None:
    """Debug logging can be turned on and back."""
    world = stage("healthy")
    ovs(world, "node-1", "ovn-appctl", "-t", "ovn-controller", "vlog/set", "file:dbg")
    assert re.search(
        r"^binding\s+OFF\s+INFO\s+DBG$",
        ovs(world, "node-1", "ovn-appctl", "-t", "ovn-controller", "vlog/list"),
        re.M,
    )
    ovs(world, "node-1", "ovn-appctl", "-t", "ovn-controller", "vlog/set", "file:info")
    assert "DBG" not in ovs(world, "node-1", "ovn-appctl", "-t", "ovn-controller", "vlog/list")


def test_unknown_control_commands_are_refused(stage: Callable[[str], SimWorld]) -> None:
    """As unixctl does, with exit code 2."""
    world = stage("healthy")
    result = run(world, pods(world, "app=ovs")[0], "ovs-appctl", "foo")
    assert result.stderr == (
        '"foo" is not a valid command (use "list-commands" to see a list of valid commands)\n'
        "ovs-appctl: ovs-vswitchd: server returned an error\n"
    )
    assert result.code == 2


def test_flows_are_dumped_as_they_are_counted(stage: Callable[[str], SimWorld]) -> None:
    """dump-flows prints as many flows as dump-aggregate counts, whole and by table."""
    world = stage("healthy")
    for match in ((), ("table=66",), ("table=0",), ("table=21",)):
        lines = ovs(world, "node-1", "ovs-ofctl", "dump-flows", "br-int", *match).splitlines()
        assert len(lines) - 1 == flow_count(world, "node-1", *match)


def test_logs_of_a_container(stage: Callable[[str], SimWorld]) -> None:
    """The kubelet's rules: tail, previous, and containers that wait."""
    world = stage("ovn-controller-starved")
    pod = pods(world, "app=ovs", "node-4")[0]
    text = world.logs("kube-system", pod, "openvswitch", tail=3, since=None, previous=False, timestamps=False)
    assert len(text.splitlines()) == 3
    with pytest.raises(BadRequest, match="previous terminated container"):
        world.logs("kube-system", pod, "openvswitch", tail=None, since=None, previous=True, timestamps=False)
    waiting = next(p for p in world.store.all(PODS) if p["status"]["phase"] == "Pending")
    with pytest.raises(BadRequest, match="waiting to start: ContainerCreating"):
        world.logs(
            waiting["metadata"]["namespace"],
            waiting,
            waiting["spec"]["containers"][0]["name"],
            tail=None,
            since=None,
            previous=False,
            timestamps=False,
        )


def test_old_releases_have_few_kinds(stage: Callable[[str], SimWorld]) -> None:
    """1.9 has no vips and EIPs; the CRD list says what there is."""
    crds = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
    names = {o["metadata"]["name"] for o in stage("mac-binding-leak").store.all(crds)}
    assert "subnets.kubeovn.io" in names
    assert "iptables-eips.kubeovn.io" not in names


def test_ageing_removes_leftovers_where_the_release_has_it(stage: Callable[[str], SimWorld]) -> None:
    """With OVN 22.12 a threshold clears old rows within the limit per round; with 21.06 the key does nothing."""
    new, old = stage("ovn-controller-busy"), stage("mac-binding-leak")
    rows = {world: len(world.stage.sb["MAC_Binding"].rows) for world in (new, old)}
    for world in (new, old):
        nb(world, "set", "NB_Global", ".", "options:mac_binding_removal_limit=1000")
        nb(world, "set", "Logical_Router", "ovn-cluster", "options:mac_binding_age_threshold=300")
    until(lambda: len(new.stage.sb["MAC_Binding"].rows) <= rows[new] - 1000)
    until(lambda: len(new.stage.sb["MAC_Binding"].rows) < 100)
    living = len(new.store.all(m.IPS, labels="ovn-default="))
    assert len(new.stage.sb["MAC_Binding"].rows) == living
    assert len(old.stage.sb["MAC_Binding"].rows) >= rows[old]


def test_a_removed_port_loses_its_binding(stage: Callable[[str], SimWorld]) -> None:
    """northd follows the northbound database."""
    world = stage("ip-held-by-finalizer")
    name = world.store.all(m.IPS, labels="blue-net=")[0]["metadata"]["name"]
    assert any(line.startswith(name) for line in unbound(world))
    nb(world, "--if-exists", "lsp-del", name)
    until(lambda: not any(line.startswith(name) for line in unbound(world)))


def test_waiting_pods_have_their_event(stage: Callable[[str], SimWorld]) -> None:
    """The kubelet says why a sandbox could not be made."""
    events = stage("ovn-controller-starved").store.all(m.EVENTS)
    assert {e["reason"] for e in events} == {"FailedCreatePodSandBox"}
    assert "is not ready after 30s" in events[0]["message"]


def test_an_object_without_sense_does_not_stop_the_time_of_the_cluster(
    stage: Callable[[str], SimWorld],
) -> None:
    """A Subnet without a CIDR is nothing that the controller can count; what others wait for goes on."""
    world = stage("healthy")
    broken, later = threading.Event(), threading.Event()

    def breaks() -> None:
        broken.set()
        raise KeyError("cidrBlock")

    world.store.create(m.SUBNETS, {"metadata": {"name": "senseless"}, "spec": {}})
    world.stage.agenda.every(1.0, breaks)
    assert broken.wait(10)
    broken.clear()
    world.stage.agenda.after(1.0, later.set)
    assert later.wait(10)
    assert broken.wait(10), "and it is tried again"
