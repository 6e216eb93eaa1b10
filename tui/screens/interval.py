"""How often a watch looks again: one line, taken where it is a time within what can be set."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from tui import spans
from tui.screens.dialog import Dialog
from tui.widgets.say import dim


class IntervalDialog(Dialog[float]):
    """Returns seconds; None where nothing was decided."""

    help_key = "changes"

    def __init__(self, now: float) -> None:
        super().__init__()
        self.now = now

    def compose(self) -> ComposeResult:
        """The question, the line, what is wrong with it."""
        with self.frame():
            yield Static(Content.styled(self.say("watch.ask"), "bold"), markup=False)
            yield Input(spans.shown(self.now), id="span", select_on_focus=True)
            yield Static("", id="wrong", markup=False)
            yield Static(dim(self.say("watch.keys")), markup=False)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#span").focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        from checks.findings.watch import SETTABLE

        least, most = SETTABLE
        try:
            found = spans.seconds(event.value)
        except ValueError:
            found = 0.0
        if least <= found <= most:
            self.dismiss(found)
            return
        text = self.say("watch.bad_span", least=spans.shown(least), most=spans.shown(most))
        self.query_one("#wrong", Static).update(Content.styled(text, "$text-error"))
