"""Asking for a line of text: a reason, a note, a value."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from tui.screens.dialog import Dialog


class AskDialog(Dialog[str]):
    """One line; Enter takes it, Esc leaves everything as it was."""

    def __init__(
        self,
        question: str,
        *,
        explain: str = "",
        value: str = "",
        wrong: Callable[[str], str] | None = None,
        dangerous: bool = False,
    ) -> None:
        super().__init__()
        self.question, self.explain, self.value = question, explain, value
        self.wrong = wrong
        """Says what is wrong with a value; empty: nothing."""
        self.dangerous = dangerous

    def compose(self) -> ComposeResult:
        """The question, the line, and what is wrong with it."""
        with self.frame(dangerous=self.dangerous):
            yield Static(Content.styled(self.question, "bold"), markup=False)
            if self.explain:
                yield Static(Content.styled(self.explain, "$quiet"), markup=False)
            yield Input(self.value, id="typed", select_on_focus=False)
            yield Static("", id="wrong", markup=False)
            yield Static(Content.styled(self.say("ask.keys"), "$quiet"), markup=False)

    def on_mount(self) -> None:
        """Ready to type."""
        box = self.query_one(Input)
        box.focus()
        box.cursor_position = len(box.value)

    @on(Input.Submitted)
    def _taken(self, event: Input.Submitted) -> None:
        value = event.value.strip()
        wrong = self.wrong(value) if self.wrong else "" if value else self.say("ask.empty")
        if wrong:
            self.query_one("#wrong", Static).update(Content.styled(wrong, "$text-error"))
        else:
            self.dismiss(value)
