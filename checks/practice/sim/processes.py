"""The processes of a node as /proc shows them: CPU ticks, memory, descriptors, context switches."""

from __future__ import annotations

from dataclasses import dataclass, field

from checks.practice.sim.clock import TICKS, Counter


@dataclass(slots=True)
class Process:
    """One daemon; counters are in ticks (CPU) or plain numbers and grow per cluster second."""

    name: str
    pid: int
    started: float
    threads: int = 1
    fds: int = 20
    limit: int = 65535
    rss_kb: int = 20_000
    user: Counter = field(default_factory=Counter)
    system: Counter = field(default_factory=Counter)
    voluntary: Counter = field(default_factory=Counter)
    involuntary: Counter = field(default_factory=Counter)
    vlog: dict[str, dict[str, str]] = field(default_factory=dict)
    """Log levels changed with vlog/set: module to destination to level."""

    def load(self, now: float, *, user: float, system: float, involuntary: float = 1.0) -> None:
        """Uses so many percent of a core in user and system mode from now on."""
        self.user.set_rate(user * TICKS / 100, now)
        self.system.set_rate(system * TICKS / 100, now)
        self.voluntary.set_rate(40.0, now)
        self.involuntary.set_rate(involuntary, now)

    def stat(self, now: float, boot: float) -> str:
        """``/proc/PID/stat``; `boot` is how long the node was up at cluster second 0."""
        start = int((boot + self.started) * TICKS)
        cpu = f"{int(self.user.at(now))} {int(self.system.at(now))} 0 0"
        memory = f"{(self.rss_kb + 90_000) * 1024} {self.rss_kb // 4}"
        head = (
            f"{self.pid} ({self.name}) S 1 {self.pid} {self.pid} 0 -1 4194560 {self.rss_kb // 4} 0 2 0 {cpu}"
        )
        zeros = " ".join(["0"] * 11)
        return (
            f"{head} 10 -10 {self.threads} 0 {start} {memory} 18446744073709551615 "
            f"1 1 {zeros} 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
        )

    def status(self, now: float, rss_kb: int, fds: int, uid: int) -> str:
        """``/proc/PID/status``, the fields that diagnosis looks at."""
        size = 64
        while size < fds:
            size *= 2
        ids = "\t".join([str(uid)] * 4)
        return (
            f"Name:\t{self.name[:15]}\nUmask:\t0022\nState:\tS (sleeping)\n"
            f"Tgid:\t{self.pid}\nNgid:\t0\nPid:\t{self.pid}\n"
            f"PPid:\t1\nTracerPid:\t0\nUid:\t{ids}\nGid:\t{ids}\nFDSize:\t{size}\nVmPeak:\t{rss_kb + 95_000:8d} kB\n"
            f"VmSize:\t{rss_kb + 90_000:8d} kB\nVmHWM:\t{rss_kb:8d} kB\nVmRSS:\t{rss_kb:8d} kB\nVmSwap:\t       0 kB\n"
            f"Threads:\t{self.threads}\nvoluntary_ctxt_switches:\t{int(self.voluntary.at(now))}\n"
            f"nonvoluntary_ctxt_switches:\t{int(self.involuntary.at(now))}\n"
        )

    def limits(self) -> str:
        """``/proc/PID/limits``."""
        rows = (
            ("Max cpu time", "unlimited", "unlimited", "seconds"),
            ("Max stack size", "8388608", "unlimited", "bytes"),
            ("Max core file size", "0", "unlimited", "bytes"),
            ("Max processes", "127825", "127825", "processes"),
            ("Max open files", str(self.limit), str(self.limit), "files"),
            ("Max locked memory", "unlimited", "unlimited", "bytes"),
        )
        head = f"{'Limit':<26}{'Soft Limit':<21}{'Hard Limit':<21}{'Units':<10}\n"
        return head + "".join(f"{a:<26}{b:<21}{c:<21}{d:<10}\n" for a, b, c, d in rows)
