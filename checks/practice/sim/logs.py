"""Log files of the staged nodes: what has happened, in cluster time, with lines that recur while their reason lasts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from checks.practice.sim.clock import SimClock, rfc3339, stamp

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when (cluster seconds), where from, what; `number` counts the lines of the process."""

    at: float
    number: int
    module: str
    level: str
    text: str


Line = tuple[float, str, str, str]
"""Offset in seconds, module, level, text."""


def parse_line(text: str) -> Line:
    """``+1.5 module|LEVEL|text`` as written in scenarios; the offset may be missing."""
    offset = 0.0
    if text.startswith("+"):
        word, _, text = text.partition(" ")
        offset = float(word[1:])
    module, level, message = text.split("|", 2)
    return offset, module, level, message


@dataclass(slots=True)
class Recurring:
    """Lines that come every so many cluster seconds while `alive` says so."""

    every: float
    lines: Callable[[int], Sequence[Line]]
    """From the number of the occurrence to its lines."""
    alive: Callable[[], bool]
    next: float = 0.0
    count: int = 0


@dataclass(slots=True)
class LogFile:
    """One log; kept in order of time."""

    clock: SimClock
    style: str = "ovs"
    """ovs (``time|seq|module|LEVEL|text``), klog (``E1121 09:08:36.048123       1 pod.go:42] text``) or plain."""
    entries: list[Entry] = field(default_factory=list)
    recurring: list[Recurring] = field(default_factory=list)
    number: int = 0

    def add(self, at: float, module: str, level: str, text: str) -> None:
        """Writes a line at a cluster second."""
        self.number += 1
        entry = Entry(at, self.number, module, level, text)
        if self.entries and self.entries[-1].at > at:
            self.entries.insert(bisect_left(self.entries, at, key=attrgetter("at")), entry)
        else:
            self.entries.append(entry)
        if len(self.entries) > KEPT:
            del self.entries[: KEPT // 4]

    def repeat(
        self,
        every: float,
        lines: Callable[[int], Sequence[Line]],
        alive: Callable[[], bool],
        *,
        history: float = 0.0,
    ) -> None:
        """Writes lines every so often, from `history` seconds before the start on."""
        self.recurring.append(Recurring(every, lines, alive, next=self.clock.now() - history))
        self.advance()

    def advance(self) -> None:
        """Writes what has become due."""
        now = self.clock.now()
        due: list[tuple[float, Line]] = []
        for source in self.recurring:
            if source.next > now:
                continue
            if not source.alive():
                source.next = now + source.every
                continue
            while source.next <= now:
                due += [(source.next + line[0], line) for line in source.lines(source.count)]
                source.count += 1
                source.next += source.every
        for at, (_, module, level, text) in sorted(due, key=lambda pair: pair[0]):
            self.add(at, module, level, text)

    def lines(self, *, tail: int | None = None, since: float | None = None) -> list[str]:
        """The lines up to now, rendered; `since` in cluster seconds before now."""
        self.advance()
        now = self.clock.now()
        entries = [e for e in self.entries if e.at <= now and (since is None or e.at >= now - since)]
        if tail is not None:
            entries = entries[-tail:] if tail else []
        show = {"ovs": self._ovs, "klog": self._klog, "plain": self._plain}[self.style]
        return [show(entry) for entry in entries]

    def text(self) -> str:
        """The whole file."""
        return "".join(f"{line}\n" for line in self.lines())

    def stamped(self, *, tail: int | None, since: float | None, timestamps: bool) -> str:
        """As the kubelet gives a container's log."""
        self.advance()
        now = self.clock.now()
        lines = self.lines(tail=tail, since=since)
        if timestamps:
            entries = [e for e in self.entries if e.at <= now][-len(lines) :] if lines else []
            lines = [
                f"{rfc3339(self.clock.wall(e.at))} {line}" for e, line in zip(entries, lines, strict=True)
            ]
        return "".join(f"{line}\n" for line in lines)

    def _ovs(self, entry: Entry) -> str:
        return (
            f"{stamp(self.clock.wall(entry.at))}|{entry.number:05d}|{entry.module}|{entry.level}|{entry.text}"
        )

    def _plain(self, entry: Entry) -> str:
        return entry.text

    def _klog(self, entry: Entry) -> str:
        at = stamp(self.clock.wall(entry.at))
        letter = {"INFO": "I", "WARN": "W", "ERR": "E"}[entry.level]
        return f"{letter}{at[5:7]}{at[8:10]} {at[11:23]}000       1 {entry.module}] {entry.text}"
