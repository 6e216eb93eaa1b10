"""The bottom line: what the pane with the focus can do; every word of it can be clicked.

Where not all fits, the last hint counts what it leaves to the help: ``F1 help +3``.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.widgets import Static


@dataclass(frozen=True, slots=True)
class Hint:
    """One key and what it does; `action` is run on the screen when it is clicked."""

    key: str
    label: str
    action: str = ""


class Hints(Static):
    """As many hints as fit, in their order; the last one (help) always."""

    DEFAULT_CSS = """
    Hints { dock: bottom; height: 1; width: 100%; background: $panel; color: $quiet; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.hints: tuple[Hint, ...] = ()
        self.places: list[tuple[int, int, str]] = []
        """Where each hint stands, and what clicking it does."""

    def show(self, hints: tuple[Hint, ...]) -> None:
        """Shows these from now on."""
        if hints != self.hints:
            self.hints = hints
            self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """More or fewer fit."""
        self._draw()

    async def on_click(self, event: events.Click) -> None:
        """Does what is under the pointer."""
        for start, end, action in self.places:
            if action and start <= event.x < end:
                await self.screen.run_action(action)
                return

    @staticmethod
    def _left_out(parts: list[Content], width: int) -> set[int]:
        """Which do not fit, in their order; never the last one, and there is room for how many they are."""
        whole = 1 + sum(part.cell_length + 2 for part in parts) - 2
        if whole <= width:
            return set()
        left, used = set[int](), 1
        last = parts[-1].cell_length + len(f" +{len(parts)}")
        for at, part in enumerate(parts[:-1]):
            if used + part.cell_length + 2 + last > width:
                left.add(at)
            else:
                used += part.cell_length + 2
        return left

    def _draw(self) -> None:
        width = self.size.width or 80
        parts = [Content.assemble((hint.key, "bold $primary"), " ", hint.label) for hint in self.hints]
        self.places = []
        if not parts:
            self.update("")
            return
        left = self._left_out(parts, width)
        if left:
            parts[-1] = Content.assemble(parts[-1], (f" +{len(left)}", "$quiet"))
        used, shown = 1, []
        for at, (hint, part) in enumerate(zip(self.hints, parts, strict=True)):
            if at in left:
                continue
            shown.append(part)
            self.places.append((used, used + part.cell_length, hint.action))
            used += part.cell_length + 2
        self.update(Content(" ") + Content("  ").join(shown))
