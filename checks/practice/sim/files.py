"""The files of a node that diagnosis reads, made up at the moment they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checks.practice.sim import flows, hostnet
from checks.practice.sim.clock import TICKS
from checks.practice.sim.node import BOOT, CPU_FIELDS, Node
from checks.practice.sim.processes import Process
from checks.practice.sim.stage import Stage

CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0"
PIDFILES = {
    "/run/ovn/ovn-controller.pid": "ovn-controller",
    "/run/openvswitch/ovs-vswitchd.pid": "ovs-vswitchd",
    "/run/openvswitch/ovsdb-server.pid": "ovsdb-server",
    "/run/ovn/ovnnb_db.pid": "ovsdb-server-nb",
    "/run/ovn/ovnsb_db.pid": "ovsdb-server-sb",
    "/run/ovn/ovn-northd.pid": "ovn-northd",
}


class Denied(Exception):
    """Permission denied."""


@dataclass(frozen=True, slots=True)
class Files:
    """The file system as one container sees it."""

    stage: Stage
    node: Node
    hostname: str
    root: bool = True
    """Whether commands run as root; ovs-ovn of 1.13 and later runs as nobody."""
    host_pid: bool = True
    etc_ovn: bool = True

    def read(self, path: str) -> str | None:
        """A file's text, None where there is none; Denied."""
        path = _normal(path)
        maker = self._fixed().get(path)
        if maker is not None:
            return maker()
        if path.startswith("/proc/") and self.host_pid:
            return self._proc(path)
        if path.startswith("/var/log/"):
            log = self.node.logs.get(path.removeprefix("/var/log/"))
            return log.text() if log is not None else None
        return None

    def folder(self, path: str) -> list[str] | None:
        """Names in a folder, None where there is none; Denied."""
        path = _normal(path).rstrip("/")
        process = self._process(path) if path.endswith("/fd") else None
        if process is not None:
            if not self.root:
                raise Denied
            return [str(number) for number in range(self.node.fds(process))]
        if path == "/etc/ovn":
            return sorted(self._databases()) if self._databases() else None
        names = {p[len(path) + 1 :].split("/")[0] for p in self._paths() if p.startswith(path + "/")}
        return sorted(names) or None

    def links(self, path: str) -> list[str] | None:
        """Where the descriptors of ``/proc/PID/fd`` point to, in the order of `folder`."""
        process = self._process(_normal(path).rstrip("/"))
        if process is None:
            return None
        if not self.root:
            raise Denied
        count = self.node.fds(process)
        fixed = [
            "/dev/null",
            "/dev/null",
            "/dev/null",
            f"/var/log/openvswitch/{process.name}.log",
            "/run/openvswitch/db.sock",
            "anon_inode:[eventpoll]",
        ]
        sockets = [
            f"socket:[{410_000 + process.pid * 7 + number}]" for number in range(max(0, count - len(fixed)))
        ]
        return (fixed + sockets)[:count]

    def size(self, path: str) -> int | None:
        """A file's size in bytes."""
        if _normal(path).startswith("/etc/ovn/"):
            return self._databases().get(_normal(path).removeprefix("/etc/ovn/"))
        text = self.read(path)
        return (
            None
            if text is None
            else (0 if _normal(path).startswith(("/proc/", "/sys/")) else len(text.encode()))
        )

    # --- inside

    def _databases(self) -> dict[str, int]:
        if not (self.etc_ovn and self.node.central):
            return {}
        sizes = {}
        for which, db in (("nb", self.stage.nb), ("sb", self.stage.sb)):
            sizes[f"ovn{which}_db.db"] = 260_000 + 190 * sum(len(table.rows) for table in db.tables.values())
        return sizes

    def _paths(self) -> list[str]:
        found = [*self._fixed(), *(f"/var/log/{name}" for name in self.node.logs)]
        if self.host_pid:
            parts = ("stat", "status", "limits", "fd/0", "comm", "cmdline")
            found += [f"/proc/{p.pid}/{part}" for p in self.node.processes.values() for part in parts]
        return found

    def _fixed(self) -> dict[str, Callable[[], str]]:
        node = self.node
        made: dict[str, Callable[[], str]] = {
            "/proc/stat": self._proc_stat,
            "/proc/net/netlink": self._netlink,
            "/proc/uptime": lambda: (
                f"{BOOT + node.clock.now():.2f} {(BOOT + node.clock.now()) * node.cpus * 0.9:.2f}\n"
            ),
            "/proc/loadavg": lambda: f"{_load(node):.2f} {_load(node):.2f} {_load(node):.2f} 2/1893 41235\n",
            "/proc/cpuinfo": lambda: "".join(
                f"processor\t: {n}\nmodel name\t: QEMU Virtual CPU\nflags\t\t: hypervisor\n\n"
                for n in range(node.cpus)
            ),
            f"{CLOCKSOURCE}/current_clocksource": lambda: f"{node.clocksource}\n",
            f"{CLOCKSOURCE}/available_clocksource": lambda: (
                " ".join(dict.fromkeys((node.clocksource, "hpet", "acpi_pm"))) + " \n"
            ),
            "/etc/hostname": lambda: f"{self.hostname}\n",
            "/proc/sys/kernel/osrelease": lambda: f"{node.kernel}\n",
        }
        made |= hostnet.proc(node)
        if node.cgroup == 2:
            made["/sys/fs/cgroup/cpu.stat"] = self._cpu_stat
        else:
            made["/sys/fs/cgroup/cpu,cpuacct/cpu.stat"] = self._cpu_stat
        for path, name in PIDFILES.items():
            if name in node.processes:
                made[path] = lambda name=name: f"{node.processes[name].pid}\n"  # type: ignore[misc]
        return made

    def _process(self, path: str) -> Process | None:
        pid = path.split("/")[2] if path.startswith("/proc/") and path.count("/") >= 2 else ""
        return (
            next((p for p in self.node.processes.values() if str(p.pid) == pid), None)
            if self.host_pid
            else None
        )

    def _proc(self, path: str) -> str | None:
        process = self._process(path)
        if process is None:
            return None
        now = self.node.clock.now()
        part = path.split("/", 3)[3] if path.count("/") >= 3 else ""
        uid = 0 if self.root else 65534
        makers: dict[str, Callable[[], str]] = {
            "stat": lambda: process.stat(now, BOOT),
            "status": lambda: process.status(now, self._rss(process), self.node.fds(process), uid),
            "limits": process.limits,
            "comm": lambda: f"{process.name}\n",
            "cmdline": lambda: f"{process.name}\0--pidfile\0--detach\0",
        }
        return makers[part]() if part in makers else None

    def _rss(self, process: Process) -> int:
        flows.total(self.node, self.stage.sb, self.stage.versions.ovn)
        if process.name in ("ovs-vswitchd", "ovn-controller"):
            return flows.rss_kb(self.node, process.name)
        return process.rss_kb

    def _proc_stat(self) -> str:
        now = self.node.clock.now()
        values = [int(self.node.cpu[name].at(now)) for name in CPU_FIELDS]
        whole = " ".join(map(str, [*values, 0, 0]))
        each = " ".join(map(str, [*(v // self.node.cpus for v in values), 0, 0]))
        cores = "".join(f"cpu{number} {each}\n" for number in range(self.node.cpus))
        return (
            f"cpu  {whole}\n{cores}ctxt {int(now * 21_000) + 9_000_000_000}\n"
            f"btime {int(self.node.clock.wall(0) - BOOT)}\nprocesses {41_235_000 + int(now)}\n"
            "procs_running 2\nprocs_blocked 0\n"
        )

    def _netlink(self) -> str:
        lines = ["sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode"]
        vswitchd = self.node.processes.get("ovs-vswitchd")
        sockets = self.node.sockets() if vswitchd else 0
        rows = [(0, 1000 + n) for n in range(24)] + [(9, 900), (15, 1), (12, 1)]
        rows += [(16, 2_147_483_648 + n if n else (vswitchd.pid if vswitchd else 0)) for n in range(sockets)]
        for at, (family, pid) in enumerate(rows):
            lines.append(
                f"{0x3F9A0000 + at * 2048:016x} {family:<3} {pid:<10} 00000000 0 "
                f"       0        0     2        0        {410_000 + at:<8}  "
            )
        return "\n".join(lines) + "\n"

    def _cpu_stat(self) -> str:
        now = self.node.clock.now()
        used = sum(
            c.at(now)
            for name in ("ovs-vswitchd", "ovn-controller")
            if (p := self.node.processes.get(name))
            for c in (p.user, p.system)
        )
        periods, throttled = int(self.node.periods.at(now)), int(self.node.throttled.at(now))
        if self.node.cgroup == 1:
            return (
                f"nr_periods {periods}\nnr_throttled {throttled}\nthrottled_time {throttled * 41_000_000}\n"
            )
        micros = int(used * 1_000_000 / TICKS)
        return (
            f"usage_usec {micros}\nuser_usec {micros * 7 // 10}\nsystem_usec "
            f"{micros * 3 // 10}\nnr_periods {periods}\nnr_throttled {throttled}\n"
            f"throttled_usec {throttled * 41_000}\n"
        )


def _load(node: Node) -> float:
    return node.cpus * (100 - node.cpu["idle"].rate / (node.cpus * TICKS) * 100) / 100 + 0.2


def _normal(path: str) -> str:
    """``/var/run`` is ``/run``."""
    return path.replace("/var/run/", "/run/", 1) if path.startswith("/var/run/") else path
