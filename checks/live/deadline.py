"""Deadlines that hold whatever blocks beneath: name resolution, a credential plugin, a body that trickles."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_GRACE = 0.2
"""Seconds that a call may take past its deadline to report the end itself, before it is abandoned."""


class Deadline:
    """A moment on the monotonic clock, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() >= self._end


class Overdue(Exception):
    """A bounded call did not come back; what it does goes on in its daemon thread and is ignored."""


class _Call(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._done = threading.Event()
        self._value: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:  # handed to the waiting thread
            self._error = error
        finally:
            self._done.set()

    def result(self, timeout: float) -> T:
        if not self._done.wait(timeout):
            raise Overdue
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


def bounded(work: Callable[[], T], deadline: Deadline) -> T:
    """Runs `work` in a daemon thread and returns what it returns or raises; Overdue a moment after the deadline."""
    call = _Call(work)
    threading.Thread(target=call.run, name="cluster-call", daemon=True).start()
    return call.result(deadline.left + _GRACE)
