"""Naming a file: typed, or chosen among those that are there; it is tried, and what is wrong is said at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui import bundling
from tui.keys import quiet
from tui.messages import Answered
from tui.screens.dialog import Dialog
from tui.widgets.lists import settle
from tui.widgets.say import dim, foreign
from tui.work import ask


class FileDialog(Dialog[Path]):
    """Returns what trying the file made of it: of a bundle its path, once it could be opened."""

    BINDINGS: ClassVar[list[BindingType]] = quiet({"tab": "panes", "down": "into_list"})
    help_key = "files"

    def __init__(
        self,
        question: str,
        *,
        endings: tuple[str, ...] = bundling.ENDINGS,
        tried: Callable[[Path], Path] = bundling.tried,
        placeholder: str = "",
    ) -> None:
        super().__init__()
        self.question, self.placeholder = question, placeholder
        self.endings = endings
        """How the files are called that are offered."""
        self.tried = tried
        """Tries a file on a thread; raises for one that is none, and its words are shown."""
        self.run = 0

    def compose(self) -> ComposeResult:
        """The question, the line, the files, and what is wrong."""
        with self.frame():
            yield Static(Content.styled(self.question, "bold"), markup=False)
            yield Input(
                id="typed",
                placeholder=self.placeholder or self.say("files.placeholder"),
                select_on_focus=False,
            )
            yield OptionList(id="items", markup=False)
            yield Static("", id="wrong", markup=False)
            yield Static(dim(self.say("files.keys")), markup=False)

    def on_mount(self) -> None:
        """The files of the working folder are offered."""
        self.query_one(Input).focus()
        self._look("")

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        self.query_one("#wrong", Static).update("")
        self._look(event.value)

    def _look(self, text: str) -> None:
        self.run += 1
        ask(self, "files", self.run, lambda: bundling.files_near(text, self.endings))

    def on_answered(self, message: Answered) -> None:
        """The files are listed, or the chosen one was tried."""
        if message.run != self.run:
            return
        if message.tag == "files":
            found = message.value or ()
            settle(self.query_one(OptionList), [Option(foreign(str(path)), id=str(path)) for path in found])
        elif message.error is not None:
            why = message.why(self.app.lang, 500)
            self.query_one("#wrong", Static).update(Content.styled(why, "$text-error"))
            self.query_one(Input).focus()
        else:
            self.dismiss(message.value)

    @on(Input.Submitted)
    def _named(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self._try(event.value)
        else:
            self.query_one("#wrong", Static).update(Content.styled(self.say("files.empty"), "$text-error"))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self._try(event.option.id or "")

    def _try(self, text: str) -> None:
        self.run += 1
        self.query_one("#wrong", Static).update(dim(self.say("files.opening")))
        ask(self, "tried", self.run, lambda: self.tried(bundling.typed_path(text)))

    def action_into_list(self) -> None:
        """From the line into the files."""
        view = self.query_one(OptionList)
        if view.option_count:
            view.focus()

    def action_panes(self) -> None:
        """Between the line and the files."""
        if self.query_one(Input).has_focus:
            self.action_into_list()
        else:
            self.query_one(Input).focus()
