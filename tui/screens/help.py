"""Help for the screen one comes from, and the keys that work everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
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
            for page in (self.page, "everywhere"):
                yield from _laid_out(self.say(f"help.{page}"))
            yield Static(Content("  ".join(legend)), markup=False)
            yield Static(Content("  ".join(causes)), markup=False)

    def on_mount(self) -> None:
        """Ready to scroll."""
        self.query_one("#help").focus()


def _laid_out(text: str) -> Iterator[Widget]:
    """Lines ``key<tab>what it does`` with the key in colour; a line without a tab is a heading or a sentence."""
    for number, line in enumerate(text.split("\n")):
        key, tab, what = line.partition("\t")
        if tab:
            named = Static(Content.styled(key, "bold $primary"), classes="key", markup=False)
            yield Horizontal(named, Static(what, classes="what", markup=False), classes="line")
        else:
            yield Static(Content.styled(line, "bold" if number == 0 else "$quiet"), markup=False)
    yield Static("")
