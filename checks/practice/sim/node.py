"""One staged node: its OVS database, its daemons, its kernel's counters and its log files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from checks.practice.sim.clock import TICKS, Counter, SimClock
from checks.practice.sim.logs import LogFile
from checks.practice.sim.processes import Process
from checks.practice.sim.tables import Database

BOOT = 18 * 86_400.0
"""Seconds the nodes had been up when the stage was built."""
CPU_FIELDS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
CALM = {"user": 6.0, "nice": 0.0, "system": 3.0, "iowait": 0.3, "irq": 0.0, "softirq": 0.4, "steal": 0.1}
"""Percent of the node's CPU time when nothing is wrong."""


@dataclass(slots=True)
class Node:
    """A node; `flows` and memory are computed by `checks.practice.sim.flows`."""

    name: str
    ip: str
    chassis: str
    clock: SimClock
    ovs: Database
    cpus: int = 8
    clocksource: str = "kvm-clock"
    kernel: str = "5.15.0-113-generic"
    cgroup: int = 2
    dispatch: str = "per-cpu"
    """per-cpu, per-vport, or empty where OVS has no such command."""
    base_flows: int = 2600
    central: bool = False
    mtu: int = 1500
    """Of its network card; tunnels take 100 bytes of it."""
    processes: dict[str, Process] = field(default_factory=dict)
    logs: dict[str, LogFile] = field(default_factory=dict)
    """By path below /var/log: ``ovn/ovn-controller.log``."""
    cpu: dict[str, Counter] = field(default_factory=dict)
    periods: Counter = field(default_factory=Counter)
    throttled: Counter = field(default_factory=Counter)
    leaked: Counter = field(default_factory=Counter)
    """Netlink sockets of ovs-vswitchd that nobody will close."""
    peak_flows: int = 0
    """The most flows since ovs-vswitchd started: freed memory is not given back to the kernel."""
    stalled: bool = False
    """ovn-controller does not get to its work: no new ports are claimed."""
    programmed: bool = True
    """Flows are installed in br-int."""

    def start_counters(self) -> None:
        """Sets the kernel's counters as after a long calm time."""
        total = self.cpus * TICKS * BOOT
        shares = {**CALM, "idle": 100.0 - sum(CALM.values())}
        self.cpu = {name: Counter(total * shares[name] / 100) for name in CPU_FIELDS}
        self.use_cpu(CALM)
        self.periods = Counter(BOOT * 10, 10.0)
        self.throttled = Counter(1200.0, 0.05)

    def use_cpu(self, shares: dict[str, float]) -> None:
        """Spends the node's CPU time in these percentages from now on; the rest is idle."""
        now = self.clock.now()
        full = {**CALM, **shares}
        full["idle"] = max(0.0, 100.0 - sum(v for k, v in full.items() if k != "idle"))
        for name in CPU_FIELDS:
            self.cpu[name].set_rate(self.cpus * TICKS * full[name] / 100, now)

    def log(self, path: str) -> LogFile:
        """A log file, made on first use."""
        if path not in self.logs:
            self.logs[path] = LogFile(self.clock, "klog" if path.startswith("kube-ovn/") else "ovs")
        return self.logs[path]

    def ports(self, bridge: str = "br-int") -> list[str]:
        """Names of the bridge's ports, its own left out."""
        for uuid in self.ovs["Bridge"].where(name=bridge):
            table = self.ovs["Port"]
            return [
                str(table.value(u, "name"))
                for u in self.ovs["Bridge"].value(uuid, "ports")
                if u in table.rows
            ]
        return []

    def sockets(self) -> int:
        """Generic netlink sockets of ovs-vswitchd: with per-vport dispatch one a port, with per-CPU one a handler."""
        kernel_ports = len(self.ports()) + 2
        return (
            (kernel_ports if self.dispatch == "per-vport" else self.cpus)
            + 6
            + int(self.leaked.at(self.clock.now()))
        )

    def fds(self, process: Process) -> int:
        """Open descriptors of a process."""
        if process.name != "ovs-vswitchd":
            return process.fds
        return min(process.limit, process.fds + self.sockets())

    def interfaces(self) -> Iterable[str]:
        """UUIDs of the OVS interfaces."""
        return tuple(self.ovs["Interface"].rows)
