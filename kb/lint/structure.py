"""Headings, sections and fences of an article."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from kb.lint.view import View, found, grouped, language_of
from kb.model import Section
from kb.problem import Problem

FENCE_END = re.compile(r"[ \t>]*(?:`{3,}|~{3,})[ \t]*\Z")
FENCE = re.compile(r"(?:[ \t>]|[-*+][ \t]|\d{1,4}[.)][ \t]){0,40}(?:`{3,}|~{3,})")
TODO = re.compile(r"\bTODO\b\s*[:：]")
ACTING = ("diagnosis", "resolution", "workaround")
SHOWN = 4


def check(view: View) -> Iterator[Problem]:
    """Empty and unknown sections, unclosed fences, tabs where YAML forbids them, what is still to be written."""
    yield from _sections(view)
    yield from _fences(view)
    yield from grouped(view.path, _todo(view), "article.todo")


def _todo(view: View) -> list[int]:
    inside = {line for block in view.blocks if block.kind == "code" for line in range(block.line, block.end)}
    body = enumerate(view.lines[view.body_line - 1 :], start=view.body_line)
    return [number for number, line in body if number not in inside and TODO.search(line[:400])]


def _sections(view: View) -> Iterator[Problem]:
    sections = view.text.sections
    yield from grouped(view.path, [s.line for s in sections if not s.markdown.strip()], "section.empty")
    if not view.troubleshooting or not sections:
        return
    if not any(section.kind in ACTING for section in sections):
        yield found(view.path, view.body_line, "section.no-steps")
    top = min(section.level for section in sections)
    unknown = [
        section
        for place, section in enumerate(sections)
        if section.level == top and section.kind == "other" and not _parts_known(sections[place + 1 :], top)
    ]
    if unknown:
        names = ", ".join(section.heading[:40] for section in unknown[:SHOWN])
        yield from grouped(
            view.path, [section.line for section in unknown], "section.unknown", headings=names
        )


def _parts_known(following: Sequence[Section], top: int) -> bool:
    """Whether a heading of the top level has a known section below it: then it names a case, not a section."""
    below = takewhile(lambda section: section.level > top, following)
    return any(section.kind != "other" for section in below)


def _fences(view: View) -> Iterator[Problem]:
    tabs = []
    for block in view.blocks:
        if block.kind != "code" or not block.end:
            continue
        opening = view.lines[block.line - 2] if 2 <= block.line <= len(view.lines) + 1 else ""
        if FENCE.match(opening[:200]):
            last = view.lines[min(block.end - 2, len(view.lines) - 1)]
            if block.end - 1 < block.line or not FENCE_END.match(last[:200]):
                yield found(view.path, block.line - 1, "fence.unclosed")
        if language_of(block.info) in ("yaml", "yml"):
            rows = block.text.split("\n")
            tabs += [
                block.line + n for n, row in enumerate(rows) if "\t" in row[: len(row) - len(row.lstrip())]
            ]
    yield from grouped(view.path, tabs, "fence.tab")
