"""What the API server says of its own health: each endpoint asked once per run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from checks import kubectl
from checks.cluster import Cluster, Probed, Resource
from checks.errors import NotFound
from checks.facts.answers import KEPT, Raw, Sample, answer, reason_of, root_of
from checks.facts.permits import Permits
from checks.facts.pool import Job, Pool
from checks.facts.silence import Silence
from checks.model import Answer, Fact, HealthRead
from checks.permission import Permission
from kb.messages import message
from kb.text import Text


class Health:
    """All health reads of one run."""

    def __init__(
        self, cluster: Cluster, pool: Pool, silence: Silence, permits: Permits, clock: Callable[[], float]
    ):
        self._cluster = cluster
        self._pool = pool
        self._silence = silence
        self._permits = permits
        self._clock = clock
        self._lock = threading.Lock()
        self._facts: dict[tuple[str, float], Future[Fact]] = {}
        self._waiting: list[HealthRead] = []

    def want(self, read: HealthRead) -> Future[Fact]:
        """The fact of a read; asked at the next `start`."""
        with self._lock:
            if _key(read) not in self._facts:
                self._facts[_key(read)] = Future()
                self._waiting.append(read)
            return self._facts[_key(read)]

    def start(self) -> None:
        """Ask what is wanted and not asked."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for read in waiting:
            self._permits.soon((), lambda read=read: self._ask(read))  # type: ignore[misc]

    def _ask(self, read: HealthRead) -> None:
        refusal = self._permits.refusal(Permission("get", Resource.at(read.path)))
        if refusal is not None:
            self._done(read, None, refusal)
            return

        def work() -> str:
            if not isinstance(self._cluster, Probed):
                raise NotFound(message("sources.no-health", path=read.path))
            return self._cluster.health(read.endpoint, timeout=read.timeout)

        job = Job("api", "", read.timeout, work, lambda text, error: self._done(read, text, error))
        self._pool.submit(self._silence.guard(read.path, job))

    def _done(self, read: HealthRead, text: Any, error: BaseException | None) -> None:
        self._facts[_key(read)].set_result(Fact((page_answer(read, text, error, self._clock()),)))


def _key(read: HealthRead) -> tuple[str, float]:
    return read.endpoint, read.timeout


def page_answer(read: HealthRead, text: Any, error: BaseException | None, now: float) -> Answer:
    """The page as an answer, or why there is none."""
    reason, why = reason_of(error) if error is not None else ("", Text())
    samples = () if error is not None else (Sample(now, str(text)),)
    root = root_of(error) if error is not None else ""
    raw = Raw(
        "", samples=samples, at=now, command=kubectl.health_argv(read), source=f"health {read.endpoint}",
        error=reason, message=why, root=root,
    )  # fmt: skip
    return answer(raw, read.parse, KEPT, False)
