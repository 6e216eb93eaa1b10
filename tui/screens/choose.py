"""Choosing one or many of what the evidence offers, with a filter; thousands are counted, not all drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from kb.safe import one_line
from tui.screens.dialog import Dialog
from tui.widgets.rows import Row

DRAWN = 300
"""Items that are drawn at once; the filter reaches all."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to choose."""

    key: str
    label: str
    value: Any


class ChooseDialog(Dialog[tuple[Any, ...]]):
    """Returns the chosen values, or None where nothing was decided."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", show=False),
        Binding("space", "tick", show=False),
        Binding("a", "all", show=False),
        Binding("n", "none", show=False),
        Binding("tab", "panes", show=False, priority=True),
    ]

    def __init__(
        self,
        question: str,
        items: Sequence[Item],
        *,
        many: bool = False,
        chosen: Sequence[str] = (),
        note: str = "",
    ) -> None:
        super().__init__()
        self.question, self.items, self.many, self.note = question, tuple(items), many, note
        self.chosen = set(chosen)
        self.shown: tuple[Item, ...] = self.items

    def compose(self) -> ComposeResult:
        """The question, the list, the filter."""
        with self.frame():
            yield Static(Content.styled(self.question, "bold"), markup=False)
            yield Static("", id="count", markup=False)
            yield OptionList(id="items", markup=False)
            yield Input(placeholder=self.say("choose.filter"), id="filter")
            yield Static(
                Content.styled(self.say("choose.keys_many" if self.many else "choose.keys"), "$quiet"),
                markup=False,
            )

    def on_mount(self) -> None:
        """The list is ready, its first chosen line under the cursor."""
        self._draw()
        view = self.query_one(OptionList)
        view.focus()
        first = next((n for n, item in enumerate(self.shown[:DRAWN]) if item.key in self.chosen), 0)
        view.highlighted = first if self.shown else None

    def _draw(self) -> None:
        view = self.query_one(OptionList)
        at = view.highlighted
        options = [Option(self._line(item), id=item.key) for item in self.shown[:DRAWN]]
        if len(self.shown) > DRAWN:
            more = self.say("choose.more", n=f"{len(self.shown) - DRAWN:,}")
            options.append(Option(Content.styled(more, "$quiet"), disabled=True))
        view.set_options(options)
        if at is not None and self.shown:
            view.highlighted = min(at, len(self.shown[:DRAWN]) - 1)
        self._count()

    def _line(self, item: Item) -> Row:
        text = Content.styled(one_line(item.label, 200))
        if not self.many:
            return Row(text, indent=2, wrap=True)
        signs = self.app.signs
        box = signs.ticked if item.key in self.chosen else signs.unticked
        return Row(Content.assemble(box, " ", text), indent=len(box) + 1, wrap=True)

    def _count(self) -> None:
        total = len(self.items)
        if self.many:
            said = self.say("choose.count_many", chosen=f"{len(self.chosen):,}", total=f"{total:,}")
        else:
            said = self.say("choose.count", shown=f"{len(self.shown):,}", total=f"{total:,}")
        self.query_one("#count", Static).update(Content.styled(f"{said}  {self.note}".rstrip(), "$quiet"))

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        words = event.value.casefold().split()
        self.shown = tuple(i for i in self.items if all(w in i.label.casefold() for w in words))
        self._draw()

    @on(Input.Submitted, "#filter")
    def _to_list(self) -> None:
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if self.many:
            self.dismiss(tuple(item.value for item in self.items if item.key in self.chosen))
            return
        chosen = next(item for item in self.items if item.key == event.option.id)
        self.dismiss((chosen.value,))

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one("#filter").focus()

    def action_panes(self) -> None:
        """Between filter and list."""
        here = self.query_one(OptionList)
        (self.query_one("#filter") if here.has_focus else here).focus()

    def action_tick(self) -> None:
        """Chooses the line under the cursor, or no longer."""
        view = self.query_one(OptionList)
        if self.many and view.highlighted is not None and view.highlighted < len(self.shown):
            item = self.shown[view.highlighted]
            self.chosen ^= {item.key}
            view.replace_option_prompt_at_index(view.highlighted, self._line(item))
            self._count()
            view.action_cursor_down()

    def action_all(self) -> None:
        """All that the filter shows."""
        if self.many:
            self.chosen |= {item.key for item in self.shown}
            self._draw()

    def action_none(self) -> None:
        """None of what the filter shows."""
        if self.many:
            self.chosen -= {item.key for item in self.shown}
            self._draw()
