"""Everything that changed since the cluster was first looked at, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.keys import quiet
from tui.screens import triage_rows
from tui.screens.base import KlinikScreen
from tui.screens.home_rows import Look
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.say import dim

if TYPE_CHECKING:
    from checks.findings.changes import Change
    from tui.app import KlinikApp


class ChangesScreen(KlinikScreen[None]):
    """The log of a watch."""

    CSS_PATH = "checks.tcss"
    AUTO_FOCUS = "#changed"
    BINDINGS: ClassVar[list[BindingType]] = quiet(
        {"f8": "app.watch", "i": "interval", "question_mark": "help"}
    )
    help_key = "changes"

    def body(self) -> Iterator[Widget]:
        """A title and the list."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield OptionList(id="changed", markup=False)

    def ready(self) -> None:
        """What changed is known already."""
        self.retext()

    def way_here(self) -> Callable[[], None] | None:
        """The list again."""
        return self.app.open_changes

    def cluster_news(self) -> None:
        """Another round."""
        self.retext()

    def retext(self) -> None:
        """All lines again."""
        triaging, look = self.app.triaging, Look(self.app.lang, self.app.signs)
        # numbered from the oldest, so that the cursor stays on its line when newer ones come
        total = len(triaging.changes)
        lines = [
            triage_rows.change_option(one, look, f"change:{total - number}:{one.at}")
            for number, one in enumerate(triaging.changes)
        ]
        settle(
            self.query_one("#changed", OptionList),
            lines or [Option(dim(self.say("watch.none")), disabled=True)],
        )
        title = Content.assemble((f" {self.say('watch.title')}  ", "bold"), dim(watching(self.app)))
        self.query_one("#crumb", Static).update(title)
        self.refresh_hints()

    def hints(self) -> tuple[Hint, ...]:
        """Look closer, watch or not."""
        watch = "unwatch" if self.app.triaging.every else "watch"
        return (
            self.hint("Enter", "open"),
            self.hint("F8", watch, "app.watch"),
            self.hint("i", "interval", "interval"),
            self.hint("Esc", "back", "back"),
        )

    def action_interval(self) -> None:
        """How often."""
        self.app.ask_interval()

    @on(OptionList.OptionSelected, "#changed")
    def _open(self, event: OptionList.OptionSelected) -> None:
        open_change(self.app, self.app.triaging.changes[event.option_index].change)


def watching(app: KlinikApp) -> str:
    """Whether somebody watches, and how often."""
    every = app.triaging.every
    return app.say("watch.every", n=round(every)) if every else app.say("watch.off")


def open_change(app: KlinikApp, change: Change) -> None:
    """The article or the check that changed."""
    (app.open_article if change.key.startswith("article:") else app.open_check)(change.shown.name)
