"""The time of the staged cluster, which runs faster than the wall clock by a factor.

Log lines are placed by age: what happened ten minutes ago in the cluster's time is stamped ten minutes before now, so
that "in the last hour" means an hour of the cluster. The stamps of old lines therefore move as time runs.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

TICKS = 100
"""Clock ticks per second of /proc (USER_HZ)."""


class SimClock:
    """Cluster seconds since the stage was built; `pace` is real seconds per cluster second."""

    def __init__(self, pace: float = 0.05) -> None:
        if pace <= 0:
            raise ValueError("the pace must be greater than 0")
        self.pace = pace
        self._start = time.monotonic()

    def now(self) -> float:
        """Cluster seconds since the start."""
        return (time.monotonic() - self._start) / self.pace

    def wall(self, at: float) -> float:
        """The Unix time that an event at cluster second `at` is stamped with, seen from now."""
        return time.time() - (self.now() - at)


def stamp(unix: float | None = None) -> str:
    """A time as OVS logs write it: ``2026-11-21T09:08:36.048Z``; without an argument the present, in whole seconds."""
    if unix is None:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    moment = datetime.fromtimestamp(unix, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def rfc3339(unix: float) -> str:
    """A time as Kubernetes objects hold it."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Counter:
    """A number that grows at a rate per cluster second, and keeps what it had when the rate changes."""

    __slots__ = ("_base", "_since", "rate", "top")

    def __init__(
        self, base: float = 0.0, rate: float = 0.0, *, since: float = 0.0, top: float = float("inf")
    ) -> None:
        self._base, self._since, self.rate, self.top = base, since, rate, top

    def at(self, now: float) -> float:
        """The value at a cluster second."""
        return min(self.top, self._base + self.rate * max(0.0, now - self._since))

    def set_rate(self, rate: float, now: float) -> None:
        """Grows at another rate from now on."""
        if rate != self.rate:
            self._base, self._since, self.rate = self.at(now), now, rate

    def reset(self, value: float, now: float) -> None:
        """Starts again from a value."""
        self._base, self._since = value, now
