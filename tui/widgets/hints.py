"""The bottom line: what the pane with the focus can do; every word of it can be clicked."""

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

    def _draw(self) -> None:
        width = self.size.width or 80
        parts = [Content.assemble((hint.key, "bold $primary"), " ", hint.label) for hint in self.hints]
        self.places = []
        if not parts:
            self.update("")
            return
        last = parts[-1].cell_length
        used, shown = 1, []
        for hint, part in zip(self.hints, parts, strict=True):
            final = part is parts[-1]
            if not final and used + part.cell_length + 2 + last > width:
                continue
            shown.append(part)
            self.places.append((used, used + part.cell_length, hint.action))
            used += part.cell_length + 2
        self.update(Content(" ") + Content("  ").join(shown))
