"""What changed between two bundles: verdicts first, then objects, then what commands and logs said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from checks.model import Verdict
from tui import bundling
from tui.keys import quiet
from tui.messages import Answered
from tui.screens.base import KlinikScreen
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Row, Rule
from tui.widgets.say import dim, foreign, verdict
from tui.work import ask

if TYPE_CHECKING:
    from tui.bundling import Compared

_SIGNS = {"added": ("+", "$text-success"), "removed": ("-", "$text-error"), "changed": ("~", "$text-warning")}


class DifferenceScreen(KlinikScreen[None]):
    """Two bundles side by side."""

    CSS_PATH = "bundles.tcss"
    AUTO_FOCUS = "#changes"
    BINDINGS: ClassVar[list[BindingType]] = quiet({"question_mark": "help"})
    help_key = "difference"

    def __init__(self, before: Path, after: Path) -> None:
        super().__init__()
        self.before, self.after = before, after
        self.found: Compared | None = None
        self.error = ""

    def body(self) -> Iterator[Widget]:
        """Which two, and the list."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield OptionList(id="changes", markup=False)

    def ready(self) -> None:
        """Compared on a thread."""
        self.action_again()

    def action_again(self) -> None:
        """Reads both files again."""
        before, after = self.before, self.after
        ask(self, "compared", 0, lambda: bundling.compared(before, after))
        self._draw()

    def way_here(self) -> Callable[[], None] | None:
        """The same two again."""
        return partial(self.app.show_difference, self.before, self.after)

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def hints(self) -> tuple[Hint, ...]:
        """Look closer."""
        return (self.hint("Enter", "look", "look"), self.hint("Esc", "back", "back"))

    def on_answered(self, message: Answered) -> None:
        """Compared, or one of them is no bundle."""
        if message.error is not None:
            self.error = message.why(self.app.lang, 500)
        else:
            self.found, self.error = message.value, ""
        self._draw()

    # --- drawing ------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        names = f"{self.before.name} {self.app.signs.arrow} {self.after.name}"
        left = Content.assemble((f" {self.say('diff.title')}  ", "bold"), foreign(names))
        times = self._times(self.found) if self.found is not None else ""
        self.query_one("#crumb", Static).update(Row(left, dim(times)))
        if self.error:
            options = [Option(Content.styled(self.error, "$text-error"), disabled=True)]
        elif self.found is None:
            options = [Option(dim(self.say("diff.reading")), disabled=True)]
        else:
            options = list(self._lines(self.found)) or [Option(dim(self.say("diff.same")), disabled=True)]
        settle(self.query_one("#changes", OptionList), options)

    def _times(self, found: Compared) -> str:
        return f"{_when(found.before)} {self.app.signs.arrow} {_when(found.after)}"

    def _lines(self, found: Compared) -> Iterator[Option]:
        from checks.bundle.compare import verdict_changes

        verdicts = verdict_changes(found.before, found.after, self.app.lang)
        if verdicts:
            yield self._heading("verdicts", len(verdicts))
        for number, change in enumerate(verdicts):
            left = Content.assemble(
                self._word(change.before), f" {self.app.signs.arrow} ", self._word(change.after), "  ",
                foreign(change.alias, "bold"),
            )  # fmt: skip
            below = tuple(
                foreign(text, "$quiet") for text in (change.summary_before, change.summary_after) if text
            )
            yield Option(Row(left, below=below), id=f"verdict:{number}")
        if found.objects:
            yield self._heading("objects", len(found.objects))
        for number, item in enumerate(found.objects):
            sign, style = _SIGNS[item.change]
            left = Content.assemble((f"{sign} ", style), foreign(f"{item.resource} {item.name}"))
            yield Option(Row(left, foreign(", ".join(item.fields), "$quiet")), id=f"object:{number}")
        if found.outputs:
            yield self._heading("outputs", len(found.outputs))
        for number, said in enumerate(found.outputs):
            lines = self.say("diff.lines", n=f"{len(said.diff)}{'+' if said.cut else ''}")
            what = " ".join(word for word in said.call[1:] if word)
            yield Option(
                Row(Content.assemble(("$ ", "$quiet"), foreign(what)), dim(lines), share=0.3),
                id=f"output:{number}",
            )
        if found.more:
            yield Option(dim(self.say("diff.more", n=f"{found.more:,}")), disabled=True)

    def _heading(self, name: str, count: int) -> Option:
        title = Content.styled(self.say(f"diff.{name}"), "bold")
        return Option(Rule(title, dim(f"{count:,}"), self.app.signs.rule), id=f"rule:{name}", disabled=True)

    def _word(self, value: str) -> Content:
        """A verdict of a manifest, which may hold any word."""
        if value in list(Verdict):
            return verdict(value, self.app.lang, self.app.signs)
        return foreign(value) if value else dim(self.say("diff.not_asked"))

    # --- actions ------------------------------------------------------------------------------------------------

    @on(OptionList.OptionSelected, "#changes")
    def action_look(self) -> None:
        """The change under the cursor at length."""
        option = self.query_one("#changes", OptionList).highlighted_option
        kind, _, number = (option.id or "").partition(":") if option is not None else ("", "", "")
        if self.found is None or not number.isdigit():
            return
        if kind == "object":
            item = self.found.objects[int(number)]
            self.app.open_text(
                f"{item.resource} {item.name}", "\n".join(item.fields) or self.say(f"diff.{item.change}")
            )
        elif kind == "output":
            said = self.found.outputs[int(number)]
            text = "\n".join(said.diff) + (f"\n{self.say('evidence.cut')}" if said.cut else "")
            self.app.open_text(" ".join(word for word in said.call[1:] if word), text)
        elif kind == "verdict":
            self._open_check(int(number))

    def _open_check(self, number: int) -> None:
        """The check whose verdict changed, by what the manifests say of the alias."""
        from checks.bundle.compare import verdict_changes

        if self.found is None:
            return
        alias = verdict_changes(self.found.before, self.found.after, self.app.lang)[number].alias
        both = (*self.found.after.verdicts, *self.found.before.verdicts)
        check = next((v.check for v in both if v.alias == alias), alias)
        self.app.open_check(check)


def _when(manifest: Any) -> str:
    try:
        return datetime.fromtimestamp(manifest.collected_at).astimezone().strftime("%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return "?"
