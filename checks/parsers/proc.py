"""Files of /proc as mappings (proc(5))."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checks.parsers.base import Unparsable, excerpt, integer, number, wrong_columns
from kb.messages import message

_STAT = {
    "ppid": 4,
    "minflt": 10,
    "majflt": 12,
    "utime": 14,
    "stime": 15,
    "priority": 18,
    "nice": 19,
    "num_threads": 20,
    "starttime": 22,
    "vsize": 23,
    "rss": 24,
}
"""Fields of /proc/PID/stat by their number there; times in clock ticks, vsize in bytes, rss in pages."""
_CPU = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")


def pid_stats(text: str) -> Any:
    """/proc/PID/stat: a mapping for one line, a list of them for several; the command name may hold spaces."""
    found = [_pid_stat(line) for line in text.splitlines() if line.strip()]
    if not found:
        raise Unparsable(message("parse.not-file", file="/proc/PID/stat", text=excerpt("")))
    return found[0] if len(found) == 1 else found


def _pid_stat(line: str) -> dict[str, Any]:
    head, closed, tail = line.rpartition(")")
    pid, opened, comm = head.partition(" (")
    fields = tail.split()
    if not (closed and opened and len(fields) >= 22):
        raise Unparsable(message("parse.not-file", file="/proc/PID/stat", text=excerpt(line)))
    stat: dict[str, Any] = {"pid": integer(pid, "pid"), "comm": comm, "state": fields[0]}
    stat.update({name: integer(fields[position - 3], name) for name, position in _STAT.items()})
    return stat


def cpu_stat(text: str) -> dict[str, int]:
    """The ``cpu`` line of /proc/stat in clock ticks, with their `total`; guest time is part of user already."""
    for line in text.splitlines():
        name, *cells = line.split() or [""]
        if name != "cpu":
            continue
        if len(cells) < 8:
            raise Unparsable(message("parse.no-steal", count=len(cells), text=excerpt(line)))
        found = {key: integer(cell, key) for key, cell in zip(_CPU, cells, strict=False)}
        found["total"] = sum(found[key] for key in _CPU[:8])
        return found
    raise Unparsable(message("parse.no-cpu-line", text=excerpt(text)))


def netlink_rows(text: str) -> list[dict[str, Any]]:
    """/proc/net/netlink: one mapping per socket, keys of the header in lower case (`eth` is the protocol)."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not lines or lines[0][:3] != ["sk", "Eth", "Pid"]:
        raise Unparsable(message("parse.not-file", file="/proc/net/netlink", text=excerpt(text)))
    header = [name.lower() for name in lines[0]]
    kinds = [(name, _KINDS.get(name, number)) for name in header]
    rows = []
    for cells in lines[1:]:
        if len(cells) != len(header):
            raise wrong_columns(" ".join(cells), len(cells), len(header))
        rows.append({name: kind(cell) for (name, kind), cell in zip(kinds, cells, strict=True)})
    return rows


def _protocol(cell: str) -> int:
    return integer(cell, "Eth")


_KINDS: dict[str, Callable[[str], Any]] = {"eth": _protocol, "sk": str, "groups": str}
"""Columns of /proc/net/netlink that are not numbers, or have to be one."""
