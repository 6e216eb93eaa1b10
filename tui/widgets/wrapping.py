"""Where lines of Chinese and English break: between characters, at spaces, and in long names after their separators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from rich.cells import get_character_cell_size
from textual.content import Content

CLOSING = frozenset("、。，．：；！？）】》」』〉〕｝’”…％·～ー,.:;!?)]}%")
"""What no line begins with, where it follows a Chinese character."""
OPENING = frozenset("（【《「『〈〔｛‘“([{")
"""What no line ends with."""
JOINTS = "/.,:;=_-@|&?+"
"""After these a name that is longer than a line is broken."""
SHORT = 8
"""Cells that are not worth beginning such a name in, and not worth standing on a line alone before one."""
NAME = 24
"""Cells from which on a word is a name, which may be broken rather than leave a sign alone."""


def wrapped(content: Content, width: int) -> list[Content]:
    """Text as lines of at most `width` cells; styles stay."""
    width = max(1, width)
    found: list[Content] = []
    for line in content.split("\n", allow_blank=True):
        short = line.cell_length <= width
        found += [line] if short else (part.rstrip() for part in line.divide(list(_cuts(line.plain, width))))
    return found


def _cuts(text: str, width: int) -> Iterator[int]:
    """Where lines begin, but for the first."""
    sizes = [1 if " " <= one < "\x7f" else get_character_cell_size(one) for one in text]
    before = [0, *accumulate(sizes)]
    used = 0
    for start, core_end, end in _units(text, sizes):
        core = before[core_end] - before[start]
        if used and used + core > width:
            alone = used < SHORT and core >= NAME
            if width - used < SHORT or (core <= width and not alone):
                yield start
                used = 0
        while used + core > width:
            start = _broken(text, sizes, start, core_end, width - used)
            yield start
            used, core = 0, before[core_end] - before[start]
        used += before[end] - before[start]


def _broken(text: str, sizes: Sequence[int], start: int, end: int, room: int) -> int:
    """Where a name goes on that does not fit in `room` cells: after a joint, else wherever it is full."""
    at, used, joint = start, 0, 0
    while at < end:
        used += sizes[at]
        if used > room:
            break
        at += 1
        if text[at - 1] in JOINTS and used > room // 2:
            joint = at
    return joint or max(at, start + 1)


def _units(text: str, sizes: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """What stays together: a word or a Chinese character with its signs; then the spaces behind it."""
    start = at = 0
    while at < len(text):
        while at < len(text) - 1 and text[at] in OPENING:
            at += 1
        wide = sizes[at] == 2
        at += 1
        while not wide and at < len(text) and text[at] != " " and sizes[at] != 2:
            at += 1
        while at < len(text) and text[at] in CLOSING:
            at += 1
        core_end = at
        while at < len(text) and text[at] == " ":
            at += 1
        yield start, core_end, at
        start = at
