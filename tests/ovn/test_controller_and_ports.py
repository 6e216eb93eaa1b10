"""Incidents (d) and (e) on real daemons: what the checks say of them, and what the fixes change."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from checks.cluster import PODS
from checks.model import Verdict
from checks.writing.stepevents import StepEnded
from tests.ovn.conftest import Bed, run_step, undo_step
from tests.ovn.daemons import wait_until

GONE = "0123456789ab_h"


def probe_interval(bed: Bed) -> str:
    done = bed.daemons.node.run(
        "ovs-vsctl", "--if-exists", "get", "open", ".", "external_ids:ovn-remote-probe-interval"
    )
    return done.stdout.decode().strip().strip('"')


def pid(bed: Bed, daemon: str) -> int:
    folder = "ovn" if daemon.startswith("ovn") else "openvswitch"
    return int((bed.daemons.node.root / "run" / folder / f"{daemon}.pid").read_text())


def test_the_checks_of_a_well_node_say_so(bed: Bed) -> None:
    """On idle daemons every check of (d) and (e) that can be answered without a kernel datapath is ok."""
    for check_id in (
        "ovs.flow-count", "ovs.flows-present", "ovn.raft", "ovn.leaders", "ovn-controller.connection",
        "ovs.fd-usage", "ovs.lost-interfaces", "ovs.emfile-log", "ovs.port-flaps", "ovn-controller.probe-log",
    ):  # fmt: skip
        result = bed.check(check_id)
        assert result.verdict is Verdict.OK, (check_id, result.summary.en, result.judgement.rows)
        assert result.evidence


def test_no_kernel_datapath_is_no_verdict_on_the_dispatch_mode(bed: Bed) -> None:
    """Neither per-cpu nor per-vport is claimed.

    Without the kernel module OVS either does not know the command, or (dpif_netlink_init failing, seen with 3.1)
    takes it and never replies.
    """
    judgement = bed.check("ovs.dispatch-mode").judgement
    if judgement.verdict is Verdict.UNKNOWN:
        assert judgement.reason == "timeout"
        assert not judgement.data
    else:
        assert judgement.data["mode"] == "none"


def test_a_busy_controller_is_seen_by_its_cpu_time(bed: Bed) -> None:
    """Ticks of /proc/<pid>/stat become per cent of a core; an idle controller is far below the limit."""
    result = bed.check("ovn-controller.cpu", apart=20)
    assert result.verdict is Verdict.OK, result.summary.en
    assert 0 <= float(result.judgement.value) < 80


def disconnect(bed: Bed, times: int) -> None:
    """Keeps the southbound database from answering until ovn-controller has given up on it so many times."""
    log = bed.daemons.node.root / "log/ovn/ovn-controller.log"
    servers = [int((p.root / "run/ovn/ovnsb_db.pid").read_text()) for p in bed.daemons.centrals]
    for _ in range(times):
        seen = log.read_text().count("no response to inactivity probe")
        connected = bed.daemons.node.run("ovn-appctl", "-t", "ovn-controller", "connection-status").stdout
        assert connected.strip() == b"connected"
        for server in servers:
            os.kill(server, signal.SIGSTOP)
        try:
            wait_until(
                lambda n=seen: log.read_text().count("no response to inactivity probe") > n,
                "a disconnect",
                60,
            )
        finally:
            for server in servers:
                os.kill(server, signal.SIGCONT)
        wait_until(
            lambda: (
                bed.daemons.node.run("ovn-appctl", "-t", "ovn-controller", "connection-status").stdout.strip()
                == b"connected"
            ),
            "the connection to come back",
            60,
        )


def test_real_disconnects_are_counted_and_the_interval_is_raised_and_given_back(bed: Bed) -> None:
    """A database that does not answer leaves its lines; longer-probe writes the node, the undo gives back."""
    bed.daemons.node.run("ovs-vsctl", "set", "open", ".", "external_ids:ovn-remote-probe-interval=1000")
    disconnect(bed, 3)
    result = bed.check("ovn-controller.probe-log")
    assert result.verdict is Verdict.FAIL, result.summary.en

    walk = bed.walk("ovn-controller-starved")
    walk.choose("cpu-not-given")
    ended = run_step(walk, "longer-probe")[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "done", ended.message
    assert probe_interval(bed) == "180000"
    ended = undo_step(walk, "longer-probe")[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "undone", ended.message
    assert probe_interval(bed) == "1000"

    before = pid(bed, "ovn-controller")
    ended = run_step(walk, "restart-ovn-controller", {"node": "node-1"})[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "done", ended.message
    assert pid(bed, "ovn-controller") != before


def test_lost_ports_and_flapping_are_seen_and_removed(bed: Bed) -> None:
    """A port whose device is gone, added and deleted again and again, is seen; del-port takes it away."""
    vsctl = bed.daemons.node.run
    for _ in range(7):
        vsctl(
            "ovs-vsctl",
            "--timeout=10",
            "add-port",
            "br-int",
            "flapping_h",
            "--",
            "set",
            "interface",
            "flapping_h",
            "type=dummy",
        )
        vsctl("ovs-vsctl", "--timeout=10", "del-port", "br-int", "flapping_h")
    # A port of the type of real devices, whose device does not exist: ofport -1 and "No such device".
    vsctl(
        "ovs-vsctl", "--timeout=10", "--no-wait", "add-port", "br-int", GONE, "--", "set", "interface", GONE,
        "external_ids:pod_name=gone-0", "external_ids:pod_namespace=default", "external_ids:iface-id=gone-0.default",
    )  # fmt: skip
    wait_until(
        lambda: (
            b"No such device" in vsctl("ovs-vsctl", "get", "interface", GONE, "error", check=False).stdout
        ),
        "the error of the lost port",
    )
    assert bed.check("ovs.port-flaps").verdict is Verdict.FAIL
    walk = bed.walk("ovs-too-many-open-files")
    lost = walk.results["lost"]
    assert lost.verdict in (Verdict.WARN, Verdict.FAIL)
    assert [p["name"] for p in lost.judgement.tables["ports"]] == [GONE]
    walk.choose("flapping-port-leak")
    ended = run_step(walk, "remove-lost-ports")[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "done", ended.message
    assert GONE.encode() not in vsctl("ovs-vsctl", "list-ports", "br-int").stdout
    assert bed.check("ovs.lost-interfaces").verdict is Verdict.OK


def test_descriptors_are_counted_as_the_kernel_counts_them(bed: Bed) -> None:
    """The used and the allowed number of descriptors are those of /proc."""
    result = bed.check("ovs.fd-usage")
    proc = Path("/proc") / str(pid(bed, "ovs-vswitchd"))
    used = len(list((proc / "fd").iterdir()))
    row = next(r for r in result.judgement.rows if r.target == "node-1")
    assert abs(int(row.data["open"]) - used) <= 3
    soft = next(
        x for x in (proc / "limits").read_text().splitlines() if x.startswith("Max open files")
    ).split()[3]
    assert str(row.data["limit"]) == soft
    assert bed.world.store.all(PODS, labels="app=ovs")
