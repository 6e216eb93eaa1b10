"""The link to the cluster: connecting, the first look, and whether writes are armed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kb.said import text_of
from tui.messages import Answered, EventArrived, StreamEnded
from tui.services import Place, Services, Shelf
from tui.widgets.status import ClusterState
from tui.work import ask, stream

if TYPE_CHECKING:
    from checks.cluster import Cluster
    from checks.findings.triage import Finding
    from checks.model import Result
    from checks.walking.access import Access
    from kb.model import Article
    from tui.app import KlinikApp

TICK = 5.0
"""Seconds between two looks at how long writes are still possible."""


class Link:
    """What the app knows of one cluster; every answer belongs to a run, and those of older runs are dropped."""

    def __init__(self, app: KlinikApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._run = 0
        self._access: Access | None = None
        self._asked = services.looks
        """The cluster shall be looked at for findings."""
        self.cluster: Cluster | None = None
        self.shelf: Shelf | None = None

    @property
    def access(self) -> Access:
        """Whether writes are armed; made on first use, as are all models that the first frame does not need."""
        if self._access is None:
            from checks.walking.access import Access

            self._access = Access(forbidden=self._services.read_only)
        return self._access

    # --- connecting ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Opens the library and connects, each on its own thread."""
        self._app.set_interval(TICK, self.tick)
        self.go(self._services.place)

    def go(self, place: Place) -> None:
        """Leaves this cluster for another."""
        self._run += 1
        self._asked = self._services.looks
        self.disarm()
        self.cluster = None
        self._app.cluster_left()
        name = place.name
        self._app.cluster_state = ClusterState(
            context=name,
            practice=name if place.kind == "practice" else "",
            locked=self._services.read_only or place.kind == "bundle",
        )

        ask(self._app, "connect", self._run, lambda: self._services.connect(place))

    def again(self) -> None:
        """Looks at the same cluster once more, or tries to connect again."""
        if self.cluster is None or self._app.cluster_state.phase == "absent":
            self.go(self._services.place)
        else:
            self._look()
        self._asked = True

    def look_again(self) -> None:
        """Another round of a watch; where the cluster did not answer, it is tried as it is."""
        self._asked = True
        if self.cluster is not None:
            self._look()

    def answered(self, message: Answered) -> None:
        """A thread came back."""
        if message.run != self._run or message.tag != "connect":
            return
        if message.error is not None:
            self._absent(message.error)
            return
        self.cluster = message.value
        info = message.value.info
        self._change(
            context=info.context,
            practice=info.practice,
            production=info.production,
            recorded=info.recorded,
            locked=self._services.read_only or info.recorded > 0,
            phase="connecting",
        )
        self._look()

    def _look(self) -> None:
        from checks.overview import look

        cluster = self.cluster
        if cluster is not None:
            stream(self._app, "look", self._run, lambda _: look(cluster))

    def _absent(self, error: Exception) -> None:
        why = text_of(error).get(self._app.lang)
        self._change(phase="absent", why=why)
        self._app.triaging.absent()
        self._app.cluster_changed()

    def _change(self, **parts: Any) -> None:
        self._app.cluster_state = replace(self._app.cluster_state, **parts)

    # --- events -------------------------------------------------------------------------------------------------

    def event(self, message: EventArrived) -> None:
        """A piece of the overview."""
        if message.run == self._run:
            self._change(phase="connected", **message.event)
            self._app.cluster_changed()

    def ended(self, message: StreamEnded) -> None:
        """The overview is through: the triage follows."""
        if message.run != self._run:
            return
        if message.error is None:
            self._triage()
        else:
            self._absent(message.error)
        self._app.cluster_changed()

    # --- library ------------------------------------------------------------------------------------------------

    def library_ready(self, shelf: Shelf) -> None:
        """The library is open: the cluster can be looked at for what it knows."""
        self.shelf = shelf
        if self._app.cluster_state.phase == "connected":
            self._triage()

    def _triage(self) -> None:
        if self._asked:
            self._app.triaging.start()

    def library_changed(self, shelf: Shelf, guides: bool) -> None:
        """Files changed; the cluster is looked at again only where what is looked for did (`guides`)."""
        if self.shelf is None:
            return
        self.shelf = shelf
        self._app.triaging.redrawn()
        if guides and self._app.cluster_state.phase == "connected":
            self._app.triaging.start()

    def guided(self) -> tuple[Article, ...]:
        """The articles with a guide."""
        return tuple(self.shelf.guided.values()) if self.shelf else ()

    def findings(self) -> tuple[Finding, ...]:
        """What the cluster shows so far, article by article."""
        found = self._app.triaging.found()
        return found.findings if found is not None else ()

    @property
    def triage(self) -> str:
        """How far the triage is: waiting, running, done or failed."""
        return self._app.triaging.state

    @property
    def results(self) -> Mapping[str, Result]:
        """What the checks of the triage say, by ``article/alias``."""
        return self._app.triaging.results

    # --- arming -------------------------------------------------------------------------------------------------

    @property
    def armed(self) -> bool:
        """Whether writes to this cluster are possible now."""
        return self.cluster is not None and self.access.mode(self.cluster.info).name == "armed"

    @property
    def reason(self) -> str:
        """Why writes to this cluster were made possible last; empty: they never were."""
        return self.access.reason(self.cluster.info) if self.cluster is not None else ""

    def arm(self, reason: str) -> None:
        """Makes writes possible for a while; raises NotArmed where that is not allowed or the reason is missing."""
        if self.cluster is not None:
            self.access.arm(self.cluster.info, reason)
            self._show_access()

    def disarm(self) -> None:
        """Back to read-only."""
        if self._access is not None:
            self._access.disarm()
            self._show_access()

    def touched(self) -> None:
        """The operator is there: the time begins again, unless it was over."""
        if self._app.cluster_state.writable and self.cluster is not None:
            self.access.touch(self.cluster.info)

    def tick(self) -> None:
        """The time left goes on, but not while a step runs; when it is over, that is said once."""
        if not self._app.cluster_state.writable:
            return
        if any(getattr(screen, "writing", False) for screen in self._app.screen_stack):
            self.touched()
        self._show_access()
        if not self._app.cluster_state.writable:
            self._app.writes_ran_out()

    def _show_access(self) -> None:
        armed = self._access is not None and self.cluster is not None
        mode = self.access.mode(self.cluster.info) if armed and self.cluster is not None else None
        left, reason = (mode.left, mode.reason) if mode is not None else (0.0, "")
        self._app.cluster_state = self._app.cluster_state.armed(left, reason)

    def close(self) -> None:
        """The app ends."""
        self._run += 1
        self._services.close()
