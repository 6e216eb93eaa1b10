"""Calls that may hang, on daemon threads: bounded per kind, fair among reads and nodes, given up after their deadline.

Every read has a lane of its own, and lanes take turns: a thousand commands of one check do not keep another waiting.

A call that outlives its deadline keeps its thread (nothing can stop it) but loses its place: its answer is Timeout,
another call starts, and what it returns later is dropped. Closing forgets what waits and lets go of what runs.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.errors import Timeout
from kb.messages import message

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
    lane: str = ""
    """Whose call it is; calls of different lanes take turns."""
    over: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """How far the calls of one kind are."""

    asked: int
    over: int
    since: float
    """When the first one was asked, on the monotonic clock."""


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
        self._waiting: dict[str, OrderedDict[str, deque[Job]]] = {kind: OrderedDict() for kind in limits}
        self._running: Counter[str] = Counter()
        self._begun: set[Job] = set()
        self._asked: Counter[str] = Counter()
        self._over: Counter[str] = Counter()
        self._since: dict[str, float] = {}
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
            self._waiting[job.kind].setdefault(job.lane, deque()).append(job)
            self._asked[job.kind] += 1
            self._since.setdefault(job.kind, time.monotonic())
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

    def loads(self) -> dict[str, Load]:
        """How far the calls of every kind are that had any."""
        with self._lock:
            return {k: Load(self._asked[k], self._over[k], since) for k, since in self._since.items()}

    def fail(self, error: BaseException) -> None:
        """Nothing waits or runs any longer: this error is the outcome of all of it."""
        with self._lock:
            waiting = [job for lanes in self._waiting.values() for lane in lanes.values() for job in lane]
            for lanes in self._waiting.values():
                lanes.clear()
            for job in waiting:
                job.over = True
                self._over[job.kind] += 1
            running = list(self._begun)
        for job in [*(one for one in running if self._finish(one)), *waiting]:
            _tell(job, None, error)

    def close(self) -> None:
        """Forget what waits; what runs is abandoned."""
        with self._lock:
            self._closed = True
            for lanes in self._waiting.values():
                lanes.clear()
            self._timers.clear()
            self._lock.notify_all()

    def _next(self, kind: str) -> Job | None:
        """Take the next lane's first job that has room, and count it as running; the lock is held."""
        if self._closed or self._running[kind] >= self._limits[kind]:
            return None
        lanes = self._waiting[kind]
        for lane in list(lanes):
            job = self._of_lane(kind, lanes[lane])
            if job is None:
                continue
            if lanes[lane]:
                lanes.move_to_end(lane)
            else:
                del lanes[lane]
            self._running[kind] += 1
            self._by_key[kind, job.key] += 1
            self._begun.add(job)
            return job
        return None

    def _of_lane(self, kind: str, queue: deque[Job]) -> Job | None:
        for position, job in enumerate(queue):
            if not job.key or self._by_key[kind, job.key] < self._per_key:
                del queue[position]
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
            self._begun.discard(job)
            self._over[job.kind] += 1
            self._running[job.kind] -= 1
            self._by_key[job.kind, job.key] -= 1
            return not self._closed

    def _give_up(self, job: Job) -> None:
        if not self._finish(job):
            return
        _tell(job, None, Timeout(message("checks.no-answer-within", seconds=f"{job.timeout:g}")))
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
