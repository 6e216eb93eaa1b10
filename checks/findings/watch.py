"""Runs on a schedule: start to start, never two at once, less often where the cluster takes long or does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from checks.errors import ClusterError

T = TypeVar("T")
SHARE = 0.5
"""Share of the time that a run may take: one that takes longer is begun less often."""
LONGEST = 15 * 60.0
"""Seconds between two starts that a silent cluster is left alone at most."""
USUAL = 60.0
"""Seconds between two starts where nothing is said."""
SETTABLE = (5.0, 86400.0)
"""Seconds between two starts that can be set for good, least and most."""
LEAST = 1.0
"""Seconds between two starts at least."""


@dataclass(frozen=True, slots=True)
class Round(Generic[T]):
    """One run of a watch."""

    number: int
    """From 1."""
    at: float
    """Unix time of its start."""
    took: float
    """Seconds."""
    value: T | None
    """What the run came to; None where the cluster did not answer."""
    error: ClusterError | None
    every: float
    """Seconds from this start to the next: the wanted interval, or more where the cluster is slow."""
    wanted: float

    @property
    def slowed(self) -> bool:
        """Whether the next run begins later than wanted."""
        return self.every > self.wanted


def rounds(
    run: Callable[[], T],
    every: float,
    stop: threading.Event,
    *,
    wait: Callable[[float], bool] | None = None,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> Iterator[Round[T]]:
    """Runs at once and then every so many seconds, until `stop` is set; a ClusterError is a round, not the end.

    `wait` sleeps so many seconds and says whether to stop (default: on `stop`).
    """
    wanted = max(LEAST, every)
    sleep = wait or stop.wait
    number, failures = 0, 0
    while not stop.is_set():
        number += 1
        began, at = clock(), now()
        value: T | None = None
        error: ClusterError | None = None
        try:
            value = run()
        except ClusterError as failed:
            error = failed
        if stop.is_set():
            return
        took = clock() - began
        failures = failures + 1 if error else 0
        pause = interval(wanted, took, failures)
        yield Round(number, at, took, value, error, pause, wanted)
        if sleep(max(0.0, pause - (clock() - began))):
            return


def interval(wanted: float, took: float, failures: int) -> float:
    """Seconds from one start to the next: doubled with every failure in a row, and never more than half full."""
    most = max(LONGEST, wanted)
    patient = min(wanted * 2 ** min(failures, 20), most) if failures else wanted
    return max(patient, min(took / SHARE, most), took)
