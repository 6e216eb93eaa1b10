"""What OVS and OVN write into their logs: windows of time, restarts, and the lines the checks count.

Entries are ``{at, module, level, text}`` with `at` in Unix seconds (UTC, as the daemons write it). Texts were compared
with OVS 3.1 and OVN 23.03; the older forms quoted in kube-ovn issues 3196 and 3530 are the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Entry = Mapping[str, Any]

_PORT = re.compile(r"^bridge (?P<bridge>\S+): (?P<what>added|deleted) interface (?P<name>\S+) on port \d+")
_PROBE = re.compile(r"^(?P<peer>\S+): no response to inactivity probe after [\d.]+ seconds")
_POLL = re.compile(
    r"^Unreasonably long (?P<ms>\d+)ms poll interval \((?P<user>\d+)ms user, (?P<system>\d+)ms system\)"
)
_SWITCHES = re.compile(r"^context switches: (?P<voluntary>\d+) voluntary, (?P<involuntary>\d+) involuntary")
_PEER = re.compile(r"^(?:tcp|ssl):\[?(?P<host>[0-9A-Fa-f.:]+?)\]?:\d+$")


@dataclass(frozen=True, slots=True)
class Poll:
    """One long poll interval in milliseconds, with the context switches of the line after it."""

    at: float
    ms: int
    cpu: int
    involuntary: int

    @property
    def share(self) -> float:
        """The part of the interval in which the process really had a CPU."""
        return min(1.0, self.cpu / self.ms) if self.ms else 1.0


def since_start(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries since the daemon last opened its log: an earlier process's troubles are not this one's."""
    for index in range(len(entries) - 1, -1, -1):
        if str(entries[index]["text"]).startswith("opened log file"):
            return entries[index:]
    return entries


def recent(entries: Sequence[Entry], now: float, window: float) -> list[Entry]:
    """The entries of the last `window` seconds, restarts of the daemon or not."""
    return [entry for entry in entries if float(entry["at"]) >= now - window]


def added_ports(entries: Iterable[Entry]) -> Counter[str]:
    """How often each interface was added to a bridge."""
    found: Counter[str] = Counter()
    for entry in entries:
        match = _PORT.match(str(entry["text"]))
        if match and match["what"] == "added":
            found[match["name"]] += 1
    return found


def probe_peers(entries: Iterable[Entry]) -> list[str]:
    """The peer of every inactivity disconnect: ``tcp:10.0.0.1:6642`` or ``unix:…/br-int.mgmt``."""
    matches = (_PROBE.match(str(entry["text"])) for entry in entries)
    return [match["peer"] for match in matches if match]


def host_of(peer: str) -> str:
    """The address of a peer, empty for a local socket."""
    match = _PEER.match(peer)
    return match["host"] if match else ""


def polls(entries: Sequence[Entry]) -> list[Poll]:
    """Every long poll interval, joined with the context switches that the daemon logs right after it."""
    found = []
    for index, entry in enumerate(entries):
        match = _POLL.match(str(entry["text"]))
        if not match:
            continue
        involuntary = 0
        for after in entries[index + 1 : index + 4]:
            switches = _SWITCHES.match(str(after["text"]))
            if switches:
                involuntary = int(switches["involuntary"])
                break
        cpu = int(match["user"]) + int(match["system"])
        found.append(Poll(float(entry["at"]), int(match["ms"]), cpu, involuntary))
    return found
