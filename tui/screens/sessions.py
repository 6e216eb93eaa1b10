"""The sessions of the journal: go on, read, follow in time, take along, take in, begin an article with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from kb.messages import message as words
from kb.safe import one_line
from tui import sessionwork
from tui.i18n import ago
from tui.keys import quiet
from tui.messages import Answered
from tui.screens import sessionfiles
from tui.screens import sessionfiles_draft as drafting
from tui.screens.base import KlinikScreen
from tui.walker import wording
from tui.widgets.hints import Hint
from tui.widgets.rows import Row
from tui.widgets.say import dim, foreign
from tui.work import ask

if TYPE_CHECKING:
    from pathlib import Path

    from checks.cluster import Cluster
    from checks.sessions.session import SessionSummary

STYLES = {"solved": "$text-success", "open": "$text-warning", "in-doubt": "bold $text-error"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A session, and which other process works on it now (0: none that is known)."""

    session: SessionSummary
    pid: int = 0
    here: bool = False
    """Whether it is one of the cluster at hand, whatever the operator calls that."""


class SessionsScreen(KlinikScreen[None]):
    """All sessions, the latest first."""

    CSS_PATH = "raw.tcss"
    AUTO_FOCUS = "#sessions"
    BINDINGS: ClassVar[list[BindingType]] = quiet({
        "e": "export", "o": "look", "t": "timeline", "i": "take_in", "d": "draft",
        "y": "summary", "ctrl+y": "summary", "U": "rewind",
    })  # fmt: skip
    help_key = "sessions"
    AGES = 10.0

    def __init__(self, *, take_in: bool = False) -> None:
        super().__init__()
        self.asks = take_in
        """Whether it begins with the question for a file."""
        self.listed: tuple[Listed, ...] = ()

    @property
    def sessions(self) -> tuple[SessionSummary, ...]:
        """The sessions in the order of the list."""
        return tuple(one.session for one in self.listed)

    def body(self) -> Iterator[Widget]:
        """A title and the list."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield OptionList(id="sessions", markup=False)

    def ready(self) -> None:
        """Reads the journals on a thread."""
        self.action_again()
        if self.asks:
            self.call_after_refresh(self.action_take_in)

    def on_screen_resume(self) -> None:
        """Back from a session: read again."""
        self.action_again()

    def way_here(self) -> Callable[[], None] | None:
        """The list again."""
        return self.app.open_sessions

    def action_again(self) -> None:
        """Reads the journals again."""
        folder, cluster = self.app.services.sessions_dir, self.app.link.cluster
        ask(self, "sessions", 0, lambda: listed(folder(), cluster))

    def on_answered(self, message: Answered) -> None:
        """The list is read, or something became of an export, an import or a draft."""
        if drafting.taken(self, message):
            return
        if message.error is not None:
            self.notify(one_line(wording(message.error, self.app.lang)), severity="error", markup=False)
        elif message.tag == "sessions":
            self.listed = message.value
            self._draw()
        elif message.tag == "look":
            self.app.open_text(*message.value)

    def older(self) -> None:
        """When each was last worked on."""
        self._draw()

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    # --- drawing ------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        lang, now = self.app.lang, time.time()
        title = Content.assemble((f" {self.say('sessions.title')}", "bold"), dim(f"  {len(self.listed)}"))
        self.query_one("#crumb", Static).update(title)
        view = self.query_one("#sessions", OptionList)
        at = view.highlighted
        view.set_options([Option(self._row(one, lang, now), id=one.session.path) for one in self.listed])
        if not self.listed:
            view.add_option(Option(dim(self.say("sessions.none")), disabled=True))
        elif at is not None:
            view.highlighted = min(at, len(self.listed) - 1)
        else:
            view.highlighted = 0
        self.refresh_hints()

    def _row(self, one: Listed, lang: str, now: float) -> Row:
        session = one.session
        wrong = self._wrong(session)
        if wrong:
            return Row(foreign(session.id), below=(foreign(wrong, "$text-error"),))
        state = session.outcome or ("in-doubt" if session.in_doubt else "open")
        left = Content.assemble(
            (self.say(f"sessions.{state}") if state in KNOWN else one_line(state, 40), STYLES.get(state, "$quiet")),
            "  ", foreign(session.title.get(lang), "bold"),
        )  # fmt: skip
        cluster = one_line(session.practice or session.context) or self.say("status.absent")
        said = self.say(
            "home.session",
            cluster=cluster,
            done=session.done,
            total=session.total,
            who=one_line(session.operator),
        )
        below = [dim(said)]
        if one.pid:
            used = sessionfiles.say(self.app, "in-use", pid=one.pid)
            below.append(Content.styled(used, "$text-warning"))
        return Row(left, dim(ago(lang, max(0.0, now - session.updated))), tuple(below), indent=2)

    def _wrong(self, session: SessionSummary) -> str:
        """Why a file of the folder is no session that can be opened; empty where it is one."""
        if session.problem is not None:
            return session.problem.get(self.app.lang)
        return "" if session.article else sessionfiles.say(self.app, "no-session")

    # --- doing --------------------------------------------------------------------------------------------------

    def _chosen(self) -> Listed | None:
        """The session under the cursor, where it can be read."""
        at = self.query_one("#sessions", OptionList).highlighted
        one = self.listed[at] if at is not None and at < len(self.listed) else None
        if one is not None and self._wrong(one.session):
            self.notify(one_line(self._wrong(one.session), 300), severity="warning", markup=False)
            return None
        return one

    @on(OptionList.OptionSelected, "#sessions")
    def _opened(self) -> None:
        one = self._chosen()
        if one is None:
            return
        session = one.session
        if session.finished or one.pid or not one.here:
            self.action_look()
            if one.pid:
                self.notify(
                    sessionfiles.say(self.app, "in-use", pid=one.pid),
                    severity="warning",
                    markup=False,
                    timeout=8,
                )
            elif not session.finished:
                where = one_line(session.practice or session.context) or self.say("status.absent")
                self.notify(self.say("sessions.elsewhere", cluster=where), markup=False, timeout=8)
            return
        self.app.open_guide(session.article, session.path)

    def action_rewind(self) -> None:
        """Goes on with a session of this cluster, also one that is finished, to undo all of it."""
        one = self._chosen()
        if one is None:
            return
        session = one.session
        if one.pid:
            self.notify(sessionfiles.say(self.app, "in-use", pid=one.pid), severity="warning", markup=False)
        elif not one.here:
            where = one_line(session.practice or session.context) or self.say("status.absent")
            self.notify(self.say("sessions.elsewhere", cluster=where), markup=False, timeout=8)
        else:
            self.app.open_rewind(session.article, session.path)

    def action_look(self) -> None:
        """Reads a session without going on with it."""
        one, lang = self._chosen(), self.app.lang
        if one is not None:
            session = one.session
            ask(self, "look", 0, lambda: (session.title.get(lang), _markdown(session, lang)))

    def action_timeline(self) -> None:
        """The session in the order it happened."""
        one = self._chosen()
        if one is not None:
            self.app.open_timeline(one.session.path)

    def action_export(self) -> None:
        """Writes the session in the form and to the place that are chosen; the path is copied."""
        one = self._chosen()
        if one is not None:
            sessionfiles.export(self, one.session.id, one.session.path)

    def action_summary(self) -> None:
        """A few sentences for a chat, to the clipboard."""
        one = self._chosen()
        if one is not None:
            sessionfiles.summarize(self, one.session.path)

    def action_take_in(self) -> None:
        """A session that somebody else handed over."""
        sessionfiles.take_in(self)

    def action_draft(self) -> None:
        """Begins an article with the session."""
        one = self._chosen()
        if one is not None:
            drafting.begin(self, one.session.path)

    def hints(self) -> tuple[Hint, ...]:
        """What can be done with a session."""
        if not self.listed:
            return (self.hint("i", "take_in", "take_in"), self.hint("Esc", "back", "back"))
        return (
            self.hint("Enter", "resume"),
            self.hint("o", "look", "look"),
            self.hint("t", "timeline", "timeline"),
            self.hint("e", "export", "export"),
            Hint("U", words("undo.key-whole").get(self.app.lang), "rewind"),
            self.hint("y", "summary", "summary"),
            self.hint("i", "take_in", "take_in"),
            self.hint("d", "draft", "draft"),
            self.hint("Esc", "back", "back"),
        )


KNOWN = ("solved", "not-solved", "abandoned", "open", "in-doubt")


def listed(folder: Path, cluster: Cluster | None) -> tuple[Listed, ...]:
    """All sessions of the folder: which another process works on, which are of this cluster."""
    import os
    from pathlib import Path

    from checks.clusteruid import uid_of
    from checks.identity import same_cluster
    from checks.sessions.journal import holder_of, list_sessions
    from checks.walking.nowhere import Nowhere

    at = cluster or Nowhere()  # guides derived from a text are walked without any
    uid = uid_of(at)
    found = []
    for session in list_sessions(folder):
        pid = 0 if session.finished else holder_of(Path(session.path))
        here = same_cluster(session.cluster, at.info, uid)
        found.append(Listed(session, 0 if pid == os.getpid() else pid, here))
    return tuple(found)


def _markdown(session: SessionSummary, lang: str) -> str:
    from checks.sessions.export import session_markdown

    return session_markdown(sessionwork.session_of(session.path), lang)
