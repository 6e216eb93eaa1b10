"""The live side of an article: what the cluster says about its symptoms, and the evidence behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual import on
from textual.content import Content
from textual.widgets import OptionList, Static

from checks.model import Result, Verdict
from tui.i18n import translate
from tui.messages import EventArrived, StreamEnded
from tui.screens import evidence, guide_derived
from tui.screens.article_text import not_heavy
from tui.screens.base import KlinikScreen
from tui.widgets.lists import settle
from tui.work import stream

if TYPE_CHECKING:
    from threading import Event

    from kb.model import Article, CheckUse


class LiveSymptoms(KlinikScreen[None]):
    """Runs the checks of the article's guide and shows symptoms with their verdicts in ``#symptoms``."""

    AGES = 5.0

    def __init__(self, lang: str) -> None:
        super().__init__()
        self.lang = lang
        self.article: Article | None = None
        self.results: dict[str, Result] = {}
        self.live = "absent"
        """absent (no cluster), waiting, running or done."""
        self.run = 0
        self.stop: Event | None = None

    def uses(self) -> tuple[CheckUse, ...]:
        """The checks of the symptoms and causes that may be run without asking: all but the heavy ones."""
        guide = self.article.guide if self.article else None
        return tuple(guide.checks.values()) if guide else ()

    def start_checks(self) -> None:
        """Runs the guide's checks where there is a cluster; results stream in."""
        cluster, uses = self.app.link.cluster, self.uses()
        if self.app.cluster_state.phase == "absent" or cluster is None:
            self.live = "waiting" if self.app.cluster_state.phase == "connecting" else "absent"
            self.show_symptoms()
            return
        if not uses:
            return
        if self.stop is not None:
            self.stop.set()
        self.run += 1
        self.live = "running"
        services = self.app.services

        def events(stop: Event) -> Iterator[Any]:
            from checks.runner import run

            catalogue = services.catalogue()
            yield from run(cluster, not_heavy(uses, catalogue), catalogue, stop=stop)

        self.stop = stream(self, "checks", self.run, events)
        self.show_symptoms()

    def on_event_arrived(self, message: EventArrived) -> None:
        """A result settles into its line."""
        result = getattr(message.event, "result", None)
        if message.run == self.run and result is not None:
            self.results[result.alias] = result
            self.show_symptoms()

    def on_stream_ended(self, message: StreamEnded) -> None:
        """All checks have answered, or could not be run."""
        if message.run != self.run:
            return
        self.live = "failed" if message.error else "done"
        if message.error is not None:
            self.notify(
                self.say("article.checks_failed", why=message.why(self.app.lang)),
                severity="error",
                markup=False,
            )
        self.show_symptoms()

    def on_unmount(self) -> None:
        """Nobody listens any more."""
        if self.stop is not None:
            self.stop.set()

    def cluster_news(self) -> None:
        """The cluster came while the article was open."""
        if self.live in ("waiting", "absent") and self.app.cluster_state.phase == "connected":
            self.start_checks()
        elif self.live == "waiting" and self.app.cluster_state.phase == "absent":
            self.live = "absent"
            self.show_symptoms()

    def show_symptoms(self) -> None:
        """The symptoms with what is known of them; a guide derived from the text has none to look at."""
        guide = self.article.guide if self.article else None
        view = self.query_one("#symptoms", OptionList)
        title = self.query_one("#symptoms-title", Static)
        title.display = guide is not None and bool(guide.symptoms or guide.origin == "derived")
        if guide is None or not guide.symptoms or guide.origin == "derived":
            view.display = False
            if guide is not None and guide.origin == "derived":
                title.update(guide_derived.banner(guide, self.app.lang))
            return
        signs, now = self.app.signs, time.time()
        options = [
            evidence.symptom_option(s, self.results, self.lang, signs, live=self.live, now=now)
            for s in guide.symptoms
        ]
        view.display = True
        settle(view, options)
        found = [evidence.symptom_verdict(s, self.results) for s in guide.symptoms]
        present = sum(v in (Verdict.FAIL, Verdict.WARN) for v in found)
        unclear = sum(v is Verdict.UNKNOWN for v in found)
        count = translate(self.lang, "article.present", n=present, total=len(found))
        if unclear:
            count += " · " + translate(self.lang, "article.unclear", n=unclear)
        said = count if self.live in ("done", "running") and self.results else self.say(f"live.{self.live}")
        self.query_one("#symptoms-title", Static).update(
            Content.assemble(
                (translate(self.lang, "article.symptoms"), "bold $primary"), "   ", (said, "$quiet")
            )
        )

    def older(self) -> None:
        """How old each answer is."""
        if self.results:
            self.show_symptoms()

    def action_check(self) -> None:
        """Runs the checks again; what is known stays until the new answer is there."""
        self.start_checks()
        if self.article is not None and not self.uses():
            self.notify(self.say("derived.no_checks"), markup=False)

    def action_again(self) -> None:
        """The same."""
        if self.app.cluster_state.phase == "absent":
            self.app.link.again()
        self.start_checks()

    def action_evidence(self) -> None:
        """What was read for the symptom under the cursor, raw; from the text: for all of them."""
        guide = self.article.guide if self.article else None
        if guide is None or not guide.checks:
            return
        view = self.query_one("#symptoms", OptionList)
        chosen = guide.symptoms
        if view.has_focus and view.highlighted is not None:
            chosen = (guide.symptoms[view.highlighted],)
        aliases = dict.fromkeys(alias for symptom in chosen for alias in symptom.checks)
        results = [self.results[alias] for alias in aliases if alias in self.results]
        if not results:
            self.notify(self.say("evidence.not_yet"), markup=False)
            return
        title = chosen[0].text.get(self.lang) if len(chosen) == 1 else self.article.title(self.lang)  # type: ignore[union-attr]
        self.app.open_text(title, evidence.raw(results, self.app.lang, time.time()))

    @on(OptionList.OptionSelected, "#symptoms")
    def _open_evidence(self) -> None:
        self.action_evidence()
