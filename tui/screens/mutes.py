"""The mutes of this cluster: what is known to somebody, why, and until when; each can be lifted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from kb.safe import one_line
from tui.keys import quiet
from tui.screens import triage_rows
from tui.screens.base import KlinikScreen
from tui.screens.home_rows import Look
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Row
from tui.widgets.say import dim

if TYPE_CHECKING:
    from checks.findings.mutes import Mute


class MutesScreen(KlinikScreen[None]):
    """Those that hold first, then the ended ones with what ended them."""

    CSS_PATH = "checks.tcss"
    AUTO_FOCUS = "#mutes"
    BINDINGS: ClassVar[list[BindingType]] = quiet({"l": "lift", "question_mark": "help", "enter": "open"})
    help_key = "mutes"

    def body(self) -> Iterator[Widget]:
        """A title and the list."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield OptionList(id="mutes", markup=False)

    def ready(self) -> None:
        """What is known of mutes is there already."""
        self._draw()

    def way_here(self) -> Callable[[], None] | None:
        """The list again."""
        return self.app.open_mutes

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def mutes_news(self) -> None:
        """One was added or lifted."""
        self._draw()

    def cluster_news(self) -> None:
        """A round of the triage may have ended some."""
        self._draw()

    def hints(self) -> tuple[Hint, ...]:
        """What can be done with a mute."""
        return (
            self.hint("Enter", "open", "open"),
            self.hint("l", "lift", "lift"),
            self.hint("Esc", "back", "back"),
        )

    def _mutes(self) -> list[Mute]:
        now = time.time()
        return sorted(self.app.triaging.mutes, key=lambda m: (bool(m.end) or now >= m.until, -m.at))

    def _draw(self) -> None:
        look, now = Look(self.app.lang, self.app.signs), time.time()
        mutes, found = self._mutes(), self.app.triaging.found()
        holding = (
            {s.mute.id for s in found.muting.standing if s.state == "standing"}
            if found is not None
            else set()
        )
        lines = [triage_rows.mute_option(mute, look, now, covers=mute.id in holding) for mute in mutes]
        settle(
            self.query_one("#mutes", OptionList),
            lines or [Option(dim(self.say("mutes.none")), disabled=True)],
        )
        right = Content.styled(one_line(self.app.triaging.mutes_error.get(self.app.lang), 300), "$text-error")
        left = Content.assemble((f" {self.say('mutes.title')}  ", "bold"), dim(str(len(mutes))))
        self.query_one("#crumb", Static).update(Row(left, right))

    def _chosen(self) -> Mute | None:
        at = self.query_one("#mutes", OptionList).highlighted
        mutes = self._mutes()
        return mutes[at] if at is not None and at < len(mutes) else None

    def action_lift(self) -> None:
        """Ends the mute under the cursor; the finding is shown again."""
        mute = self._chosen()
        if mute is None:
            return
        if mute.end:
            self.notify(self.say("mutes.ended_already"), markup=False)
        else:
            self.app.triaging.lift(mute)

    def on_option_list_option_selected(self) -> None:
        """Enter in the list."""
        self.action_open()

    def action_open(self) -> None:
        """The article or the check that is muted."""
        mute = self._chosen()
        if mute is not None:
            (self.app.open_article if mute.kind == "article" else self.app.open_check)(mute.name)
