"""Narrowing the results: component, product, kind, version, language, guide, each with how many articles have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from kb.facets import KEYS
from kb.safe import one_line
from kb.where import passes
from tui.keys import quiet
from tui.messages import Answered
from tui.screens.dialog import Dialog
from tui.widgets.lists import settle
from tui.widgets.rows import Row, Rule
from tui.widgets.say import dim
from tui.work import ask

if TYPE_CHECKING:
    from kb.facets import Counts

SHOWN = 6
"""Values of one key that are shown before something is typed."""
CLEAR = "clear"


class FacetsDialog(Dialog[dict[str, str]]):
    """Returns the filters that were chosen, or None where nothing was decided.

    Typing finds values, as in fzf: Tab ticks one and stays, Enter takes what is ticked, or the line under the cursor.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *quiet({"up": "move(-1)", "down": "move(1)", "pageup": "move(-8)", "pagedown": "move(8)"}),
        *quiet({"tab": "tick", "ctrl+f": "take"}, priority=True),
    ]
    help_key = "facets"

    def __init__(
        self, what: str, where: Mapping[str, str], count: Callable[[Mapping[str, str]], Counts]
    ) -> None:
        super().__init__()
        self.what = what
        """What is narrowed: the words, or the paste."""
        self.before = dict(where)
        self.where = dict(where)
        self.counts: Counts | None = None
        self.error = ""
        self._count = count
        self._run = 0

    def compose(self) -> ComposeResult:
        """The question, the values by key, the box to find one."""
        with self.frame():
            title = (
                self.say("facets.title", what=one_line(self.what, 60))
                if self.what
                else self.say("facets.all")
            )
            yield Static(Content.styled(title, "bold"), markup=False)
            yield OptionList(id="items", markup=False)
            yield Input(placeholder=self.say("facets.find"), id="filter")
            yield Static(Content.styled(self.say("facets.keys"), "$quiet"), markup=False)

    def on_mount(self) -> None:
        """Counting begins."""
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).focus()
        self._draw()
        self._recount()

    def _recount(self) -> None:
        self._run += 1
        count, where = self._count, dict(self.where)
        ask(self, "counts", self._run, lambda: count(where))

    def on_answered(self, message: Answered) -> None:
        """The values and how many articles have them."""
        if message.run != self._run:
            return
        if message.error is not None:
            self.error = message.why(self.app.lang)
        else:
            self.counts, self.error = message.value, ""
        self._draw()

    # --- the list -----------------------------------------------------------------------------------------------

    def _draw(self, *, anew: bool = False) -> None:
        """The lines; the cursor stays on its line where that is still there, else (and `anew`) it goes to the first."""
        view = self.query_one(OptionList)
        options = list(self._options())
        at = view.highlighted_option
        settle(view, options)
        there = {option.id: n for n, option in enumerate(options) if not option.disabled}
        if anew or at is None or at.id not in there:
            view.highlighted = next((n for name, n in there.items() if name != CLEAR), None)
        else:
            view.highlighted = there[at.id]
        self._headed(view)

    def _options(self) -> Iterator[Option]:
        if self.error:
            yield Option(Content.styled(self.error, "$text-error"), disabled=True)
        elif self.counts is None:
            yield Option(dim(self.say("facets.counting")), disabled=True)
        if self.where:
            chosen = "  ".join(f"{key}:{one_line(value, 40)}" for key, value in self.where.items())
            yield Option(Content.styled(self.say("facets.clear", chosen=chosen), "bold $primary"), id=CLEAR)
        wanted = self.query_one(Input).value.casefold().split()
        found = False
        for key in KEYS:
            values = [v for v in self._values(key) if self._fits(key, v[0], wanted)]
            if not values:
                continue
            found = True
            yield Option(
                Rule(Content.styled(self.say(f"facets.{key}"), "bold"), character=self.app.signs.rule),
                id=f"rule:{key}",
                disabled=True,
            )
            shown = values if wanted else values[:SHOWN]
            yield from (self._line(key, value, count) for value, count in shown)
            if len(values) > len(shown):
                more = self.say("facets.more", n=len(values) - len(shown))
                yield Option(dim(f"    {more}"), id=f"more:{key}", disabled=True)
        if not found and self.counts is not None:
            yield Option(dim(self.say("facets.none")), disabled=True)

    def _values(self, key: str) -> list[tuple[str, int]]:
        """The values of a key with their counts, the chosen one first."""
        counted = list((self.counts or {}).get(key, ()))
        guided = [(value, n) for value, n in counted if key == "guide" and value != "none"]
        if len(guided) > 1:
            counted.insert(0, ("yes", sum(n for _, n in guided)))
        chosen = self.where.get(key)
        if chosen is not None and not any(self._is(key, value) for value, _ in counted):
            counted.insert(0, (chosen, 0))
        return sorted(counted, key=lambda item: not self._is(key, item[0]))

    def _is(self, key: str, value: str) -> bool:
        return self.where.get(key, "").casefold() == value.casefold()

    def _fits(self, key: str, value: str, wanted: list[str]) -> bool:
        text = f"{key} {self.say(f'facets.{key}')} {value} {self._label(key, value)}".casefold()
        return all(word in text for word in wanted)

    def _label(self, key: str, value: str) -> str:
        if (key, value) in (("lang", "zh"), ("lang", "en")) or key == "guide":
            return self.say(f"facets.{key}_{value}") if value in ("zh", "en", *GUIDES) else value
        return value

    def _line(self, key: str, value: str, count: int) -> Option:
        sign = self.app.signs.ticked if self._is(key, value) else self.app.signs.unticked
        left = Content.assemble(sign, " ", one_line(self._label(key, value), 60))
        more = "+" if self._lets_others_pass(key, value) else ""
        return Option(Row(left, dim(f"{count:,}{more}") if count else Content("")), id=f"{key}={value}")

    def _lets_others_pass(self, key: str, value: str) -> bool:
        """Whether the filter is wider than the value: ``ovn`` lets ``kube-ovn`` pass, ``4.1.0`` what is for ``4.x``."""
        if key == "guide":
            return False
        fits = passes(key, value)
        return any(fits(other) for other, _ in (self.counts or {}).get(key, ()) if other != value)

    # --- choosing -----------------------------------------------------------------------------------------------

    @on(Input.Changed, "#filter")
    def _typed(self) -> None:
        self._draw(anew=True)

    def action_move(self, by: int) -> None:
        """The cursor, over what cannot be chosen."""
        view = self.query_one(OptionList)
        enabled = [n for n, option in enumerate(view.options) if not option.disabled]
        if not enabled:
            return
        at = enabled.index(view.highlighted) if view.highlighted in enabled else -1 if by > 0 else 0
        view.highlighted = enabled[max(0, min(len(enabled) - 1, at + by))]
        self._headed(view)

    def _headed(self, view: OptionList) -> None:
        """The first line is shown with its heading."""
        if view.highlighted is not None and all(
            option.disabled for option in view.options[: view.highlighted]
        ):
            view.scroll_home(animate=False, immediate=True)

    def action_tick(self) -> None:
        """Takes the value under the cursor, or no longer; the counts follow."""
        view = self.query_one(OptionList)
        if view.highlighted_option is not None:
            self._toggle(view.highlighted_option.id or "")

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._toggle(event.option.id or "")

    def _toggle(self, option: str) -> None:
        if option == CLEAR:
            self.where.clear()
        else:
            key, _, value = option.partition("=")
            if self._is(key, value):
                del self.where[key]
            else:
                self.where[key] = value
        self._draw()
        self._recount()

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        if self.where == self.before:
            self.action_tick()
        self.action_take()

    def action_take(self) -> None:
        """Narrows by what is ticked."""
        self.dismiss(self.where)


GUIDES = ("yes", "authored", "derived", "none")
