"""The box one types and pastes into, and the list below it that gives typing back to the box."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from kb.safe import one_line
from tui import questions

LONGEST = 2000
"""Characters of one pasted line that go into the box as text; more is a paste of its own."""


class SearchBox(Input):
    """The box that takes every printable key; several pasted lines are handed on as what they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "screen.into_list", show=False),
        Binding("pagedown", "screen.into_list", show=False),
    ]

    class Pasted(Message):
        """Lines came that are too many for the box."""

        def __init__(self, paste: questions.Pasted) -> None:
            super().__init__()
            self.paste = paste

    class NothingToPaste(Message):
        """Ctrl+V came as a key: the terminal kept what it has to paste."""

    def _on_paste(self, event: events.Paste) -> None:
        self.take(event.text)
        event.stop()
        event.prevent_default()

    def action_paste(self) -> None:
        """Ctrl+V: what was copied inside klinik; the terminal's own clipboard only the terminal can paste."""
        if self.app.clipboard:
            self.take(self.app.clipboard)
        else:
            self.post_message(self.NothingToPaste())

    def take(self, text: str) -> None:
        """One line goes in where the cursor is; more are a paste."""
        paste = questions.pasted(text)
        line = one_line(paste.text, LONGEST + 1)
        if len(line) > LONGEST or paste.several:
            self.post_message(self.Pasted(paste))
        elif line and self.selection.is_empty:
            self.insert_text_at_cursor(line)
        elif line:
            self.replace(line, *self.selection)


class HomeList(OptionList):
    """Hits, findings and sessions; typing and pasting go back to the box."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("up", "up_or_out", show=False)]

    def fill(self, options: Iterable[Option], *, keep: bool, first: bool) -> None:
        """New lines; with `keep` the cursor stays on its line where that is still there, else on the `first`."""
        before, where = self.highlighted_option, self.scroll_offset
        wanted = before.id if before is not None and keep else None
        lines = list({option.id: option for option in options}.values())
        ids = [option.id for option in lines]
        if keep and ids == [option.id for option in self.options]:
            for index, option in enumerate(lines):
                self.replace_option_prompt_at_index(index, option.prompt)
            return
        self.set_options(lines)
        if wanted in ids:
            self.highlighted = ids.index(wanted)
            self.scroll_to(*where, animate=False)
        elif first:
            self.highlighted = next((i for i, o in enumerate(lines) if not o.disabled), None)

    def chosen(self) -> tuple[str, str]:
        """Kind and name of the line under the cursor, or of the first one; empty where there is none."""
        option = self.highlighted_option or next((o for o in self.options if not o.disabled), None)
        kind, _, name = (option.id or "").partition(":") if option is not None else ("", "", "")
        return kind, name

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

    def on_paste(self, event: events.Paste) -> None:
        """So does what is pasted."""
        box = self.screen.query_one(SearchBox)
        box.focus()
        box.cursor_position = len(box.value)
        box.take(event.text)
        event.stop()
