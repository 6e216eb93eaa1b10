"""Muting a known finding: why, and for how long; what lifts it before that is said."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from kb.safe import one_line
from tui import spans
from tui.screens.choose import ChooseDialog, Item
from tui.screens.dialog import Dialog
from tui.widgets.say import dim, foreign

if TYPE_CHECKING:
    from checks.findings.mutes import Kind
    from tui.app import KlinikApp

USUAL = "7d"


SHOWN = 3
"""Parts that are named in the dialog."""


class Known(NamedTuple):
    """Why something is muted, and until when (Unix time)."""

    reason: str
    until: float
    parts: tuple[str, ...] = ()
    """Only these; empty: all that is bad."""


class MuteDialog(Dialog[Known]):
    """Two lines; Enter goes on and then takes them, Esc leaves everything as it was."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f6", "parts", show=False, priority=True)]
    help_key = "mute"

    def __init__(self, title: str, parts: Sequence[str] = ()) -> None:
        super().__init__()
        self.subject, self.parts = title, tuple(parts)
        self.chosen: tuple[str, ...] = ()
        """Only these parts; empty: all that is bad."""

    def compose(self) -> ComposeResult:
        """What is muted, the two lines, and what is wrong with them."""
        with self.frame():
            title = Content.assemble(
                (self.say("mutes.question"), "bold"), "  ", foreign(self.subject, "bold $accent")
            )
            yield Static(title, markup=False)
            yield Static(dim(self.say("mutes.explain")), markup=False)
            yield Static(self._which(), id="parts", markup=False)
            yield Input(id="reason", placeholder=self.say("mutes.reason"))
            yield Input(USUAL, id="span", placeholder=self.say("mutes.span"), select_on_focus=True)
            yield Static("", id="wrong", markup=False)
            yield Static(dim(self.say("mutes.keys")), markup=False)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#reason").focus()

    def _which(self) -> Content:
        """What of it is muted; nothing where it has no parts."""
        if not self.parts:
            return Content("")
        if not self.chosen:
            return dim(self.say("mutes.all_parts", n=len(self.parts)))
        more = " …" if len(self.chosen) > SHOWN else ""
        named = ", ".join(one_line(part, 60) for part in self.chosen[:SHOWN]) + more
        words = {"parts": named, "n": len(self.chosen), "total": len(self.parts)}
        return Content.styled(self.say("mutes.some_parts", **words), "bold")

    def action_parts(self) -> None:
        """Chooses some of the bad parts; all or none of them means the whole finding."""
        if not self.parts:
            self._wrong(self.say("mutes.no_parts"))
            return
        items = [Item(str(number), one_line(part, 200), part) for number, part in enumerate(self.parts)]
        ticked = [item.key for item in items if not self.chosen or item.value in self.chosen]

        def taken(picked: tuple[str, ...] | None) -> None:
            if picked is not None:
                self.chosen = picked if len(picked) < len(self.parts) else ()
                self.query_one("#parts", Static).update(self._which())

        question = self.say("mutes.which")
        self.app.push_screen(ChooseDialog(question, items, many=True, chosen=ticked), taken)

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
            self.dismiss(Known(reason, spans.until(span, time.time()), self.chosen))
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
            app.triaging.keep(app.triaging.mute(kind, name, known.reason, known.until, known.parts))
        except MuteError as error:
            why = one_line(error.text.get(app.lang), 300)
            app.notify(why, severity="warning", markup=False, timeout=8)

    app.push_screen(MuteDialog(title, app.triaging.parts(kind, name)), taken)
