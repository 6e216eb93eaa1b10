"""Time as the walk needs it, and the stopping of waits."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Stop(Protocol):
    """Something that says that the operator wants to stop; `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Waits at most so long for it."""
        ...


class Clock(Protocol):
    """Wall time for records, monotonic time for waiting."""

    def now(self) -> float:
        """Unix time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, whatever happens to the wall clock."""
        ...

    def sleep(self, seconds: float, stop: Stop | None = None) -> None:
        """Waits, less long when `stop` is set meanwhile."""
        ...


class RealClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Unix time."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float, stop: Stop | None = None) -> None:
        """Waits, less long when `stop` is set meanwhile."""
        if seconds > 0:
            (stop or threading.Event()).wait(seconds)


def stopping(stop: Stop | None) -> bool:
    """Whether the operator asked to stop."""
    return stop is not None and stop.is_set()
