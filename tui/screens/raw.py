"""Raw text as it came, made safe: evidence, plans, journals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from kb.safe import one_line, printable
from tui.screens.base import KlinikScreen
from tui.widgets.hints import Hint

LIMIT = 400_000


class RawScreen(KlinikScreen[None]):
    """Text to read, scroll and copy."""

    CSS_PATH = "raw.tcss"
    AUTO_FOCUS = "#raw"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+y", "copy", show=False),
        Binding("y", "copy", show=False),
    ]
    help_key = "raw"

    def __init__(self, title: str, text: str, copies: str = "") -> None:
        super().__init__()
        self.head = one_line(title, 200)
        self.text = printable(text).expandtabs(8)[:LIMIT]
        self.copies = printable(copies)

    def body(self) -> Iterator[Widget]:
        """A title and the text."""
        yield Static(Content.styled(f" {self.head}", "bold"), classes="crumb", markup=False)
        with VerticalScroll(id="raw"):
            yield Static(self._content(), markup=False)

    def _content(self) -> Content:
        lines = []
        for line in self.text.split("\n"):
            style = "bold $primary" if line.startswith("$ ") else "$quiet" if line.startswith("# ") else ""
            lines.append(Content.styled(line, style))
        return Content("\n").join(lines)

    def hints(self) -> tuple[Hint, ...]:
        """Reading and copying."""
        return (
            self.hint("Esc", "back", "back"),
            self.hint("^Y", "copy_line" if self.copies else "copy_commands", "copy"),
        )

    def action_copy(self) -> None:
        """The commands of the text, or all of it where there is none."""
        commands = [line[2:] for line in self.text.split("\n") if line.startswith("$ ")]
        text = self.copies or "\n".join(dict.fromkeys(commands)) or self.text
        self.app.copy_to_clipboard(text)
        self.notify(self.say("copied", n=len(text.splitlines())), markup=False)
