"""The box one types into, and the list below it that gives typing back to the box."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList

PASTED = 2000
"""Characters of a pasted log that are searched for."""


class SearchBox(Input):
    """The box that takes every printable key; pasted lines become one question."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "screen.into_list", show=False),
        Binding("pagedown", "screen.into_list", show=False),
    ]

    def _on_paste(self, event: events.Paste) -> None:
        text = " ".join(event.text.split())[:PASTED]
        if text:
            self.replace(
                text, *self.selection
            ) if not self.selection.is_empty else self.insert_text_at_cursor(text)
        event.stop()
        event.prevent_default()


class HomeList(OptionList):
    """Hits, findings and sessions; typing goes back to the box."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("up", "up_or_out", show=False)]

    def action_up_or_out(self) -> None:
        """Up, and out into the box from the first line."""
        before = self.highlighted
        first = next((i for i, o in enumerate(self.options) if not o.disabled), None)
        if before is None or before == first:
            self.screen.query_one(SearchBox).focus()
        else:
            self.action_cursor_up()

    def on_key(self, event: events.Key) -> None:
        """A printable key belongs to the box."""
        box = self.screen.query_one(SearchBox)
        if event.character and event.is_printable:
            box.focus()
            box.cursor_position = len(box.value)
            box.insert_text_at_cursor(event.character)
        elif event.key == "backspace":
            box.focus()
            box.action_delete_left()
        else:
            return
        event.stop()
        event.prevent_default()
