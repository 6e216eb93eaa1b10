"""A blocking call in a thread whose output is read as it comes, so that a generator can go on yielding."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
TICK = 0.2
"""Seconds between looks when the call says nothing."""


class Running(Generic[T]):
    """One call under way; it is never abandoned: `result` waits for it whatever happened to the reader."""

    def __init__(self, call: Callable[[Callable[[str], None]], T]):
        self._pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._value: T | None = None
        self._error: BaseException | None = None
        self._call = call
        self._thread = threading.Thread(target=self._run, name="klinik-write")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._call(self._pieces.put)
        except BaseException as error:  # carried to the reader, who raises it
            self._error = error
        finally:
            self._pieces.put(None)

    def output(self) -> Iterator[str]:
        """The pieces of output until the call ends; an empty piece when nothing came for a while."""
        while True:
            try:
                piece = self._pieces.get(timeout=TICK)
            except queue.Empty:
                yield ""
                continue
            if piece is None:
                return
            yield piece

    def result(self) -> T:
        """What the call returned, or its exception; waits for it."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]
