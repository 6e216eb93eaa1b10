"""Checks run by name: one run at a time, what is asked for meanwhile waits; results stay as long as the cluster."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from checks.model import NOTHING, RunProgress
from kb.model import CheckUse
from tui.messages import EventArrived, StreamEnded
from tui.work import stream

if TYPE_CHECKING:
    from threading import Event

    from checks.model import Result
    from checks.pasting.pasted import Pasted
    from tui.app import KlinikApp
    from tui.services import Services


class CheckRuns:
    """Results by check id, with the defaults of the check; news go to the screens as `checks_news`."""

    def __init__(self, app: KlinikApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._run = 0
        self._stop: Event | None = None
        self._began = 0.0
        self.results: dict[str, Result] = {}
        self.running: tuple[str, ...] = ()
        """What the run at hand was asked for and has no answer yet."""
        self.waiting: tuple[str, ...] = ()
        """What is run after it."""
        self.state = "idle"
        """idle, running, done, stopped or failed."""
        self.done = self.total = 0
        self.left: float | None = None
        """Seconds that the run may still take."""
        self.took = 0.0
        self.error = ""

    @property
    def elapsed(self) -> float:
        """Seconds of the run at hand, or that the last one took."""
        return time.monotonic() - self._began if self.state == "running" else self.took

    def forget(self) -> None:
        """Another cluster: its results are its own."""
        self.stop()
        self._run += 1
        self.results, self.running, self.waiting = {}, (), ()
        self.state, self.done, self.total = "idle", 0, 0

    def latest(self, check: str) -> Result | None:
        """The newest answer of a check with its defaults, whoever ran it: this, or the triage."""
        triage = self._app.triaging
        plain = [use.alias for use in triage.uses if use.check == check and not use.params]
        found = [triage.results[alias] for alias in plain if alias in triage.results]
        own = self.results.get(check)
        return max([*found, *([own] if own else [])], key=lambda result: result.at, default=None)

    def start(self, checks: Iterable[str]) -> None:
        """Runs these, or queues them behind those that are running."""
        wanted = tuple(dict.fromkeys(checks))
        if self._app.link.cluster is None or not wanted:
            return
        if self.state == "running":
            busy = {*self.running, *self.waiting}
            self.waiting += tuple(check for check in wanted if check not in busy)
        else:
            self._begin(wanted)
        self._app.tell("checks_news")

    def paste(self, check: str, pasted: Sequence[Pasted]) -> None:
        """Judges a check once with what was pasted, in every way in which the triage asks for it too."""
        plain = (CheckUse(check, check),)
        asked = tuple(use for use in self._app.triaging.uses if use.check == check and use.alias != check)
        if self.state != "running":
            self._begin((check,), (*plain, *asked), {use.alias: tuple(pasted) for use in (*plain, *asked)})
            self._app.tell("checks_news")
        else:
            self._app.notify(self._app.say("paste.busy"), severity="warning", markup=False)

    def _begin(
        self,
        wanted: tuple[str, ...],
        uses: tuple[CheckUse, ...] = (),
        pasted: Mapping[str, Sequence[Pasted]] = NOTHING,
    ) -> None:
        cluster, services = self._app.link.cluster, self._services
        uses = uses or tuple(CheckUse(check, check) for check in wanted)
        if cluster is None:
            return
        self._run += 1
        self.running, self.state, self.error, self.left = wanted, "running", "", None
        self.done, self.total, self._began = 0, len(uses), time.monotonic()

        def events(stop: Event) -> Iterator[Any]:
            from checks.runner import run

            layout = services.layout()
            yield from run(cluster, uses, services.catalogue(), layout=layout, stop=stop, pasted=pasted)

        self._stop = stream(self._app, "checks", self._run, events)

    def stop(self) -> None:
        """Ends the run at hand; what has come stays."""
        if self.state == "running" and self._stop is not None:
            self._stop.set()
            self.took, self.state = time.monotonic() - self._began, "stopped"
            self.running, self.waiting = (), ()
            self._app.tell("checks_news")

    def event(self, message: EventArrived) -> None:
        """A result came, or how far it is."""
        if isinstance(message.event, RunProgress) and message.run == self._run:
            self.left = message.event.left
        result = getattr(message.event, "result", None)
        if message.run == self._run and self.state == "running" and result is not None:
            if result.alias == result.check:
                self.results[result.check] = result
                self.running = tuple(check for check in self.running if check != result.check)
            if result.pasted:
                self._app.triaging.adopt({result.alias: result})
            self.done = message.event.done
            self._app.tell("checks_news")

    def ended(self, message: StreamEnded) -> None:
        """The run is through; what waited begins."""
        if message.run != self._run or self.state != "running":
            return
        self.took = time.monotonic() - self._began
        self.state = "failed" if message.error else "done"
        self.error = message.why(self._app.lang)
        self.running = ()
        waiting, self.waiting = self.waiting, ()
        if waiting and not message.error:
            self._begin(waiting)
        self._app.tell("checks_news")
