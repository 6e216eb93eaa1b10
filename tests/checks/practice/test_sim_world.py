"""A staged cluster is a whole: leaders, addresses, files, logs and events follow what is done to it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest

from checks.cluster import PODS, Resource
from checks.errors import Unreachable
from checks.practice.failures import BadRequest
from checks.practice.sim import manifests as m
from checks.practice.sim.world import SimWorld
from tests.checks.practice.staged import (
    flow_count,
    nb,
    ovs,
    pods,
    restart,
    run,
    unbound,
    until,
)


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
