"""Collecting a bundle: where to, what of it, what of it stays at home; with progress, and it can be stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from checks.model import CheckFinished, RunProgress, RunStarted, Verdict
from kb.safe import one_line
from kb.said import text_of
from tui import bundling
from tui.bundling import Wanted, Written
from tui.keys import quiet
from tui.messages import EventArrived, StreamEnded
from tui.screens.base import KlinikScreen
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Page
from tui.widgets.say import dim, foreign, verdict
from tui.work import stream

if TYPE_CHECKING:
    from threading import Event


class CollectScreen(KlinikScreen[None]):
    """One bundle of the cluster at hand."""

    CSS_PATH = "bundles.tcss"
    AUTO_FOCUS = "#file"
    BINDINGS: ClassVar[list[BindingType]] = [
        *quiet({"tab": "panes", "ctrl+g": "stop"}, priority=True),
        *quiet({"x": "stop", "question_mark": "help"}),
    ]
    help_key = "collect"

    def __init__(self) -> None:
        super().__init__()
        self.article = ""
        self.mask = {"names": False, "addresses": False}
        self.state = "idle"
        """idle, running, cleaning, done, stopped or failed."""
        self.done = self.total = self.run = 0
        self.left: float | None = None
        """Seconds that the reading may still take."""
        self.error = ""
        self.written: Written | None = None
        self._stop: Event | None = None
        self._began = 0.0
        self._ticking: Timer | None = None

    # --- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterator[Widget]:
        """The file, what shall be in it, and how far it is."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield Static("", id="explain", markup=False)
        name = str(bundling.proposed(self.app.cluster_state.context, time.time()))
        yield Input(name, id="file", select_on_focus=False)
        yield OptionList(id="choices", markup=False)
        yield Static("", id="progress", markup=False)

    def ready(self) -> None:
        """Ready to type."""
        self._ticking = self.set_interval(1.0, self._tick)
        self.retext()

    def way_here(self) -> Callable[[], None] | None:
        """The screen again."""
        return self.app.collect_bundle

    def on_unmount(self) -> None:
        """Nobody waits for it any more: nothing is written."""
        if self._stop is not None:
            self._stop.set()

    def retext(self) -> None:
        """In the other language."""
        self.query_one("#crumb", Static).update(Content.styled(f" {self.say('collect.title')}", "bold"))
        self.query_one("#explain", Static).update(dim(self.say("collect.explain")))
        self.query_one("#file", Input).border_title = self.say("collect.file")
        self._draw()

    def hints(self) -> tuple[Hint, ...]:
        """Begin, choose, stop."""
        if self.busy:
            return (self.hint("x", "stop", "stop"), self.hint("Esc", "stop", "back"))
        first = "collect" if isinstance(self.focused, Input) else "choose"
        return (
            self.hint("Enter", first),
            self.hint("Tab", "panes", "panes"),
            self.hint("Esc", "back", "back"),
        )

    @property
    def busy(self) -> bool:
        """Whether a bundle is being collected."""
        return self.state in ("running", "cleaning")

    # --- drawing ------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        signs = self.app.signs
        lines = [
            Option(f"{signs.ticked if on else signs.unticked} {self.say(f'collect.mask_{name}')}", id=name)
            for name, on in self.mask.items()
        ]
        title = next((a.title(self.app.lang) for a in self.app.link.guided() if a.id == self.article), "")
        scope = foreign(title) if title else Content(self.say("collect.all"))
        lines.append(Option(Content.assemble(f"{self.say('collect.scope')}  ", scope), id="scope"))
        start = f"{signs.here} {self.say('collect.start')}"
        lines.append(Option(Content.styled(start, "bold $primary"), id="start"))
        settle(self.query_one("#choices", OptionList), lines)
        self._draw_progress()
        self.refresh_hints()

    def _tick(self) -> None:
        if self.busy:
            self._draw_progress()

    def _draw_progress(self) -> None:
        seconds = f"{time.monotonic() - self._began:.0f}"
        style = {"failed": "$text-error", "stopped": "$text-warning", "done": "$text-success"}.get(
            self.state, "$accent"
        )
        lines = []
        if self.state == "done" and self.written is not None:
            lines = self._outcome(self.written)
        elif self.state != "idle":
            words = {"done": self.done, "total": self.total, "seconds": seconds, "why": self.error}
            said = self.say(f"collect.{self.state}", **words)
            if self.state == "running" and self.left is not None:
                said += f" {self.app.signs.dot} {self.say('home.left', n=max(1, round(self.left)))}"
            lines = [Content.styled(said, style)]
        self.query_one("#progress", Static).update(Page(lines))

    def _outcome(self, written: Written) -> list[Content]:
        size = f"{written.size / 1024 / 1024:.1f}"
        said = self.say(
            "collect.done", path=one_line(str(written.path), 300), size=size, calls=f"{written.calls:,}"
        )
        counts = [
            Content.assemble(verdict(one, self.app.lang, self.app.signs), f" {written.totals[one]}")
            for one in Verdict
            if written.totals[one]
        ]
        lines = [Content.styled(said, "$text-success"), Content("  ").join(counts)]
        lines += [
            Content.styled(self.say("collect.left_out", call=one_line(c, 200)), "$text-warning")
            for c in written.left_out
        ]
        if written.changed:
            what = one_line(", ".join(written.changed), 400)
            lines.append(Content.styled(self.say("collect.changed", checks=what), "$text-warning"))
        return [*lines, dim(self.say("collect.use"))]

    # --- collecting ---------------------------------------------------------------------------------------------

    @on(Input.Submitted, "#file")
    def _entered(self) -> None:
        self._begin()

    def _begin(self, *, force: bool = False) -> None:
        cluster, text = self.app.link.cluster, self.query_one("#file", Input).value
        if self.busy:
            return
        if cluster is None or self.app.cluster_state.phase == "absent":
            self._fail(self.say("checks.no_cluster"))
            return
        try:
            path = bundling.typed_path(text)
            there, unfit = path.exists(), path.is_dir() or not bundling.writable(path)
        except (ValueError, OSError) as error:
            self._fail(text_of(error).get(self.app.lang))
            return
        if not text.strip() or unfit:
            self._fail(self.say("collect.no_name"))
        elif there and not force:
            self._ask_to_replace(one_line(str(path), 200))
        else:
            self._collect(Wanted(path, self.article, self.mask["names"], self.mask["addresses"], force))

    def _collect(self, wanted: Wanted) -> None:
        cluster, services, guided = self.app.link.cluster, self.app.services, self.app.link.guided()
        if cluster is None:
            return
        self.run += 1
        self.state, self.done, self.total, self.written = "running", 0, 0, None
        self._began = time.monotonic()

        def events(stop: Event) -> Iterator[Any]:
            yield from bundling.collected(services, cluster, guided, wanted, stop)

        self._stop = stream(self, "collect", self.run, events)
        self.query_one("#choices").focus()
        self._draw()

    def _ask_to_replace(self, path: str) -> None:
        from tui.screens.confirm import SureDialog

        def decided(yes: bool | None) -> None:
            if yes:
                self._begin(force=True)

        question = self.say("collect.replace", path=path)
        self.app.push_screen(
            SureDialog(question, self.say("collect.replace_yes"), self.say("confirm.no")), decided
        )

    def _fail(self, why: str) -> None:
        self.state, self.error = "failed", one_line(why, 400)
        self._draw()

    def on_event_arrived(self, message: EventArrived) -> None:
        """How far it is, or that it is written."""
        if message.run != self.run or not self.busy:
            return
        event = message.event
        if isinstance(event, Written):
            self.state, self.written = "done", event
        elif isinstance(event, CheckFinished):
            self.done, self.total = event.done, event.total
            self.state = "cleaning" if event.done == event.total else "running"
        elif isinstance(event, RunStarted):
            self.total = event.total
        elif isinstance(event, RunProgress):
            self.left = event.left
        self._draw()

    def on_stream_ended(self, message: StreamEnded) -> None:
        """It is over; an error says why."""
        if message.run == self.run and self.busy and message.error is not None:
            self._fail(message.why(self.app.lang))

    # --- actions ------------------------------------------------------------------------------------------------

    @on(OptionList.OptionSelected, "#choices")
    def _choose(self, event: OptionList.OptionSelected) -> None:
        if self.busy:
            return
        name = event.option.id or ""
        if name in self.mask:
            self.mask[name] = not self.mask[name]
            self._draw()
        elif name == "scope":
            self._choose_scope()
        else:
            self._begin()

    def _choose_scope(self) -> None:
        from tui.screens.choose import ChooseDialog, Item

        articles = [Item(a.id, a.title(self.app.lang), a.id) for a in self.app.link.guided()]
        items = [Item("", self.say("collect.all"), ""), *articles]

        def chosen(picked: tuple[str, ...] | None) -> None:
            if picked is not None:
                self.article = picked[0]
                self._draw()

        self.app.push_screen(ChooseDialog(self.say("collect.scope"), items, chosen=[self.article]), chosen)

    def action_stop(self) -> None:
        """Ends it; nothing is written."""
        if self.busy and self._stop is not None:
            self._stop.set()
            self.state = "stopped"
            self._draw()

    def action_panes(self) -> None:
        """Between the file and the choices."""
        box, view = self.query_one("#file"), self.query_one("#choices")
        (view if box.has_focus else box).focus()

    def action_back(self) -> None:
        """Stops what runs; else back."""
        if self.busy:
            self.action_stop()
        else:
            super().action_back()
