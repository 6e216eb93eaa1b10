"""Time as the walk needs it, and the stopping of waits."""

from __future__ import annotations

import threading
import time
from typing import Literal, Protocol


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


Holds = Literal["never", "first", "every"]
"""Where a step holds by itself: nowhere, after its first target was looked at, or after every batch."""


class Control:
    """What an operator holds in hand while a step runs: hold it between two writes, let it go on, or end it."""

    def __init__(self, holds: Holds = "never") -> None:
        self._stop = threading.Event()
        self._held = threading.Event()
        self._holds = holds
        self._looked = 0

    def hold(self) -> None:
        """Nothing more is sent until `go_on`; what is under way comes to its end."""
        self._held.set()

    def go_on(self) -> None:
        """Lets a held step go on."""
        self._held.clear()

    def looked(self) -> None:
        """Targets were worked on and looked at: held before the next ones where that was asked for."""
        self._looked += 1
        if self._holds == "every" or (self._holds == "first" and self._looked == 1):
            self._held.set()

    def set(self) -> None:
        """Ends the step before its next write, held or not."""
        self._stop.set()

    @property
    def held(self) -> bool:
        """Whether it is held."""
        return self._held.is_set()

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._stop.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits at most so long for the end."""
        return self._stop.wait(timeout)


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


def held(stop: Stop | None) -> bool:
    """Whether the operator holds the step, and has not ended it."""
    return isinstance(stop, Control) and stop.held and not stop.is_set()


def stopping(stop: Stop | None) -> bool:
    """Whether the operator asked to stop."""
    return stop is not None and stop.is_set()
