"""A line of a list with something at its right edge, and lines below it, fitted to the width it gets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

from tui.widgets.pairs import Laid
from tui.widgets.wrapping import wrapped


class Row(Visual):
    """`left` with `right` at the edge of its first line, and indented lines `below`.

    Lines that are too long are cut, or with `wrap` go on below, indented.
    """

    def __init__(
        self,
        left: Content,
        right: Content | None = None,
        below: tuple[Content, ...] = (),
        indent: int = 3,
        wrap: bool = False,
        share: float = 0.5,
    ):
        self.left = left
        self.right = right if right is not None else Content("")
        self.below = below
        self.indent = indent
        self.wrap = wrap
        self.share = share
        """How much of the width `right` may take."""
        self._made: tuple[int, list[Content]] = (0, [])

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
        return len(self._lines(width))

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """The lines, each exactly `width` cells wide."""
        strips: list[Strip] = []
        for line in self._lines(width):
            strips.extend(line.render_strips(width, 1, style, options)[:1])
        return strips if height is None else strips[:height]

    def _lines(self, width: int) -> list[Content]:
        if self._made[0] != width:
            self._made = (width, self._lay_out(width))
        return self._made[1]

    def _lay_out(self, width: int) -> list[Content]:
        right = self.right.truncate(max(0, int(width * self.share)), ellipsis=True)
        room = max(1, width - right.cell_length - (2 if right else 0))
        first, more = self._first(room, width)
        gap = max(0, width - first.cell_length - right.cell_length)
        lines = [Content.assemble(first, " " * gap, right), *(self._indented(line, width) for line in more)]
        for part in self.below:
            cut = (
                wrapped(part, max(1, width - self.indent)) if self.wrap else [_cut(part, width - self.indent)]
            )
            lines += [self._indented(line, width) for line in cut]
        return lines

    def _first(self, room: int, width: int) -> tuple[Content, list[Content]]:
        """The line beside `right`, and what does not fit there."""
        if not self.wrap:
            return _cut(self.left, room), []
        first = next(iter(wrapped(self.left, room)), self.left)
        at = len(first.plain)
        while at < len(self.left.plain) and self.left.plain[at] == " ":
            at += 1
        rest = self.left[at:]
        return first, wrapped(rest, max(1, width - self.indent)) if rest.plain else []

    def _indented(self, line: Content, width: int) -> Content:
        return Content.assemble(" " * self.indent, line, " " * max(0, width - self.indent - line.cell_length))


def _cut(content: Content, room: int) -> Content:
    return content.truncate(max(1, room), ellipsis=True)


class Page(Visual):
    """Lines of prose and findings, each wrapped under its own beginning: below its indent, and below its sign.

    A `Pair` among them keeps its two columns, and what is `Printed` its own.
    """

    def __init__(self, lines: Iterable[Content | Laid]):
        self.lines = tuple(lines)
        self._made: tuple[int, list[Content]] = (0, [])

    @property
    def plain(self) -> str:
        """The text without colours."""
        return "\n".join(line.plain for line in self.lines)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """All it can get."""
        return container_width

    def get_minimal_width(self, rules: RulesMap) -> int:
        """It can be cut to one cell."""
        return 1

    def get_height(self, rules: RulesMap, width: int) -> int:
        """All lines, wrapped."""
        return len(self._wrapped(width))

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """The lines, each exactly `width` cells wide."""
        strips: list[Strip] = []
        for line in self._wrapped(width):
            full = line.pad_right(max(0, width - line.cell_length))
            strips.extend(full.render_strips(width, 1, style, options)[:1])
        return strips if height is None else strips[:height]

    def _wrapped(self, width: int) -> list[Content]:
        if self._made[0] != width:
            found = [
                part
                for line in self.lines
                for part in (line.laid_out(width) if isinstance(line, Laid) else _wrapped(line, width))
            ]
            self._made = (width, found)
        return self._made[1]


def _wrapped(line: Content, width: int) -> Iterator[Content]:
    for whole in line.split("\n", allow_blank=True):
        yield from _hung(whole, width)


def _hung(line: Content, width: int) -> list[Content]:
    """One line wrapped, its continuations below its first word."""
    text = line.plain
    lead = len(text) - len(text.lstrip(" "))
    hang = lead
    if len(text) > lead + 1 and not text[lead].isalnum() and text[lead + 1] == " ":
        hang += 2
    if line.cell_length <= width or width <= hang + 8:
        return [line]
    first, *more = wrapped(line[lead:], width - lead - (hang - lead))
    indented = [Content.assemble(" " * hang, part) for part in more]
    return [Content.assemble(" " * lead, first), *indented]


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
