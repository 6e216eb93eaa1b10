"""What every screen has: the line at the top, the hints at the bottom, a way back, the words of its language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from tui.widgets.hints import Hint, Hints
from tui.widgets.status import ClusterState, StatusLine

if TYPE_CHECKING:
    from tui.app import KlinikApp

ResultT = TypeVar("ResultT")


class KlinikScreen(Screen[ResultT]):
    """A full screen of klinik."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False),
        Binding("ctrl+r", "read_again", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    help_key = "home"
    """Which page of the help belongs to this screen."""
    AGES = 0.0
    """Seconds after which ages ("12 s ago") are said anew; 0: the screen shows none."""
    _made = False

    if TYPE_CHECKING:

        @property
        def app(self) -> KlinikApp: ...  # type: ignore[override]

    def compose(self) -> ComposeResult:
        """The frame; `body` fills it."""
        yield StatusLine()
        yield from self.body()
        yield Hints()

    def body(self) -> Iterator[Widget]:
        """The widgets between the first and the last line."""
        yield from ()

    def on_mount(self) -> None:
        """Follows the state of the cluster, the language and the focus."""
        self._made = True
        self.watch(self.app, "cluster_state", self._status)
        self.watch(self.app, "lang", self._language, init=False)
        self.watch(self, "focused", self.refresh_hints, init=False)
        if self.AGES:
            self.set_interval(self.AGES, self._tell_ages)
        self.ready()
        self.refresh_hints()

    @property
    def begun(self) -> bool:
        """Whether its widgets are there: before that, and once it is left, it cannot draw any news."""
        return self._made and self.is_attached

    def once_on_top(self, call: Callable[[], object]) -> None:
        """Does it as soon as nothing lies above this screen: no question appears under what is typed elsewhere."""
        if self.begun and self.app.screen is self:
            call()
        elif self.begun:
            self.set_timer(0.3, lambda: self.once_on_top(call))

    def ready(self) -> None:
        """The widgets are there."""

    def retext(self) -> None:
        """The language changed: say everything again."""

    def older(self) -> None:
        """Time passed: say the ages again; nothing moves."""

    def _tell_ages(self) -> None:
        if self.begun and self.app.screen is self:
            self.older()

    def hints(self) -> tuple[Hint, ...]:
        """What can be done now, the most useful first."""
        return ()

    def say(self, key: str, /, **params: object) -> str:
        """One of the app's own messages."""
        return self.app.say(key, **params)

    def hint(self, key: str, label: str, action: str = "") -> Hint:
        """A hint with its label in the language of the app."""
        return Hint(key, self.say(f"hint.{label}"), action)

    def refresh_hints(self) -> None:
        """The bottom line again."""
        for hints in self.query(Hints):
            hints.show((*self.hints(), Hint("F1", self.say("hint.help"), "help")))

    def cluster_news(self) -> None:
        """The link has something new."""

    def action_back(self) -> None:
        """One level back; the way forward is remembered."""
        if len(self.app.screen_stack) > 1 and self.app.screen is self:
            way = self.way_here()
            if way is not None:
                self.app.forward_trail.append(way)
            self.dismiss()

    def way_here(self) -> Callable[[], None] | None:
        """How to come here again; None: there is no way."""
        return None

    def action_read_again(self) -> None:
        """Ctrl+R: the files of the library, and whatever the screen shows."""
        self.app.upkeep.look(at_once=True)
        self.action_again()

    def action_again(self) -> None:
        """Reads again."""

    def action_help(self) -> None:
        """Help for this screen."""
        self.app.action_help()

    def action_palette(self) -> None:
        """The command palette."""
        self.app.action_command_palette()

    def _status(self, state: ClusterState) -> None:
        self.query_one(StatusLine).show(state, self.app.lang, self.app.signs)

    def _language(self) -> None:
        self._status(self.app.cluster_state)
        self.retext()
        self.refresh_hints()
