"""What this user may do on the cluster at hand, as far as the server has said; each question is asked once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from tui.messages import EventArrived, StreamEnded
from tui.work import stream

if TYPE_CHECKING:
    from threading import Event

    from checks.cluster import Cluster
    from checks.rights.permissions import Permission
    from tui.app import KlinikApp

_PAUSE = 0.2
"""Seconds between two looks at what has been answered."""


class Rights:
    """Answers by permission: True, False, or None where the server did not say."""

    def __init__(self, app: KlinikApp) -> None:
        self._app = app
        self._run = 0
        self._asked: set[Permission] = set()
        self._stop: Event | None = None
        self.answers: dict[Permission, bool | None] = {}
        self.asking = False

    def forget(self) -> None:
        """Another cluster, another user: nothing is known."""
        self._run += 1
        if self._stop is not None:
            self._stop.set()
        self._asked, self.answers, self.asking = set(), {}, False

    def ask(self, needed: Iterable[Permission]) -> None:
        """Asks for those that have not been asked for; the answers come by themselves."""
        cluster = self._app.link.cluster
        new = [permission for permission in dict.fromkeys(needed) if permission not in self._asked]
        if cluster is None or not new:
            return
        self._asked.update(new)
        self.asking = True
        self._stop = stream(self._app, "rights", self._run, lambda stop: _answers(cluster, new, stop))

    def event(self, message: EventArrived) -> None:
        """Some answers came."""
        if message.run == self._run:
            self.answers.update(message.event)
            self._app.tell("rights_news")

    def ended(self, message: StreamEnded) -> None:
        """All have been answered, or nobody will."""
        if message.run == self._run:
            self.asking = False
            self._app.tell("rights_news")


def _answers(
    cluster: Cluster, needed: list[Permission], stop: Event
) -> Iterator[Mapping[Permission, bool | None]]:
    from checks.facts.preflight import Preflight

    preflight = Preflight(cluster, needed)
    try:
        while not stop.is_set():
            over = preflight.done
            yield preflight.answers()
            if over:
                return
            stop.wait(_PAUSE)
    finally:
        preflight.close()
