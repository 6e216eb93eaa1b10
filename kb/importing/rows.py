"""The lines of a Markdown text with their place in the source, and which of them are code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kb import markdown

ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)(.*?)(?:[ \t]+#+)?[ \t]*\Z")
FENCE = re.compile(r"(?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*(`{3,}|~{3,})")


@dataclass(slots=True)
class Row:
    """One line: its number in the source (0: unknown), its text, whether it belongs to a code block."""

    number: int
    text: str
    code: bool = False
    heading: int = 0
    """Level of the heading this line is; 0 for any other line."""


def rows_of(text: str, first_line: int) -> list[Row]:
    """The lines of a text, marked."""
    step = 1 if first_line else 0
    rows = [Row(first_line + step * index, line) for index, line in enumerate(text.split("\n"))]
    mark(rows)
    return rows


def text_of(rows: Iterable[Row]) -> str:
    """The lines as one text."""
    return "\n".join(row.text for row in rows)


def mark(rows: list[Row]) -> list[markdown.Block]:
    """Find out again which lines are code (fences with their markers, indented blocks); returns all blocks."""
    for row in rows:
        row.code, row.heading = False, 0
    blocks = markdown.blocks(text_of(rows))
    for block in blocks:
        if block.kind == "code":
            first = block.line - 1
            if first > 0 and FENCE.match(rows[first - 1].text):
                first -= 1
            for index in range(first, min(block.end - 1, len(rows))):
                rows[index].code = True
        elif block.kind == "heading" and block.line <= len(rows):
            rows[block.line - 1].heading = block.level
    return blocks
