"""One check at length: its answer, why it is asked, what it reads and needs, and where it leads."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from checks.findings.finding import SHOWS
from kb.safe import one_line
from tui.keys import quiet
from tui.messages import Answered
from tui.screens import check_text
from tui.screens.base import KlinikScreen
from tui.screens.checks import known_of, open_evidence, run_one
from tui.screens.mute import ask_to_mute
from tui.widgets.hints import Hint
from tui.widgets.rows import Page
from tui.work import ask

if TYPE_CHECKING:
    from checks.layout import Layout
    from checks.model import CheckSpec


class CheckScreen(KlinikScreen[None]):
    """A check to read and to run."""

    CSS_PATH = "checks.tcss"
    AUTO_FOCUS = "#page"
    BINDINGS: ClassVar[list[BindingType]] = quiet({
        "c": "check", "f7": "check", "o": "evidence", "f9": "evidence", "a": "article", "enter": "article",
        "y": "copy", "ctrl+y": "copy", "x": "stop", "ctrl+g": "stop", "m": "mute", "f6": "mute", "p": "paste",
        "question_mark": "help",
    })  # fmt: skip
    help_key = "check"
    AGES = 5.0
    ROWS = 200
    """Targets that are shown."""

    def __init__(self, check: str) -> None:
        super().__init__()
        self.check = check
        self.spec: CheckSpec | None = None
        self.layout_known: Layout | None = None
        self.error = ""

    def body(self) -> Iterator[Widget]:
        """A title and the text."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield VerticalScroll(Static("", id="text", markup=False), id="page")

    def ready(self) -> None:
        """The check is looked up on a thread."""
        services, check = self.app.services, self.check
        ask(self, "spec", 0, lambda: (services.catalogue().get(check), services.layout()))

    def way_here(self) -> Callable[[], None] | None:
        """The check again."""
        return partial(self.app.open_check, self.check)

    def on_answered(self, message: Answered) -> None:
        """The check is there, or there is none of that name."""
        if message.error is not None:
            self.error = self.say("checks.no_such", check=one_line(self.check))
        else:
            self.spec, self.layout_known = message.value
            self.app.rights.ask(check_text.needs(self.spec, self.layout_known))
        self.retext()

    def older(self) -> None:
        """How old the answer is."""
        self.retext()

    def retext(self) -> None:
        """Everything again: another language, or another answer."""
        crumb = f" {self.say('checks.title')} {self.app.signs.arrow} {one_line(self.check)}"
        self.query_one("#crumb", Static).update(Content.styled(crumb, "bold"))
        if self.spec is None or self.layout_known is None:
            self.query_one("#text", Static).update(Content.styled(self.error, "$text-error"))
            return
        result = self.app.runs.latest(self.check)
        lines = check_text.page(self.spec, result, self.layout_known, known_of(self.app), self.ROWS)
        self.query_one("#text", Static).update(Page(lines))
        self.refresh_hints()

    def checks_news(self) -> None:
        """An answer came."""
        self.retext()

    def rights_news(self) -> None:
        """The server said what is allowed."""
        self.retext()

    def cluster_news(self) -> None:
        """Another cluster, or results of the triage."""
        self.retext()

    def hints(self) -> tuple[Hint, ...]:
        """Run it, see what it rests on, go where it leads."""
        article = (self.hint("Enter", "article", "article"),) if self.spec and self.spec.articles else ()
        result = self.app.runs.latest(self.check)
        mute = (self.hint("m", "mute", "mute"),) if result is not None and result.verdict in SHOWS else ()
        paste = (self.hint("p", "paste_output", "paste"),) if self._elsewhere() else ()
        busy = self.check in (*self.app.runs.running, *self.app.runs.waiting)
        stop = (self.hint("x", "stop", "stop"),) if busy else ()
        return (
            self.hint("c", "check", "check"),
            *stop,
            *paste,
            self.hint("o", "evidence", "evidence"),
            *article,
            *mute,
            self.hint("Esc", "back", "back"),
            self.hint("^Y", "copy_command", "copy"),
        )

    def _elsewhere(self) -> bool:
        """Whether somebody else could get what this user cannot."""
        from checks.pasting.elsewhere import asks

        result = self.app.runs.latest(self.check)
        if self.spec is None or self.layout_known is None or result is None:
            return False
        return bool(asks(self.spec, result, self.layout_known)) or bool(result.pasted)

    def action_paste(self) -> None:
        """What to run elsewhere, and a box for what comes back."""
        if self._elsewhere():
            self.app.open_paste(self.check)
        else:
            self.notify(self.say("paste.not_needed"), markup=False)

    def action_check(self) -> None:
        """Runs it."""
        if self.spec is not None:
            run_one(self.app, self.spec)

    def action_again(self) -> None:
        """Runs it."""
        self.action_check()

    def action_stop(self) -> None:
        """No more is asked."""
        self.app.runs.stop()

    def action_evidence(self) -> None:
        """What its answer rests on, raw."""
        if self.spec is not None:
            open_evidence(self.app, self.spec)

    def action_article(self) -> None:
        """The article it leads to; of several one is chosen."""
        if self.spec is None or not self.spec.articles:
            return
        if len(self.spec.articles) == 1:
            self.app.open_article(self.spec.articles[0])
            return
        from tui.screens.choose import ChooseDialog, Item

        titles = known_of(self.app).titles
        items = [Item(one, titles.get(one, one), one) for one in self.spec.articles]

        def chosen(picked: tuple[str, ...] | None) -> None:
            if picked:
                self.app.open_article(picked[0])

        self.app.push_screen(ChooseDialog(self.say("checks.articles"), items), chosen)

    def action_mute(self) -> None:
        """Mutes it where it is bad."""
        if self.spec is not None:
            ask_to_mute(self.app, "check", self.check, self.spec.title.get(self.app.lang))

    def action_copy(self) -> None:
        """The command line that runs it without the app."""
        text = shlex.join(["klinik", "check", self.check])
        self.app.copy_to_clipboard(text)
        self.notify(self.say("findings.copied", where=text), markup=False)
