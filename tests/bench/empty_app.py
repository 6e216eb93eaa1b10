"""The yardstick: the smallest Textual app with an Input and a list, opened the same way as klinik."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input, OptionList


class Empty(App[None]):
    """An Input above an empty list."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="EMPTY-READY")
        yield OptionList()

    def on_mount(self) -> None:
        self.query_one(Input).focus()


if __name__ == "__main__":
    Empty().run()
