"""What stands in cleaned Markdown: its headings, the lines of its code and those outside of it."""

from __future__ import annotations

import re


def sections(markdown: str) -> list[str]:
    return [line.lstrip("# ") for line in outside(markdown) if re.match(r"#{2,6} ", line)]


def outside(markdown: str) -> list[str]:
    return [line for line, fenced in walk(markdown) if not fenced]


def fenced(markdown: str) -> list[str]:
    return [line.strip() for line, inside in walk(markdown) if inside]


def walk(markdown: str) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    inside = False
    for line in markdown.split("\n"):
        if line.lstrip().startswith("```"):
            inside = not inside
            continue
        found.append((line, inside))
    return found
