"""The practice scenarios to choose from."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.messages import Answered
from tui.screens.dialog import Dialog
from tui.widgets.rows import Row
from tui.widgets.say import dim, foreign
from tui.work import ask


class ScenariosScreen(Dialog[str]):
    """Returns the name of the chosen scenario."""

    def compose(self) -> ComposeResult:
        """A list that fills when the scenarios are read."""
        with self.frame():
            yield Static(Content.styled(self.say("practice.title"), "bold"), markup=False)
            yield Static(Content.styled(self.say("practice.explain"), "$quiet"), markup=False)
            yield OptionList(id="items", markup=False)
            yield Static("", id="wrong", markup=False)

    def on_mount(self) -> None:
        """Reads the scenarios."""
        self.query_one(OptionList).focus()
        ask(self, "scenarios", 0, self.app.services.scenarios)

    def on_answered(self, message: Answered) -> None:
        """The scenarios are there."""
        if message.error is not None or not message.value:
            why = message.why(self.app.lang) or self.say("practice.none")
            self.query_one("#wrong", Static).update(Content.styled(why, "$text-error"))
            return
        lang = self.app.lang
        view = self.query_one(OptionList)
        view.set_options(
            Option(Row(foreign(s.title.get(lang)), dim(s.name)), id=s.name) for s in message.value
        )
        view.highlighted = 0

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)
