"""Who does not answer at all in this run: one that hangs may cost a run one timeout, not one per call."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from typing import Any

from checks.errors import Timeout
from checks.facts.pool import Job
from checks.facts.reach import Reach
from kb.messages import message

SILENT = 2
"""Calls without an answer after which one that never answered in this run is not asked again."""


class _NotAsked(Timeout):
    """Earlier calls were not answered, so this one was not sent."""


class Silence:
    """Counts timeouts by who should have answered: a pod, or an API group."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._lock = threading.Lock()
        self._timeouts: Counter[str] = Counter()
        self._heard: set[str] = set()

    def guard(self, who: str, job: Job) -> Job:
        """The same job, which is not sent where `who` is silent, and whose outcome is remembered."""

        watched = self._reach.guard(job)

        def work() -> Any:
            if count := self._silent(who):
                raise _NotAsked(message("checks.silent", count=count, who=who))
            return watched.work()

        def done(result: Any, error: BaseException | None) -> None:
            if not isinstance(error, _NotAsked):
                self._note(who, error)
            job.done(result, error)

        return replace(job, work=work, done=done)

    def _note(self, who: str, error: BaseException | None) -> None:
        with self._lock:
            if isinstance(error, Timeout):
                self._timeouts[who] += 1
            else:
                self._heard.add(who)

    def _silent(self, who: str) -> int:
        with self._lock:
            count = self._timeouts[who]
            return count if count >= SILENT and who not in self._heard else 0
