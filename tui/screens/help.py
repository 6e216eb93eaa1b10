"""Help for the screen one comes from, and the keys that work everywhere."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.screens.dialog import Dialog


class HelpScreen(Dialog[None]):
    """One page of help; any of Esc, F1 and q closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q,f1,enter", "back", show=False, priority=True)]

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page

    def compose(self) -> ComposeResult:
        """The page of the screen, then what works everywhere."""
        signs = self.app.signs
        legend = [f"{sign} {self.say('verdict.' + name)}" for name, sign in signs.verdicts.items()]
        causes = [f"{sign} {self.say('cause.' + name)}" for name, sign in signs.causes.items()]
        with self.frame(), VerticalScroll(id="help"):
            yield Static(_laid_out(self.say(f"help.{self.page}")), markup=False)
            yield Static(_laid_out(self.say("help.everywhere")), markup=False)
            yield Static(Content("  ".join(legend)), markup=False)
            yield Static(Content("  ".join(causes)), markup=False)

    def on_mount(self) -> None:
        """Ready to scroll."""
        self.query_one("#help").focus()


def _laid_out(text: str) -> Content:
    """Lines ``key<tab>what it does`` with the key in colour; a line without a tab is a heading or a sentence."""
    lines = []
    for number, line in enumerate(text.split("\n")):
        key, tab, what = line.partition("\t")
        if tab:
            lines.append(
                Content.assemble((key, "bold $primary"), " " * max(1, 14 - Content(key).cell_length), what)
            )
        else:
            lines.append(Content.styled(line, "bold" if number == 0 else "$quiet"))
    return Content("\n").join([*lines, Content("")])
