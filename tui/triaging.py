"""What the cluster at hand shows: the triage as it goes on, again on a schedule, what changed, and what is muted."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb.safe import one_line
from kb.said import about_file
from kb.text import UNSAID, Text
from tui.messages import Answered, EventArrived, StreamEnded
from tui.work import ask, stream

if TYPE_CHECKING:
    from threading import Event

    from textual.timer import Timer

    from checks.catalogue import Catalogue
    from checks.cluster import Cluster
    from checks.findings.changes import Change, Shown
    from checks.findings.mutefile import MuteFile
    from checks.findings.mutes import Kind, Mute
    from checks.findings.triage import Triage
    from checks.model import Result
    from kb.model import CheckUse
    from tui.app import KlinikApp
    from tui.services import Services

KEPT = 200
"""Changes that are remembered."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A change with the Unix time at which it was seen."""

    at: float
    change: Change


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a run begins with."""

    uses: tuple[CheckUse, ...]
    catalogue: Catalogue
    mutes: tuple[Mute, ...]
    mutes_error: Text


class Triaging:
    """The triage of one cluster; results of the round before stand until they are replaced."""

    def __init__(self, app: KlinikApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._run = 0
        self._visit = 0
        """Which cluster this is: what is written about one is not told at another."""
        self._stop: Event | None = None
        self._timer: Timer | None = None
        self._began = 0.0
        self._failures = 0
        self._cached: Triage | None = None
        self._before: Mapping[str, Shown] = {}
        """What the last round came to."""
        self.catalogue: Catalogue | None = None
        self.state = "waiting"
        """waiting, running, done or failed."""
        self.error = ""
        self.took = 0.0
        self.uses: tuple[CheckUse, ...] = ()
        self.results: dict[str, Result] = {}
        self.done = self.total = 0
        """Checks of this round."""
        self.left: float | None = None
        """Seconds that the round may still take."""
        self.every = 0.0
        """Seconds between two looks; 0: nobody watches."""
        self.usual: float | None = None
        """Seconds between two looks where somebody said so; None: as the settings say."""
        self.rounds = 0
        self.changes: tuple[Dated, ...] = ()
        """What changed since the cluster was first looked at, the newest first; what is muted is left out."""
        self.mutes: tuple[Mute, ...] = ()
        self.mutes_error = UNSAID

    # --- a run --------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Another cluster: nothing is known of it, and nobody watches it."""
        self._run += 1
        self._visit += 1
        self._halt()
        self.state, self.error, self.results, self.uses = "waiting", "", {}, ()
        self.changes, self.mutes, self.mutes_error = (), (), UNSAID
        self._before, self.rounds, self._failures, self.every = {}, 0, 0, 0.0
        self._cached = None

    def _halt(self) -> None:
        if self._stop is not None:
            self._stop.set()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def close(self) -> None:
        """The app ends."""
        self._run += 1
        self._halt()

    def start(self) -> None:
        """Looks again at everything cheap, unless that is being done."""
        link, services = self._app.link, self._services
        cluster, articles = link.cluster, link.guided()
        if cluster is None or link.shelf is None or self.state == "running":
            return
        self._halt()
        self._run += 1
        self.state, self.error, self._began = "running", "", time.monotonic()
        self.done, self.total, self.left = 0, 0, None

        def events(stop: Event) -> Iterator[Any]:
            from checks.findings.triage import WIDEST, plan
            from checks.runner import run

            catalogue = services.catalogue()
            uses = plan([a.guide for a in articles if a.guide], catalogue)
            yield _Plan(uses, catalogue, *_read_mutes(cluster))
            yield from run(cluster, uses, catalogue, layout=services.layout(), stop=stop, widest=WIDEST)

        self._stop = stream(self._app, "triage", self._run, events)

    def event(self, message: EventArrived) -> None:
        """The plan, a result, or how far it is."""
        if message.run != self._run:
            return
        event = message.event
        self._cached = None
        if isinstance(event, _Plan):
            self.uses, self.catalogue, self.total = event.uses, event.catalogue, len(event.uses)
            self.mutes, self.mutes_error = event.mutes, event.mutes_error
            wanted = {use.alias for use in event.uses}
            self.results = {alias: result for alias, result in self.results.items() if alias in wanted}
        elif (result := getattr(event, "result", None)) is not None:
            self.results[result.alias] = result
            self.done = event.done
        elif hasattr(event, "left"):
            self.left = event.left
        self._app.cluster_changed()

    def ended(self, message: StreamEnded) -> None:
        """The round is through: what changed is remembered, and the next one is planned where somebody watches."""
        if message.run != self._run:
            return
        self.took, self.left = time.monotonic() - self._began, None
        self.state = "failed" if message.error else "done"
        self.error = message.why(self._app.lang)
        self._failures = self._failures + 1 if message.error else 0
        if message.error is None:
            self._compare()
            self._settle()
        self._plan_next()
        self._app.cluster_changed()

    def absent(self) -> None:
        """The cluster does not answer."""
        self.state = "failed"
        self._failures += 1
        self._plan_next()

    # --- what came of it ----------------------------------------------------------------------------------------

    def found(self) -> Triage | None:
        """What the cluster shows so far; None before the catalogue is read."""
        if self.catalogue is None or self._app.link.shelf is None:
            return None
        if self._cached is None:
            from checks.findings.mutes import judged
            from checks.findings.triage import triage

            muting = judged(self.mutes, self.results.values(), time.time())
            self._cached = triage(self._app.link.guided(), self.catalogue, self.uses, self.results, muting)
        return self._cached

    def redrawn(self) -> None:
        """Results, articles or mutes are others now."""
        self._cached = None
        self._app.cluster_changed()

    def adopt(self, results: Mapping[str, Result]) -> None:
        """Results that came in another way, by alias: an output that was pasted."""
        self.results.update({alias: one for alias, one in results.items() if alias in self.results})
        self.redrawn()

    def _compare(self) -> None:
        from checks.findings.changes import compare, remembering
        from checks.findings.triage import ARTICLE, state_of

        found = self.found()
        if found is None or self.catalogue is None:
            return
        articles = {article.id: article for article in self._app.link.guided()}
        state = state_of(found, articles, self.results.values(), self.catalogue)
        after = remembering(self._before, state)
        self.rounds += 1
        if self.rounds > 1:
            muted = {ARTICLE + f.article for f in found.findings if f.mute}
            muted |= {alias for alias, result in self.results.items() if found.muting.of(result)}
            now = time.time()
            news = {
                (c.what, c.shown.name): c
                for c in reversed(compare(self._before, after))
                if c.key not in muted
            }
            dated = tuple(Dated(now, change) for change in reversed(news.values()))
            self.changes = (*dated, *self.changes)[:KEPT]
        self._before = after

    # --- watching -----------------------------------------------------------------------------------------------

    def watch(self, every: float) -> None:
        """Looks again every so many seconds; 0: no longer."""
        self.every = every
        if every and self.state in ("done", "failed"):
            self._app.link.look_again()
        elif not every and self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._app.cluster_changed()

    @property
    def wanted(self) -> float:
        """Seconds between two looks where somebody watches: as said in the app, else as set, else as usual."""
        from checks.findings.watch import USUAL

        return self.usual or (self.catalogue.watch if self.catalogue else 0.0) or USUAL

    def _plan_next(self) -> None:
        if not self.every:
            return
        from checks.findings.watch import interval

        if self._timer is not None:
            self._timer.stop()
        pause = interval(self.every, self.took, self._failures)
        self._timer = self._app.set_timer(max(1.0, pause - self.took), self._app.link.look_again)

    # --- muting -------------------------------------------------------------------------------------------------

    def parts(self, kind: Kind, name: str) -> tuple[str, ...]:
        """The bad parts of an article or a check, as single mutes name them."""
        from checks.findings.mutes import bad_parts

        return bad_parts(name, kind, self._known())

    def _known(self) -> tuple[Result, ...]:
        return (*self.results.values(), *self._app.runs.results.values())

    def _rests_on(self, kind: Kind, name: str) -> Collection[str]:
        """The checks that an article rests on, or the check itself."""
        from checks.findings.triage import checks_of

        guided = self._app.link.guided() if kind == "article" else ()
        article = next((a for a in guided if a.id == name), None)
        return checks_of(article) if article is not None else {name}

    def mute(self, kind: Kind, name: str, reason: str, until: float, targets: Sequence[str] = ()) -> Mute:
        """What would be muted now, as it is now; raises MuteError. `keep` writes it down."""
        from checks.findings.changes import direction
        from checks.findings.mutes import muted_by
        from checks.operators import user

        checks = self._rests_on(kind, name)
        return muted_by(
            name, kind, self._known(), reason=reason, by=user(), now=time.time(), until=until, evidence=checks,
            targets=targets, worse={check: direction(check, self.catalogue) for check in checks},
        )  # fmt: skip

    def keep(self, mute: Mute) -> None:
        """Writes a mute down."""
        self._changing("kept", lambda file: file.add(mute))

    def lift(self, mute: Mute) -> None:
        """Ends a mute by hand."""
        from checks.operators import user

        self._changing("lifted", lambda file: file.lift(mute.id, user()))

    def _settle(self) -> None:
        """The mutes that this round has ended are written down and told; a recorded cluster ends none."""
        found, cluster = self.found(), self._app.link.cluster
        if found is not None and found.muting.lifted and cluster is not None and not cluster.info.recorded:
            muting = found.muting
            self._changing("settled", lambda file: file.settle(muting))

    def _changing(self, what: str, change: Callable[[MuteFile], Any]) -> None:
        cluster = self._app.link.cluster
        if cluster is None:
            return
        info = cluster.info

        def work() -> tuple[str, Any, tuple[Mute, ...]]:
            from checks.findings.mutefile import MuteFile as File

            file = File(info)
            done = change(file)
            return what, done, file.load()

        ask(self._app, "mutes", self._visit, work)

    def answered(self, message: Answered) -> None:
        """The mutes were written, or could not be."""
        if message.run != self._visit:
            return
        app = self._app
        if message.error is not None:
            app.notify(message.why(app.lang), severity="error", markup=False, timeout=10)
            return
        what, done, self.mutes = message.value
        if what == "settled":
            for standing in done:
                words = {"name": one_line(standing.mute.name), "why": one_line(standing.why.get(app.lang))}
                app.notify(
                    app.say("mutes.lifted_by_itself", **words), severity="warning", markup=False, timeout=10
                )
        else:
            app.notify(app.say(f"mutes.{what}", name=one_line(done.name)), markup=False)
        self.redrawn()
        app.tell("mutes_news")


def _read_mutes(cluster: Cluster) -> tuple[tuple[Mute, ...], Text]:
    """What is muted on this cluster, or why that is not known; a file that cannot be read mutes nothing."""
    from checks.findings.mutefile import MuteFile as File
    from checks.findings.mutes import MuteError

    try:
        return File(cluster.info).load(), UNSAID
    except MuteError as error:
        return (), error.text
    except OSError as error:
        return (), about_file(error)
