"""Starting and stopping the daemons of a node, as its ovs-ovn and ovn-central containers do."""

from __future__ import annotations

from checks.practice.sim.node import Node
from checks.practice.sim.processes import Process
from checks.practice.sim.stage import Stage

OVS = ("ovsdb-server", "ovs-vswitchd", "ovn-controller")
CENTRAL = ("ovsdb-server-nb", "ovsdb-server-sb", "ovn-northd")
IDLE = {"ovs-vswitchd": (3.0, 2.0), "ovn-controller": (2.5, 0.6)}
"""Percent of a core in user and system mode when there is little to do."""
STATISTICS = {
    "rx_bytes": 91_402_233, "rx_packets": 412_870, "rx_errors": 0, "rx_dropped": 0,
    "tx_bytes": 88_120_904, "tx_packets": 398_112, "tx_errors": 0, "tx_dropped": 0,
}  # fmt: skip
"""The counters of every staged interface: they stand still, so that nothing is lost between two looks."""


def _start(
    stage: Stage, node: Node, name: str, *, threads: int = 1, fds: int = 24, rss_kb: int = 24_000
) -> Process:
    now = stage.clock.now()
    taken = {p.pid for p in node.processes.values()}
    pid = max(taken, default=stage.random.randint(2_000, 9_000)) + stage.random.randint(3, 40)
    process = Process(name.removesuffix("-nb").removesuffix("-sb"), pid, now, threads, fds, rss_kb=rss_kb)
    for counter in (process.user, process.system, process.voluntary, process.involuntary):
        counter.reset(0.0, now)
    user, system = IDLE.get(name, (0.8, 0.3))
    process.load(now, user=user, system=system)
    node.processes[name] = process
    return process


def start_ovs(stage: Stage, node: Node) -> None:
    """ovsdb-server, ovs-vswitchd and ovn-controller, fresh: nothing leaked, memory after the flows there are now."""
    _start(stage, node, "ovsdb-server")
    _start(stage, node, "ovs-vswitchd", threads=node.cpus + 4, fds=42)
    node.leaked.reset(0.0, stage.clock.now())
    node.peak_flows = 0
    start_controller(stage, node)
    now, log = stage.clock.now(), node.log("openvswitch/ovs-vswitchd.log")
    log.add(now, "vlog", "INFO", "opened log file /var/log/openvswitch/ovs-vswitchd.log")
    log.add(now, "ovs_numa", "INFO", f"Discovered {node.cpus} CPU cores on NUMA node 0")
    log.add(now, "reconnect", "INFO", "unix:/var/run/openvswitch/db.sock: connecting...")
    log.add(now, "reconnect", "INFO", "unix:/var/run/openvswitch/db.sock: connected")
    log.add(now, "bridge", "INFO", f"ovs-vswitchd (Open vSwitch) {stage.versions.ovs}")


def start_controller(stage: Stage, node: Node) -> None:
    """ovn-controller with a new pid; it claims the node's ports again."""
    _start(stage, node, "ovn-controller", threads=4, fds=28)
    now, log = stage.clock.now(), node.log("ovn/ovn-controller.log")
    log.add(now, "vlog", "INFO", "opened log file /var/log/ovn/ovn-controller.log")
    log.add(now, "main", "INFO", f"OVN internal version is : [{stage.versions.ovn}-20.27.0-70.6]")
    remote = sb_remote(stage)
    log.add(now, "reconnect", "INFO", f"{remote}: connecting...")
    log.add(now, "reconnect", "INFO", f"{remote}: connected")


def stop_ovs(node: Node) -> None:
    """The container ended: the datapath keeps its flows, br-int has none to show."""
    for name in OVS:
        node.processes.pop(name, None)
    node.programmed = False


def start_central(stage: Stage, node: Node) -> None:
    """The two database servers and northd."""
    _start(stage, node, "ovsdb-server-nb", fds=60, rss_kb=90_000)
    _start(stage, node, "ovsdb-server-sb", fds=60, rss_kb=160_000)
    _start(stage, node, "ovn-northd", fds=20, rss_kb=80_000)
    now = stage.clock.now()
    for name in ("ovsdb-server-nb", "ovsdb-server-sb", "ovn-northd"):
        node.log(f"ovn/{name}.log").add(now, "vlog", "INFO", f"opened log file /var/log/ovn/{name}.log")
    for which, database in (("nb", "OVN_Northbound"), ("sb", "OVN_Southbound")):
        node.log(f"ovn/ovsdb-server-{which}.log").add(
            now + 0.1, "raft", "INFO", f"local server ID is {stage.rafts[which].members[node.name][:4]}"
        )
        node.log(f"ovn/ovsdb-server-{which}.log").add(
            now + 0.2,
            "ovsdb_server",
            "INFO",
            f"ovsdb-server (Open vSwitch) {stage.versions.ovs}: serving {database}",
        )
    node.log("ovn/ovn-northd.log").add(
        now + 0.1,
        "ovn_northd",
        "INFO",
        "ovn-northd lock acquired. This ovn-northd instance is now active."
        if stage.northd_leader == node.name
        else "ovn-northd lock lost. This ovn-northd instance is now on standby.",
    )


def stop_central(node: Node) -> None:
    """ovn-central ended."""
    for name in CENTRAL:
        node.processes.pop(name, None)


def sb_remote(stage: Stage) -> str:
    """The southbound server that ovn-controllers talk to, as logs write it."""
    leader = stage.rafts["sb"].leader
    return f"tcp:[{stage.nodes[leader].ip}]:6642"
