"""Whether the API server answers at all: one that is dead fails a run once, not every read after its own timeout.

Any answer, a refusal too, shows that it lives. Where calls are lost, or nothing has come for a while, it is asked for
its version; only when that fails as well, and still nothing else has come, everything that waits has its reason.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from checks.cluster import Cluster
from checks.errors import ClusterError, ServerGone, Timeout, Unreachable
from checks.facts.pool import Job, Pool
from kb.messages import message

QUIET = 5.0
"""Seconds without any answer after which the server is asked whether it is there."""
PROBE = 5.0
"""Seconds that it has for that."""
_AGAIN = 1.0
"""Seconds between two questions, where the first found no connection: an address may just be moving."""


class Reach:
    """Watches the calls of one run."""

    def __init__(self, cluster: Cluster, pool: Pool):
        self._cluster = cluster
        self._pool = pool
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._heard = time.monotonic()
        self._open = 0
        self._watching = False
        self._gone: ServerGone | None = None

    def guard(self, job: Job) -> Job:
        """The same job, not sent once the server is gone; its outcome says whether the server lives."""
        if self._cluster.info.recorded:
            return job  # what did not answer then is on record

        def work() -> Any:
            with self._lock:
                if self._gone is not None:
                    raise self._gone
                if not self._open:
                    self._heard = time.monotonic()  # silence counts from the first question
                self._open += 1
            self._watch()
            try:
                result = job.work()
            except (Timeout, Unreachable) as error:
                gone = self._confirmed()
                if gone is not None:
                    raise gone from error
                raise
            except Exception:
                self.heard()
                raise
            else:
                self.heard()
                return result
            finally:
                with self._lock:
                    self._open -= 1

        return replace(job, work=work)

    def heard(self) -> None:
        """Something came from the server."""
        self._heard = time.monotonic()

    def _watch(self) -> None:
        """Look from time to time whether anything comes, while something is asked."""
        with self._lock:
            if self._watching:
                return
            self._watching = True
        self._pool.later(QUIET, self._look)

    def _look(self) -> None:
        quiet = time.monotonic() - self._heard
        with self._lock:
            self._watching = bool(self._open) and self._gone is None
            again = self._watching
        if not again:
            return
        if quiet >= QUIET:
            threading.Thread(target=self._confirmed, name="klinik-probe", daemon=True).start()
        self._pool.later(max(0.5, QUIET - quiet), self._look)

    def _confirmed(self) -> ServerGone | None:
        """That the server is gone, after it was asked whether it is there; whoever comes meanwhile hears the same."""
        began = time.monotonic()
        with self._asking:
            if self._gone is None and self._heard < began:
                self._probe(began)
            return self._gone

    def _probe(self, began: float) -> None:
        why = self._why_not()
        if isinstance(why, Unreachable) and self._heard < began:
            time.sleep(_AGAIN)
            why = self._why_not()
        if why is None or self._heard > began:
            return
        self._gone = gone = ServerGone(message("roots.gone", server=self._cluster.info.server, why=why.text))
        self._pool.fail(gone)

    def _why_not(self) -> ClusterError | None:
        """Why the server does not say its version; None where it says anything."""
        try:
            self._cluster.version(timeout=PROBE)
        except (Timeout, Unreachable) as error:
            return error
        except ClusterError:
            pass
        self.heard()
        return None
