"""A session in the order it happened: when, after how long, how it went; and at length what is under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from checks.sessions.timeline import Moment, timeline
from kb.messages import message
from kb.safe import one_line, printable
from tui import sessionwork
from tui.keys import quiet
from tui.messages import Answered
from tui.screens import sessionfiles
from tui.screens.base import KlinikScreen
from tui.theme import VERDICT_STYLE, Signs
from tui.walker import wording
from tui.widgets.hints import Hint
from tui.widgets.rows import Page, Row
from tui.widgets.say import dim
from tui.work import ask

if TYPE_CHECKING:
    from checks.sessions.session import Session

_SIGNS = {"good": "ok", "bad": "fail", "doubt": "unknown"}
GAP = 1.0
"""Seconds between two lines from which on the time between them is shown."""


class TimelineScreen(KlinikScreen[None]):
    """One session, read from its journal."""

    CSS_PATH = "timeline.tcss"
    AUTO_FOCUS = "#moments"
    BINDINGS: ClassVar[list[BindingType]] = quiet({"ctrl+y": "copy", "y": "copy", "e": "export"})
    help_key = "timeline"

    def __init__(self, journal: str) -> None:
        super().__init__()
        self.journal = journal
        self.session: Session | None = None
        self.moments: tuple[Moment, ...] = ()
        self.problem = ""

    def body(self) -> Iterator[Widget]:
        """A title, the moments, and what is behind the one under the cursor."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield OptionList(id="moments", markup=False)
        with VerticalScroll(id="closer"):
            yield Static("", markup=False)

    def ready(self) -> None:
        """The journal is read on a thread."""
        self.action_again()

    def action_again(self) -> None:
        """Reads the journal again: it may be one that is being written."""
        path = self.journal
        ask(self, "session", 0, lambda: sessionwork.session_of(path))

    def way_here(self) -> Callable[[], None] | None:
        """The same timeline again."""
        app, path = self.app, self.journal
        return lambda: app.open_timeline(path)

    def on_answered(self, message: Answered) -> None:
        """The session is read, or something became of an export."""
        if message.tag != "session":
            sessionfiles.answered(self, message)
        elif message.error is not None:
            self.problem = one_line(wording(message.error, self.app.lang), 400)
            self._draw()
        else:
            self.session, self.problem = message.value, ""
            self.moments = timeline(message.value)
            self._draw()

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def _draw(self) -> None:
        lang, signs, session = self.app.lang, self.app.signs, self.session
        if session is None or self.problem:
            said = self.problem or sessionfiles.say(self.app, "reading")
            self.query_one("#crumb", Static).update(
                Content.styled(f" {said}", "$text-error" if self.problem else "$quiet")
            )
            return
        left = Content.assemble(
            (f" {message('timeline.heading').get(lang)}  ", "bold"),
            one_line(session.title.get(lang) or session.id, 200),
        )
        self.query_one("#crumb", Static).update(Row(left, dim(_day(session.opened))))
        view = self.query_one("#moments", OptionList)
        at = view.highlighted
        before = [None, *self.moments]
        view.set_options(
            Option(line(one, earlier, lang, signs))
            for one, earlier in zip(self.moments, before, strict=False)
        )
        if self.moments:
            view.highlighted = min(at if at is not None else 0, len(self.moments) - 1)

    @on(OptionList.OptionHighlighted, "#moments")
    def _moved(self) -> None:
        one, lang = self.chosen, self.app.lang
        lines = [Content.styled(printable(one.text.get(lang)), "bold")] if one is not None else []
        for more in one.more if one is not None else ():
            text = printable(more.get(lang))
            lines.append(Content.styled(f"  {text}", "$primary" if text.startswith("$ ") else ""))
        self.query_one("#closer > Static", Static).update(Page(lines))
        self.query_one("#closer").scroll_home(animate=False)

    @property
    def chosen(self) -> Moment | None:
        """What is under the cursor."""
        at = self.query_one("#moments", OptionList).highlighted
        return self.moments[at] if at is not None and at < len(self.moments) else None

    def action_copy(self) -> None:
        """The command of the moment under the cursor, or all that is said of it."""
        one, lang = self.chosen, self.app.lang
        if one is None:
            return
        told = [printable(more.get(lang)) for more in one.more]
        text = next(
            (line[2:] for line in told if line.startswith("$ ")),
            "\n".join([printable(one.text.get(lang)), *told]),
        )
        self.app.copy_to_clipboard(text)
        self.notify(self.say("copied", n=len(text.splitlines())), markup=False)

    def action_export(self) -> None:
        """Writes the session in the form that is chosen."""
        if self.session is not None:
            sessionfiles.export(self, self.session.id, self.journal)

    def hints(self) -> tuple[Hint, ...]:
        """Reading and taking along."""
        return (
            self.hint("^Y", "copy_line", "copy"),
            self.hint("e", "export", "export"),
            self.hint("^R", "again", "read_again"),
            self.hint("Esc", "back", "back"),
        )


def line(one: Moment, before: Moment | None, lang: str, signs: Signs) -> Row:
    """One moment: its time of day (with the day where that changed), its sign, and how long after the one before."""
    new_day = before is None or _day(before.at) != _day(one.at)
    clock = (
        datetime.fromtimestamp(one.at)
        .astimezone()
        .strftime("%m-%d %H:%M:%S" if new_day else "      %H:%M:%S")
    )
    sign = signs.verdicts.get(_SIGNS.get(one.tone, ""), signs.dot)
    style = VERDICT_STYLE.get(_SIGNS.get(one.tone, ""), "$quiet")
    text = Content.assemble(dim(clock), "  ", (sign, style), "  ", one_line(one.text.get(lang), 400))
    gone = one.at - before.at if before is not None else 0.0
    return Row(text, dim(f"+{_long(gone)}" if gone >= GAP else ""), share=0.3)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d")


def _long(seconds: float) -> str:
    """How long in the unit that still says something; the same in both languages."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
