"""The sessions of the journal: look, go on, export."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from kb.safe import one_line
from tui.i18n import ago
from tui.messages import Answered
from tui.screens.base import KlinikScreen
from tui.widgets.hints import Hint
from tui.widgets.rows import Row
from tui.widgets.say import dim, foreign
from tui.work import ask

if TYPE_CHECKING:
    from checks.session import SessionSummary


class SessionsScreen(KlinikScreen[None]):
    """All sessions, the latest first."""

    CSS_PATH = "raw.tcss"
    AUTO_FOCUS = "#sessions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "export", show=False),
        Binding("o", "look", show=False),
    ]
    help_key = "sessions"

    def __init__(self) -> None:
        super().__init__()
        self.sessions: tuple[SessionSummary, ...] = ()

    def body(self) -> Iterator[Widget]:
        """A title and the list."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield OptionList(id="sessions", markup=False)

    def ready(self) -> None:
        """Reads the journals on a thread."""
        self.action_again()

    def on_screen_resume(self) -> None:
        """Back from a session: read again."""
        self.action_again()

    def way_here(self) -> Callable[[], None] | None:
        """The list again."""
        return self.app.open_sessions

    def action_again(self) -> None:
        """Reads the journals again."""
        folder = self.app.services.sessions_dir

        def read() -> tuple[SessionSummary, ...]:
            from checks.journal import list_sessions

            return tuple(list_sessions(folder()))

        ask(self, "sessions", 0, read)

    def on_answered(self, message: Answered) -> None:
        """The list is read, or an export is written."""
        if message.error is not None:
            self.notify(one_line(str(message.error)), severity="error", markup=False)
        elif message.tag == "sessions":
            self.sessions = message.value
            self._draw()
        elif message.tag == "export":
            self.app.copy_to_clipboard(str(message.value))
            self.notify(self.say("sessions.exported", path=message.value), markup=False, timeout=10)
        elif message.tag == "look":
            self.app.open_text(*message.value)

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def _draw(self) -> None:
        lang, now = self.app.lang, time.time()
        title = Content.assemble((f" {self.say('sessions.title')}", "bold"), dim(f"  {len(self.sessions)}"))
        self.query_one("#crumb", Static).update(title)
        view = self.query_one("#sessions", OptionList)
        at = view.highlighted
        view.set_options([Option(self._row(s, lang, now), id=s.id) for s in self.sessions])
        if not self.sessions:
            view.add_option(Option(dim(self.say("sessions.none")), disabled=True))
        elif at is not None:
            view.highlighted = min(at, len(self.sessions) - 1)
        else:
            view.highlighted = 0

    def _row(self, session: SessionSummary, lang: str, now: float) -> Row:
        if session.problem is not None:
            return Row(foreign(session.id), below=(foreign(session.problem.get(lang), "$text-error"),))
        state = session.outcome or ("in-doubt" if session.in_doubt else "open")
        style = {"solved": "$text-success", "open": "$text-warning", "in-doubt": "bold $text-error"}.get(
            state, "$quiet"
        )
        left = Content.assemble(
            (self.say(f"sessions.{state}"), style), "  ", foreign(session.title.get(lang), "bold")
        )
        cluster = one_line(session.practice or session.context) or self.say("status.absent")
        said = self.say(
            "home.session",
            cluster=cluster,
            done=session.done,
            total=session.total,
            who=one_line(session.operator),
        )
        return Row(left, dim(ago(lang, max(0.0, now - session.updated))), (dim(said),), indent=2)

    def _chosen(self) -> SessionSummary | None:
        at = self.query_one("#sessions", OptionList).highlighted
        return self.sessions[at] if at is not None and at < len(self.sessions) else None

    @on(OptionList.OptionSelected, "#sessions")
    def _opened(self) -> None:
        session = self._chosen()
        if session is None or session.problem is not None:
            return
        if session.finished or (session.practice, session.context) != self.app.here:
            self.action_look()
            if not session.finished:
                where = one_line(session.practice or session.context) or self.say("status.absent")
                self.notify(self.say("sessions.elsewhere", cluster=where), markup=False, timeout=8)
            return
        self.app.open_guide(session.article, session.path)

    def action_look(self) -> None:
        """Reads a session without going on with it."""
        session, lang = self._chosen(), self.app.lang
        if session is not None:
            ask(self, "look", 0, lambda: (session.title.get(lang), _markdown(session, lang)))

    def action_export(self) -> None:
        """Writes the session as Markdown beside its journal; the path is copied."""
        session, lang = self._chosen(), self.app.lang
        if session is None:
            return

        def write() -> Path:
            import os

            path = Path(session.path).with_suffix(".md")
            text = _markdown(session, lang)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            return path

        ask(self, "export", 0, write)

    def hints(self) -> tuple[Hint, ...]:
        """What can be done with a session."""
        return (
            self.hint("Enter", "resume"),
            self.hint("o", "look", "look"),
            self.hint("e", "export", "export"),
            self.hint("Esc", "back", "back"),
        )


def _markdown(session: SessionSummary, lang: str) -> str:
    from checks.export import session_markdown
    from checks.journal import read
    from checks.session import fold, interrupted

    return session_markdown(interrupted(fold(read(Path(session.path)))), lang)
