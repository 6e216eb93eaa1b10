"""Fences that were never closed: where they probably end."""

from __future__ import annotations

import re

from kb import headings
from kb.importing.model import note
from kb.importing.rows import ATX, FENCE, Row, mark
from kb.problem import Problem

NESTED_OPENING = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*[A-Za-z][\w+#.-]*[ \t]*\Z")
ABOUT_MARKDOWN = ("md", "markdown", "mdx")


def close(rows: list[Row], path: str, notes: list[Problem]) -> list[Row]:
    """Close what was left open: before the heading or opening that it has swallowed, or at the end."""
    for _ in range(50):
        blocks = [block for block in mark(rows) if block.kind == "code"]
        cut = next(
            (c for block in blocks if (c := _swallowed(rows, block.line - 1, block.end - 1)) is not None),
            None,
        )
        if cut is None:
            break
        opening, at = cut
        marker = _marker(rows[opening].text)
        notes.append(note(path, rows[opening].number, "guess.fence", "warning"))
        rows.insert(at, Row(rows[at - 1].number, marker))
    while rows and not rows[-1].text.strip() and not rows[-1].code:
        rows.pop()
    if rows and rows[-1].code:
        blocks = [block for block in mark(rows) if block.kind == "code"]
        opening = blocks[-1].line - 2
        if (
            opening >= 0
            and FENCE.match(rows[opening].text)
            and not _closed(rows, opening, blocks[-1].end - 2)
        ):
            notes.append(note(path, rows[opening].number, "guess.fence", "warning"))
            while len(rows) > opening + 2 and not rows[-1].text.strip():
                rows.pop()
            rows.append(Row(rows[-1].number, _marker(rows[opening].text)))
            mark(rows)
    return rows


def _swallowed(rows: list[Row], first: int, end: int) -> tuple[int, int] | None:
    """(opening line, line to close before) of a fence that has swallowed another opening; None for a sound block."""
    opening = first - 1
    if opening < 0 or end > len(rows):
        return None
    mark_found = FENCE.match(rows[opening].text)
    info = rows[opening].text[mark_found.end() :].strip().lower() if mark_found else ""
    if (
        not mark_found
        or info.split(" ")[0] in ABOUT_MARKDOWN
        or not rows[opening].text.strip().startswith(mark_found[1])
    ):
        return None
    fence = mark_found[1]
    open_end = not _closed(rows, opening, end - 1)
    heading = 0
    for index in range(first, end):
        text = rows[index].text
        if not heading and _is_section(rows, index):
            heading = index
            if open_end:
                return opening, _before(rows, index, first)
        nested = NESTED_OPENING.match(text)
        if nested and nested[1][0] == fence[0] and len(nested[1]) >= len(fence):
            return opening, _before(rows, heading or index, first)
    return None


def _is_section(rows: list[Row], index: int) -> bool:
    """A heading of a known section with blank lines around it: a comment of a shell script hardly looks like that."""
    found = ATX.match(rows[index].text)
    alone = (
        index > 0
        and not rows[index - 1].text.strip()
        and (index + 1 >= len(rows) or not rows[index + 1].text.strip())
    )
    return bool(found and alone and len(found[1]) >= 2 and headings.kind(found[2]) != "other")


def _before(rows: list[Row], index: int, first: int) -> int:
    while index - 1 > first and not rows[index - 1].text.strip():
        index -= 1
    return index


def _closed(rows: list[Row], opening: int, last: int) -> bool:
    start, stop = FENCE.match(rows[opening].text), FENCE.match(rows[last].text) if last < len(rows) else None
    if not start or not stop or last <= opening:
        return False
    return (
        stop[1][0] == start[1][0]
        and len(stop[1]) >= len(start[1])
        and not rows[last].text[stop.end() :].strip()
    )


def _marker(opening: str) -> str:
    """The closing line of a fence that was opened with this line, at the same place."""
    found = FENCE.match(opening)
    fence = found[1] if found else "```"
    lead = opening[: found.start(1)] if found else ""
    return re.sub(r"[^>\s]", " ", lead) + fence
