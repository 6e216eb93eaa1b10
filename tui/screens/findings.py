"""What is wrong in the library: found while one reads, narrowed by severity and words, one key from its article."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from kb.problem import SEVERITIES
from kb.safe import one_line
from tui.keys import quiet
from tui.messages import Answered, EventArrived, StreamEnded
from tui.screens import findings_rows as rows
from tui.screens.base import KlinikScreen
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Row
from tui.widgets.say import dim
from tui.work import ask, stream

if TYPE_CHECKING:
    from kb.model import Article
    from kb.problem import Problem
    from tui.upkeep import News


class FindingsScreen(KlinikScreen[None]):
    """Runs lint over all roots and shows what it and the index have to say."""

    CSS_PATH = "findings.tcss"
    AUTO_FOCUS = "#findings"
    BINDINGS: ClassVar[list[BindingType]] = quiet({
        "e": "only('error')", "w": "only('warning')", "i": "only('info')", "a": "only('')",
        "slash": "filter", "x": "stop", "ctrl+y": "copy", "y": "copy",
    })  # fmt: skip
    help_key = "findings"

    def __init__(self) -> None:
        super().__init__()
        self.found = rows.Found()
        self.severity = ""
        """Only this severity is shown; empty: all."""
        self.behind: dict[str, Problem] = {}
        self.state = "running"
        """running, done, stopped or failed."""
        self.done = self.total = 0
        self.error = ""
        self.run = 0
        self.changed = False
        """Files changed since the run began."""
        self._stop: Event | None = None
        self._began = self._took = 0.0
        self._drawing: Timer | None = None
        self._drawn_in = 0.0
        """Seconds the last drawing took: many findings are drawn less often."""
        self._moved = False

    # --- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterator[Widget]:
        """A line of counts, the list, the filter."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield Static("", id="line", markup=False)
        yield OptionList(id="findings", markup=False)
        yield Static("", id="advice", markup=False)
        yield Input(id="filter", select_on_focus=True)

    def ready(self) -> None:
        """Begins at once."""
        self.query_one("#filter").display = False
        self.action_again()

    def on_unmount(self) -> None:
        """Nobody listens any more."""
        if self._stop is not None:
            self._stop.set()

    def way_here(self) -> Callable[[], None] | None:
        """The findings again."""
        return self.app.open_findings

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def hints(self) -> tuple[Hint, ...]:
        """What can be done with a finding."""
        if isinstance(self.focused, Input):
            return (self.hint("Enter", "results"), self.hint("Esc", "back", "back"))
        stop = (self.hint("x", "stop", "stop"),) if self.state == "running" else ()
        return (
            self.hint("Enter", "open", "open"),
            self.hint("^Y", "copy_place", "copy"),
            *stop,
            self.hint("e w i a", "severities"),
            self.hint("/", "filter", "filter"),
            self.hint("^R", "again", "read_again"),
            self.hint("Esc", "back", "back"),
        )

    # --- running ------------------------------------------------------------------------------------------------

    def action_again(self) -> None:
        """Everything again, from the files as they are now."""
        self.action_stop()
        self.run += 1
        self.found, self.behind = rows.Found(), {}
        self.state, self.done, self.total, self.error = "running", 0, 0, ""
        self.changed, self._began = False, time.monotonic()
        services, run = self.app.services, self.run

        def events(stop: Event) -> Iterator[Any]:
            from tui.librarycare import findings

            def told(done: int, total: int) -> None:
                self.post_message(EventArrived("progress", run, (done, total)))

            yield from findings(services.shelf().library, stop, told)

        self._stop = stream(self, "lint", run, events)
        self._draw()

    def action_stop(self) -> None:
        """No more is looked for; what was found stays."""
        if self._stop is not None and self.state == "running":
            self._stop.set()
            self.state, self._took = "stopped", time.monotonic() - self._began
            self._draw()

    def on_event_arrived(self, message: EventArrived) -> None:
        """More findings, or how far it is."""
        if message.run != self.run:
            return
        if message.tag == "progress":
            self.done, self.total = message.event
        else:
            self.found.add(message.event)
        if self._drawing is None:
            self._drawing = self.set_timer(max(0.2, 10 * self._drawn_in), self._draw)

    def on_stream_ended(self, message: StreamEnded) -> None:
        """All files are read, or something went wrong."""
        if message.run != self.run or self.state != "running":
            return
        self.state = "failed" if message.error else "done"
        self.error = message.why(self.app.lang)
        self._took = time.monotonic() - self._began
        self._draw()

    def files_changed(self, news: News) -> None:
        """The findings are those of before; Ctrl+R looks again."""
        if news.changed or news.removed:
            self.changed = True
            self._draw()

    # --- drawing ------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        if self._drawing is not None:
            self._drawing.stop()
            self._drawing = None
        began = time.perf_counter()
        shelf, lang, signs = self.app.link.shelf, self.app.lang, self.app.signs
        words = self.query_one("#filter", Input).value
        chosen = self.found.chosen(self.severity, words)
        lines, self.behind = rows.options(chosen, shelf.library.roots if shelf else (), lang, signs)
        view = self.query_one("#findings", OptionList)
        at = view.highlighted_option.id if view.highlighted_option is not None and self._moved else ""
        if lines:
            first = next((line.id for line in lines if not line.disabled), None)
            settle(view, lines, at if at in self.behind else first or "")
        else:
            key = "findings.none" if self.state == "done" and not self.found.by_key else "findings.none_shown"
            view.set_options([] if self.state == "running" else [Option(dim(self.say(key)), disabled=True)])
        self._draw_head(len(chosen))
        self._advise()
        self.refresh_hints()
        self._drawn_in = time.perf_counter() - began

    def _advise(self) -> None:
        said = rows.advice(self._chosen(), self.app.lang)
        self.query_one("#advice", Static).update(Content.styled(f" {said}", "$accent"))

    def _draw_head(self, shown: int) -> None:
        counts = Content("   ").join([
            Content.styled(
                f"{self.found.count(severity):,} {self.say(f'findings.{severity}')}",
                (rows.STYLES[severity] if self.found.count(severity) else "$quiet")
                + (" underline" if severity == self.severity else ""),
            )
            for severity in SEVERITIES
        ])  # fmt: skip
        title = Content.assemble((f" {self.say('findings.title')}  ", "bold"), counts)
        self.query_one("#crumb", Static).update(Row(title))
        seconds = f"{self._took:.0f}"
        key = "starting" if self.state == "running" and not self.total else self.state
        said = self.say(f"findings.{key}", done=f"{self.done:,}", total=f"{self.total:,}", seconds=seconds)
        style = "$text-error" if self.state == "failed" else "$quiet"
        left = Content.styled(f" {said} {self.error}".rstrip(), style)
        if self.changed:
            left = Content.assemble(left, ("  " + self.say("findings.changed"), "$text-warning"))
        if self.found.dropped:
            left = Content.assemble(
                left, dim("  " + self.say("findings.dropped", n=f"{self.found.dropped:,}"))
            )
        right = Content.styled(self.say("findings.shown", n=f"{shown:,}"), "$quiet")
        self.query_one("#line", Static).update(Row(left, right))

    # --- actions ------------------------------------------------------------------------------------------------

    @on(OptionList.OptionHighlighted, "#findings")
    def _on_line(self, event: OptionList.OptionHighlighted) -> None:
        first = next((line.id for line in event.option_list.options if not line.disabled), None)
        self._moved = self._moved or (event.option.id != first)
        self._advise()

    def _chosen(self) -> Problem | None:
        option = self.query_one("#findings", OptionList).highlighted_option
        return self.behind.get(option.id or "") if option is not None else None

    @on(OptionList.OptionSelected, "#findings")
    def action_open(self) -> None:
        """The article of the finding, in the language of its file."""
        problem, services = self._chosen(), self.app.services
        if problem is None:
            return
        if not problem.article:
            self.notify(self.say("findings.no_article"), markup=False)
            return
        name = problem.article
        ask(self, "open", 0, lambda: (services.shelf().library.get(name), problem))

    def on_answered(self, message: Answered) -> None:
        """The article is read, or cannot be."""
        article: Article | None = message.value[0] if message.value else None
        if message.error is not None or article is None:
            self.notify(self.say("findings.unreadable"), severity="warning", markup=False)
            return
        path = message.value[1].path
        langs = [lang for lang, text in article.texts.items() if text.path == path]
        self.app.open_article(article.id, langs[0] if langs else "")

    def action_copy(self) -> None:
        """Copies ``path:line``."""
        problem = self._chosen()
        if problem is not None:
            where = one_line(rows.place(problem), 2000)
            self.app.copy_to_clipboard(where)
            self.notify(self.say("findings.copied", where=where), markup=False)

    def action_only(self, severity: str) -> None:
        """Only one severity, or all."""
        self.severity = "" if self.severity == severity else severity
        self._moved = False
        self._draw()

    def action_filter(self) -> None:
        """Opens the box that narrows by words."""
        box = self.query_one("#filter", Input)
        box.placeholder = self.say("findings.filter")
        box.display = True
        box.focus()

    @on(Input.Changed, "#filter")
    def _narrowed(self) -> None:
        self._moved = False
        self._draw()

    @on(Input.Submitted, "#filter")
    def _to_list(self) -> None:
        self.query_one("#findings").focus()

    def action_back(self) -> None:
        """Out of the filter, which is emptied; else back."""
        box = self.query_one("#filter", Input)
        if box.display:
            box.value = ""
            box.display = False
            self.query_one("#findings").focus()
        else:
            super().action_back()
