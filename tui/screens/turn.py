"""Somebody else is at work on a target: who, for what, since when, until when; and taking over, on purpose only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from kb.messages import message
from kb.safe import one_line
from tui.i18n import ago
from tui.screens.confirm import Sure
from tui.screens.dialog import Dialog
from tui.widgets.rows import Page
from tui.widgets.say import dim, foreign

if TYPE_CHECKING:
    from checks.writing.turns import Claim, Held, Holder

Answer = Literal["take", "again"]
SHOWN = 5
"""Held targets that are shown one by one."""


class TurnDialog(Dialog[Answer]):
    """Nothing was sent. Esc waits, `r` looks again; `T` takes over, on production the typed target and F5 do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("T", "take", show=False),
        Binding("r", "again", show=False),
        Binding("n", "back", show=False),
        Binding("f5", "typed", show=False),
    ]
    help_key = "turn"

    def __init__(self, held: Held) -> None:
        super().__init__()
        self.held = held
        self._seen = time.monotonic()

    def compose(self) -> ComposeResult:
        """Everybody at work, what a take-over does, and the way out."""
        production = self.app.cluster_state.production
        with self.frame(dangerous=True):
            yield Static(Content.styled(self.tell("turn-title"), "bold"), markup=False)
            with VerticalScroll(id="what", can_focus=False):
                yield Static("", id="holders", markup=False)
                yield Static(foreign(self.tell("turn-what"), limit=600), markup=False)
            if production:
                ask = Content.assemble(self.tell("turn-type"), " ", (self.expected, "bold $accent"))
                yield Static(ask, id="ask", markup=False)
                yield Input(id="typed")
            else:
                yield Static(self.tell("turn-key"), id="ask", markup=False)
            with Horizontal(id="buttons"):
                yield Button(self.tell("turn-wait"), id="no")
                yield Sure(self.tell("turn-take"), id="yes", disabled=production)

    def on_mount(self) -> None:
        """The focus is on waiting; what is left of the Leases runs down before one's eyes."""
        self.query_one("#no").focus()
        self._draw()
        self.set_interval(1.0, self._draw)

    @property
    def expected(self) -> str:
        """What is typed on production: the target's own name."""
        return one_line(self.held.claim.target, 200).rpartition("/")[2]

    def tell(self, key: str, **params: object) -> str:
        """One of this dialog's messages."""
        return message(f"execution.{key}", **params).get(self.app.lang)

    def _draw(self) -> None:
        by_name: dict[str, list[tuple[Claim, Holder]]] = {}
        for claim, holder in self.held.all:
            by_name.setdefault(holder.name, []).append((claim, holder))
        lines = [line for some in by_name.values() for line in self._about(some)]
        self.query_one("#holders", Static).update(Page(lines))

    def _about(self, some: list[tuple[Claim, Holder]]) -> Iterator[Content]:
        """One who is at work, for what and until when, and on what of the plan."""
        # The cluster's time, in which Leases are dated, goes on from when they were looked at.
        now, lang = self.held.now + time.monotonic() - self._seen, self.app.lang
        holder = max((one for _, one in some), key=lambda one: one.seen)
        yield Content.assemble(foreign(holder.name, "bold", limit=160))
        if holder.purpose:
            yield Content.assemble(
                dim("  " + self.tell("turn-for") + " "), foreign(holder.purpose, limit=200)
            )
        since = ago(lang, now - holder.since) if holder.since else "–"
        seen = ago(lang, now - holder.seen) if holder.seen else "–"
        left = max(0, round(holder.seen + holder.lasts - now))
        yield dim("  " + self.tell("turn-times", since=since, seen=seen))
        key = "turn-runs-out" if left else "turn-over"
        yield Content.styled("  " + self.tell(key, n=left), "$text-warning" if left else "$text-success")
        for claim, _ in some[:SHOWN]:
            yield Content.assemble("    ", foreign(claim.target, limit=160))
        if len(some) > SHOWN:
            yield dim("  " + self.tell("turn-more", n=len(some) - SHOWN))

    def _right(self) -> bool:
        return " ".join(self.query_one("#typed", Input).value.split()) == self.expected

    @on(Input.Changed, "#typed")
    def _typing(self) -> None:
        self.query_one("#yes", Sure).disabled = not self._right()
        self.query_one("#typed").set_class(self._right(), "-right")

    @on(Input.Submitted, "#typed")
    def _entered(self) -> None:
        self.notify(self.say("confirm.f5" if self._right() else "confirm.not_yet"), markup=False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "yes" and (not self.query("#typed") or self._right()):
            self.dismiss("take")
        elif event.button.id == "no":
            self.action_back()

    def action_take(self) -> None:
        """`T`, where the target need not be typed."""
        if not self.query("#typed"):
            self.dismiss("take")

    def action_typed(self) -> None:
        """F5, once the target stands there."""
        if self.query("#typed"):
            if self._right():
                self.dismiss("take")
            else:
                self.notify(self.say("confirm.not_yet"), severity="warning", markup=False)

    def action_again(self) -> None:
        """Looks again whether it is free, and takes nothing from anybody."""
        self.dismiss("again")
