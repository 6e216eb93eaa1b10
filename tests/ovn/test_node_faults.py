"""A node whose daemons are stopped, cut off or out of descriptors, and what its checks say of it."""

from __future__ import annotations

import resource
import socket
from contextlib import ExitStack
from pathlib import Path

from checks.cluster import PODS
from checks.model import Result, Verdict
from tests.ovn.conftest import Bed
from tests.ovn.daemons import wait_until


def says(bed: Bed, check: str, verdict: Verdict, **params: object) -> Result:
    result = bed.check(check, **params)
    assert result.verdict is verdict, (check, result.summary.en, result.judgement.rows)
    return result


def state(bed: Bed) -> str:
    done = bed.daemons.node.run("ovn-appctl", "-t", "ovn-controller", "connection-status", check=False)
    return done.stdout.decode().strip()


def test_a_node_cut_off_from_the_southbound_database_is_not_connected(bed: Bed) -> None:
    """Its remotes lead nowhere: ovn-controller runs, and says itself that it is not connected."""
    vsctl = bed.daemons.node.run
    says(bed, "ovn-controller.connection", Verdict.OK)
    vsctl("ovs-vsctl", "set", "open", ".", 'external-ids:ovn-remote="tcp:127.0.0.1:9"')
    wait_until(lambda: state(bed) == "not connected", "the connection to be lost")
    found = says(bed, "ovn-controller.connection", Verdict.FAIL)
    assert [row.target for row in found.judgement.rows if row.verdict is Verdict.FAIL] == ["node-1"]
    vsctl("ovs-vsctl", "set", "open", ".", f'external-ids:ovn-remote="{bed.daemons.remote("sb")}"')
    wait_until(lambda: state(bed) == "connected", "the connection to be back")
    says(bed, "ovn-controller.connection", Verdict.OK)


def test_a_stopped_controller_takes_its_chassis_with_it(bed: Bed) -> None:
    """Asked to exit it signs off: no chassis, no claimed port; and no answer is no verdict on its connection."""
    pod = {
        "metadata": {"name": "web-0", "creationTimestamp": "2024-01-01T00:00:00Z"},
        "spec": {"nodeName": "node-1", "containers": [{"name": "app"}]},
        "status": {"phase": "Running", "podIP": "10.16.0.10", "startTime": "2024-01-01T00:00:00Z"},
    }
    bed.world.store.create(PODS, pod, namespace="default")
    says(bed, "ovn.chassis", Verdict.OK)
    bed.daemons.node.run("ovn-appctl", "-t", "ovn-controller", "exit")
    wait_until(
        lambda: not bed.daemons.sbctl("--bare", "--columns=name", "list", "Chassis").strip(), "the sign-off"
    )
    assert says(bed, "ovn.chassis", Verdict.FAIL).judgement.data["missing"] == ["node-1"]
    says(bed, "ovn.chassis-annotations", Verdict.FAIL)
    says(bed, "ovn.system-ids", Verdict.FAIL)
    says(bed, "ovn.unclaimed-ports", Verdict.WARN)
    says(bed, "ovn-controller.connection", Verdict.UNKNOWN)
    bed.daemons.start_controller()
    wait_until(lambda: bed.check("ovn.unclaimed-ports").verdict is Verdict.OK, "the port to be claimed", 30)
    says(bed, "ovn.chassis", Verdict.OK)


def test_descriptors_that_run_out_are_seen_before_and_after(bed: Bed) -> None:
    """With a limit just above what is open the share fails; clients that take the rest make it log EMFILE."""
    place = bed.daemons.node
    pid = bed.daemons.pid(place, "openvswitch/ovs-vswitchd.pid")
    log = place.root / "log/openvswitch/ovs-vswitchd.log"
    says(bed, "ovs.emfile-log", Verdict.OK)
    used = len(list((Path("/proc") / str(pid) / "fd").iterdir()))
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 4, before[1]))
        says(bed, "ovs.fd-usage", Verdict.FAIL)
        with ExitStack() as clients:
            for _ in range(8):
                client = clients.enter_context(socket.socket(socket.AF_UNIX))
                client.connect(str(place.root / "run/openvswitch/br-int.mgmt"))
            wait_until(lambda: "Too many open files" in log.read_text(errors="replace"), "EMFILE in the log")
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    says(bed, "ovs.emfile-log", Verdict.FAIL)
    says(bed, "ovs.fd-usage", Verdict.OK)
