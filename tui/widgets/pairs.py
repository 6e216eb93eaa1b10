"""Lines that a `Page` does not wrap as prose: two columns side by side, and what a program printed."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from tui.widgets.wrapping import wrapped

GAP = 3


@dataclass(frozen=True)
class Pair:
    """Left and right under one heading, for a `Page`; between them a sign says whether they differ."""

    left: Content
    right: Content
    sign: str = ""
    indent: int = 2

    @property
    def plain(self) -> str:
        """The text without colours."""
        return f"{self.left.plain}  {self.sign}  {self.right.plain}".rstrip()

    def laid_out(self, width: int) -> list[Content]:
        """The lines of both columns; on a very narrow screen one below the other."""
        room = (width - self.indent - GAP) // 2
        if room < 16:
            lines = [
                *wrapped(self.left, max(1, width - self.indent)),
                *wrapped(self.right, max(1, width - self.indent)),
            ]
            return [Content.assemble(" " * self.indent, line) for line in lines]
        left, right = wrapped(self.left, room), wrapped(self.right, room)
        found = []
        for at in range(max(len(left), len(right))):
            one = left[at] if at < len(left) else Content("")
            two = right[at] if at < len(right) else Content("")
            sign = f" {self.sign} ".ljust(GAP) if not at else " " * GAP
            space = " " * max(0, room - one.cell_length)
            found.append(Content.assemble(" " * self.indent, one, space, (sign, "$quiet"), two))
        return found


@dataclass(frozen=True)
class Printed:
    """What a program laid out in columns of its own: never wrapped, cut at the edge."""

    text: Content

    @property
    def plain(self) -> str:
        """The text without colours."""
        return self.text.plain

    def laid_out(self, width: int) -> list[Content]:
        """One line each."""
        return [line.truncate(width, ellipsis=True) for line in self.text.split("\n", allow_blank=True)]


@dataclass(frozen=True)
class Chips:
    """Small things in a row, as many on a line as fit; none of them is broken."""

    items: tuple[Content, ...]

    @property
    def plain(self) -> str:
        """The text without colours."""
        return "  ".join(item.plain for item in self.items)

    def laid_out(self, width: int) -> list[Content]:
        """The lines."""
        lines: list[Content] = []
        for item in self.items:
            cut = item.truncate(max(1, width), ellipsis=True)
            last = lines[-1] if lines else None
            if last is not None and last.cell_length + GAP + cut.cell_length <= width:
                lines[-1] = Content.assemble(last, " " * GAP, cut)
            else:
                lines.append(cut)
        return lines


Laid = Pair | Printed | Chips
"""Lines of a `Page` that know themselves how they are laid out."""
