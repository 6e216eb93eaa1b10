"""Several cases in one text: "Scenario 1: …", "Issue 2: …", each with its own steps below it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.derive.draft import DraftCause, Place
from kb.derive.outline import Part
from kb.derive.prose import plain, title

MOST_CASES = 12
_CASE = re.compile(
    r"^\W{0,3}(?:[0-9.]{1,6}\s*)?(?:scenario|case|issue|problem|question|q|场景|情况|情形|问题|案例|故障|现象)\s*#?"
    r"(?:[0-9]{1,2}|[一二三四五六七八九十]|[A-H](?![a-z]))\s*[.、:：)）—–-]+\s*(\S.*)",
    re.I,
)


def cases(found: Sequence[Part]) -> list[DraftCause]:
    """The cases a text treats one after the other; none where it has not at least two with something below."""
    made: list[DraftCause] = []
    level = 0
    for at, part in enumerate(found):
        match = _CASE.match(part.heading)
        below = bool(part.pieces) or (at + 1 < len(found) and found[at + 1].level > part.level)
        if match and below and (not level or part.level == level):
            level = part.level
            said = next((plain(p.text) for p in part.pieces if p.kind == "paragraph"), "")
            place = Place(part.heading, part.trail, part.scope, part.line)
            made.append(DraftCause(title(match.group(1)), said[:600], place, label=part.heading))
    return made[:MOST_CASES] if len(made) > 1 else []
