"""A staged cluster seen as a learner sees it: its pods, what their commands print, and waiting for what it does."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from checks.cluster import PODS, ExecResult, Object
from checks.practice.sim.world import SimWorld


def until(condition: Callable[[], bool], *, seconds: float = 15.0) -> None:
    """Waits for something that the stage does in its own time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


def pods(world: SimWorld, labels: str, node: str = "") -> list[Object]:
    """Pods of kube-system with these labels, of one node or of all."""
    found = world.store.all(PODS, namespace="kube-system", labels=labels)
    return [p for p in found if not node or p["spec"]["nodeName"] == node]


def run(world: SimWorld, pod: Object, *argv: str, container: str = "") -> ExecResult:
    """A command in a pod's (first) container, its early output put before the rest."""
    early: list[str] = []
    name = container or pod["spec"]["containers"][0]["name"]
    result = world.exec(pod["metadata"]["namespace"], pod, name, argv, early.append)
    return ExecResult("".join(early) + result.stdout, result.stderr, result.code, result.argv)


def ovs(world: SimWorld, node: str, *argv: str) -> str:
    """What a command prints in the ovs-ovn pod of a node; it has to end well."""
    result = run(world, pods(world, "app=ovs", node)[0], *argv)
    assert result.code == 0, result.stderr
    return result.stdout


def nb(world: SimWorld, *argv: str) -> str:
    """What ovn-nbctl prints at the leader."""
    return run(
        world, pods(world, "app=ovn-central,ovn-nb-leader=true")[0], "ovn-nbctl", "--timeout=30", *argv
    ).stdout


def sb(world: SimWorld, *argv: str) -> str:
    """What ovn-sbctl prints at the leader."""
    return run(
        world, pods(world, "app=ovn-central,ovn-sb-leader=true")[0], "ovn-sbctl", "--timeout=30", *argv
    ).stdout


def flow_count(world: SimWorld, node: str, *match: str) -> int:
    """How many flows br-int of a node has."""
    found = re.search(r"flow_count=(\d+)", ovs(world, node, "ovs-ofctl", "dump-aggregate", "br-int", *match))
    assert found
    return int(found[1])


def rss(world: SimWorld, node: str) -> int:
    """Memory of a node's ovs-vswitchd, in kB."""
    pid = ovs(world, node, "cat", "/run/openvswitch/ovs-vswitchd.pid").strip()
    found = re.search(r"VmRSS:\s+(\d+) kB", ovs(world, node, "cat", f"/proc/{pid}/status"))
    assert found
    return int(found[1])


def fds(world: SimWorld, node: str) -> int:
    """How many descriptors a node's ovs-vswitchd has open."""
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


def unbound(world: SimWorld) -> list[str]:
    """Lines of the ports that no chassis has claimed."""
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
