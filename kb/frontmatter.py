"""The YAML block at the head of a Markdown file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kb import yamlfile
from kb.findings import finding
from kb.messages import message
from kb.model import NOTHING
from kb.problem import Problem

OPENING = re.compile(r"---[ \t]*\Z")
CLOSING = re.compile(r"(?:---|\.\.\.)[ \t]*\Z")
LOOKS_LIKE = re.compile(r"\s*(?:[\w .\-]{1,60}:(?:\s|\Z)|#|-\s|\[|\{|\Z)")
MAX_LINES = 400


@dataclass(frozen=True, slots=True)
class Front:
    """Front matter as mapping, the body below it, and the 1-based line the body begins in."""

    data: Mapping[str, Any]
    body: str
    body_line: int
    problems: tuple[Problem, ...] = ()


def split(text: str, path: str) -> Front:
    """Front matter and body of a text; values stay text (``4.10`` is a version, not a number)."""
    lines = text.split("\n", MAX_LINES + 1)
    if not OPENING.match(lines[0]) or len(lines) == 1 or not LOOKS_LIKE.match(lines[1]):
        return Front(NOTHING, text, 1)
    end = _end(lines)
    problems: list[Problem] = []
    if end is None:
        end = _first_gap(lines)
        if end == 1:
            return Front(NOTHING, text, 1)
        problems.append(finding(path, 1, "front.no-end", "warning"))
        body_at = end
    else:
        body_at = end + 1
    document = yamlfile.parse("\n".join(lines[1:end]), path, first_line=2, numbers=False)
    problems += document.problems
    data = document.data
    if isinstance(data, str) and not document.problems:
        return Front(NOTHING, text, 1)  # prose between two rules is no front matter
    if data is not None and not isinstance(data, dict):
        problems.append(finding(path, 2, "front.not-mapping", found=message("kb.is.list")))
    body = "\n".join(lines[body_at:])
    return Front(data if isinstance(data, dict) else NOTHING, body, body_at + 1, tuple(problems))


def values(front: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """The texts under the first of `names` that is there, in any case; lists and ``a, b`` taken apart."""
    lowered = {key.casefold(): value for key, value in front.items()}
    for name in names:
        found = lowered.get(name.casefold())
        if found:
            items = found if isinstance(found, list) else [found]
            parts = (
                part.strip() for item in items if isinstance(item, str) for part in re.split("[,，;；]", item)
            )
            return tuple(dict.fromkeys(part for part in parts if part))
    return ()


def _end(lines: list[str]) -> int | None:
    for number, line in enumerate(lines[1 : MAX_LINES + 1], start=1):
        if CLOSING.match(line):
            return number
    return None


def _first_gap(lines: list[str]) -> int:
    """Where front matter without an end stops: at the first blank line or heading."""
    for number, line in enumerate(lines[1:MAX_LINES], start=1):
        if not line.strip() or re.match(r"#{1,6}\s+\S", line):
            return number
    return min(len(lines), MAX_LINES)
