"""A line of a list with something at its right edge, and lines below it, fitted to the width it gets."""

from __future__ import annotations

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual


class Row(Visual):
    """`left` cut where `right` begins; `below` lines indented, each cut to one line."""

    def __init__(
        self, left: Content, right: Content | None = None, below: tuple[Content, ...] = (), indent: int = 3
    ):
        self.left = left
        self.right = right if right is not None else Content("")
        self.below = below
        self.indent = indent

    @property
    def plain(self) -> str:
        """The text without colours, for tests and copying."""
        return "\n".join(
            [f"{self.left.plain}  {self.right.plain}".rstrip(), *(line.plain for line in self.below)]
        )

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """All it can get."""
        return container_width

    def get_minimal_width(self, rules: RulesMap) -> int:
        """It can be cut to one cell."""
        return 1

    def get_height(self, rules: RulesMap, width: int) -> int:
        """One line and those below."""
        return 1 + len(self.below)

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """The lines, each exactly `width` cells wide."""
        right = self.right.truncate(max(0, width // 2), ellipsis=True)
        room = max(1, width - right.cell_length - (2 if right else 0))
        first = self.left.truncate(room, ellipsis=True)
        gap = max(0, width - first.cell_length - right.cell_length)
        lines = [Content.assemble(first, " " * gap, right)]
        for line in self.below:
            cut = line.truncate(max(1, width - self.indent), ellipsis=True)
            lines.append(
                Content.assemble(" " * self.indent, cut, " " * (width - self.indent - cut.cell_length))
            )
        strips: list[Strip] = []
        for line in lines:
            strips.extend(line.render_strips(width, 1, style, options)[:1])
        return strips if height is None else strips[:height]


class Rule(Visual):
    """A heading drawn into a line: ``── this cluster shows ───── 31 of 46 ──``."""

    def __init__(self, left: Content, right: Content | None = None, character: str = "─"):
        self.left = left
        self.right = right if right is not None else Content("")
        self.character = character

    @property
    def plain(self) -> str:
        """The text without the line."""
        return f"{self.left.plain}  {self.right.plain}".rstrip()

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """All it can get."""
        return container_width

    def get_minimal_width(self, rules: RulesMap) -> int:
        """It can be cut to one cell."""
        return 1

    def get_height(self, rules: RulesMap, width: int) -> int:
        """One line."""
        return 1

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """The line, exactly `width` cells wide."""
        c, dim = self.character, "$quiet"
        right = self.right.truncate(max(0, width // 2), ellipsis=True)
        left = self.left.truncate(max(1, width - right.cell_length - 8), ellipsis=True)
        tail = 3 + (right.cell_length + 1 if right else 0)
        fill = max(0, width - 3 - left.cell_length - 1 - tail)
        line = Content.assemble(
            (c * 2 + " ", dim),
            left,
            (" " + c * fill, dim),
            *((" ", right, (" ", "")) if right else ()),
            (c * 2, dim),
        )
        line = line.truncate(width).pad_right(max(0, width - line.cell_length))
        return line.render_strips(width, 1, style, options)[:1]
