"""Calls that may hang, on daemon threads: bounded per kind, fair among keys, each given up after its deadline.

A call that outlives its deadline keeps its thread (nothing can stop it) but loses its place: its answer is Timeout,
another call starts, and what it returns later is dropped. Closing forgets what waits and lets go of what runs.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.errors import Timeout

GRACE = 2.0
"""Seconds a call may take beyond its own deadline before it is given up."""

Done = Callable[[Any, BaseException | None], None]


@dataclass(slots=True, eq=False)
class Job:
    """One call: `key` says what it burdens (a node); `done` gets its result or its error, exactly once."""

    kind: str
    key: str
    timeout: float
    work: Callable[[], Any]
    done: Done
    over: bool = False


def _tell(job: Job, result: Any, error: BaseException | None) -> None:
    """Hand over the outcome; a receiver that breaks must not stop the jobs that wait."""
    try:
        job.done(result, error)
    except Exception:
        logging.getLogger(__name__).exception("the receiver of a %s call broke", job.kind)


class Pool:
    """Runs jobs on at most `limits[kind]` threads per kind, at most `per_key` of them for one key."""

    def __init__(self, limits: Mapping[str, int], *, per_key: int = 3):
        self._limits = dict(limits)
        self._per_key = per_key
        self._lock = threading.Condition()
        self._waiting: dict[str, deque[Job]] = {kind: deque() for kind in limits}
        self._running: Counter[str] = Counter()
        self._by_key: Counter[tuple[str, str]] = Counter()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._clock: threading.Thread | None = None
        self._closed = False

    def submit(self, job: Job) -> None:
        """Run the job as soon as there is room; nothing happens after `close`."""
        with self._lock:
            if self._closed:
                return
            self._waiting[job.kind].append(job)
            ready = self._next(job.kind)
        if ready:
            self._start(ready)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` after so many seconds, holding no place meanwhile."""
        with self._lock:
            if self._closed:
                return
            timer = (time.monotonic() + seconds, next(self._order), action)
            heapq.heappush(self._timers, timer)
            if self._clock is None:
                self._clock = threading.Thread(target=self._tick, name="klinik-clock", daemon=True)
                self._clock.start()
            elif self._timers[0] is timer:
                self._lock.notify_all()  # it comes before what the clock is waiting for

    def close(self) -> None:
        """Forget what waits; what runs is abandoned."""
        with self._lock:
            self._closed = True
            for queue in self._waiting.values():
                queue.clear()
            self._timers.clear()
            self._lock.notify_all()

    def _next(self, kind: str) -> Job | None:
        """Take the first waiting job that has room, and count it as running; the lock is held."""
        if self._closed or self._running[kind] >= self._limits[kind]:
            return None
        queue = self._waiting[kind]
        for position, job in enumerate(queue):
            if not job.key or self._by_key[kind, job.key] < self._per_key:
                del queue[position]
                self._running[kind] += 1
                self._by_key[kind, job.key] += 1
                return job
        return None

    def _start(self, job: Job) -> None:
        threading.Thread(target=self._work, args=(job,), name=f"klinik-{job.kind}", daemon=True).start()

    def _work(self, first: Job) -> None:
        job: Job | None = first
        while job is not None:
            current = job
            self.later(current.timeout + GRACE, lambda late=current: self._give_up(late))  # type: ignore[misc]
            try:
                result, error = current.work(), None
            except BaseException as caught:
                result, error = None, caught
            if not self._finish(current):
                return  # given up meanwhile: its place is taken
            _tell(current, result, error)
            with self._lock:
                job = self._next(current.kind)

    def _finish(self, job: Job) -> bool:
        """Free the job's place; False where that has happened already."""
        with self._lock:
            if job.over:
                return False
            job.over = True
            self._running[job.kind] -= 1
            self._by_key[job.kind, job.key] -= 1
            return not self._closed

    def _give_up(self, job: Job) -> None:
        if not self._finish(job):
            return
        _tell(job, None, Timeout(f"no answer within {job.timeout:g} s"))
        with self._lock:
            ready = self._next(job.kind)
        if ready:
            self._start(ready)

    def _tick(self) -> None:
        while True:
            with self._lock:
                if self._closed:
                    return
                now = time.monotonic()
                if not self._timers or self._timers[0][0] > now:
                    self._lock.wait(self._timers[0][0] - now if self._timers else None)
                    continue
                action = heapq.heappop(self._timers)[2]
            action()
