"""Muting a known finding: why, and for how long; what lifts it before that is said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from kb.safe import one_line
from tui import spans
from tui.screens.dialog import Dialog
from tui.widgets.say import dim, foreign

if TYPE_CHECKING:
    from checks.findings.mutes import Kind
    from tui.app import KlinikApp

USUAL = "7d"


class Known(NamedTuple):
    """Why something is muted, and until when (Unix time)."""

    reason: str
    until: float


class MuteDialog(Dialog[Known]):
    """Two lines; Enter goes on and then takes them, Esc leaves everything as it was."""

    help_key = "mute"

    def __init__(self, title: str) -> None:
        super().__init__()
        self.subject = title

    def compose(self) -> ComposeResult:
        """What is muted, the two lines, and what is wrong with them."""
        with self.frame():
            title = Content.assemble(
                (self.say("mutes.question"), "bold"), "  ", foreign(self.subject, "bold $accent")
            )
            yield Static(title, markup=False)
            yield Static(dim(self.say("mutes.explain")), markup=False)
            yield Input(id="reason", placeholder=self.say("mutes.reason"))
            yield Input(USUAL, id="span", placeholder=self.say("mutes.span"), select_on_focus=True)
            yield Static("", id="wrong", markup=False)
            yield Static(dim(self.say("mutes.keys")), markup=False)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#reason").focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        reason = self.query_one("#reason", Input).value.strip()
        if not reason:
            self._wrong(self.say("mutes.no_reason"))
            self.query_one("#reason").focus()
        elif event.input.id == "reason":
            self.query_one("#span").focus()
        else:
            self._take(reason, event.value)

    def _take(self, reason: str, span: str) -> None:
        try:
            self.dismiss(Known(reason, spans.until(span, time.time())))
        except ValueError:
            self._wrong(self.say("mutes.bad_span"))

    def _wrong(self, text: str) -> None:
        self.query_one("#wrong", Static).update(Content.styled(text, "$text-error"))


def ask_to_mute(app: KlinikApp, kind: Kind, name: str, title: str) -> None:
    """Asks why and for how long an article or a check is muted, and writes it down as it is now."""
    from checks.findings.mutes import MuteError

    def taken(known: Known | None) -> None:
        if known is None:
            return
        try:
            app.triaging.keep(app.triaging.mute(kind, name, known.reason, known.until))
        except MuteError as error:
            why = one_line(error.text.get(app.lang), 300)
            app.notify(why, severity="warning", markup=False, timeout=8)

    app.push_screen(MuteDialog(title), taken)
