"""What this user may do, asked outside of any run: every question once, a few at a time, and nobody has to wait."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from checks.rights.permissions import Permission

if TYPE_CHECKING:
    from checks.cluster import Cluster

AT_ONCE = 4
PATIENCE = 2.0
"""Seconds that the end of a run waits for the names of what is missing, where something was forbidden."""


class Preflight:
    """SelfSubjectAccessReviews on daemon threads, from now on; close it before the cluster."""

    def __init__(self, cluster: Cluster, needed: Iterable[Permission]) -> None:
        self._cluster = cluster
        self._open: queue.SimpleQueue[Permission] = queue.SimpleQueue()
        self._answers: dict[Permission, bool | None] = {}
        self._lock = threading.Condition()
        self._closed = False
        self._until = 0.0
        permissions = list(dict.fromkeys(needed))
        self._total = len(permissions)
        for permission in permissions:
            self._open.put(permission)
        for number in range(min(AT_ONCE, self._total)):
            threading.Thread(target=self._work, name=f"klinik-preflight-{number}", daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether everything has been answered, or nobody waits any more."""
        with self._lock:
            return self._over()

    def answers(self) -> Mapping[Permission, bool | None]:
        """What is known; what the server did not speak of is None or absent.

        Who asks first waits for the rest, at most `PATIENCE` seconds; however many ask after that, none waits again.
        """
        with self._lock:
            now = time.monotonic()
            self._until = self._until or now + PATIENCE
            self._lock.wait_for(self._over, max(0.0, self._until - now))
            return dict(self._answers)

    def _over(self) -> bool:
        return self._closed or len(self._answers) == self._total

    def close(self) -> None:
        """Asks nothing more."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()

    def _work(self) -> None:
        while not self._closed:
            try:
                permission = self._open.get_nowait()
            except queue.Empty:
                return
            allowed = self._ask(permission)
            with self._lock:
                self._answers[permission] = allowed
                if len(self._answers) == self._total:
                    self._lock.notify_all()

    def _ask(self, permission: Permission) -> bool | None:
        try:
            return self._cluster.can(
                permission.verb,
                permission.resource,
                namespace=permission.namespace,
                subresource=permission.subresource,
                name=permission.name,
            )
        except (
            Exception
        ):  # whatever it was, a thread of its own must not end loudly; the check says what it met
            return None
