"""The command lines of a shell fence as typed: without prompts, comments, answers; continued lines joined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 4_000
"""Characters of a joined command that are looked at."""
PROMPT = re.compile(
    r"[ \t]{0,40}(?:\[[^\]\n]{1,60}\]|[\w.-]{1,40}@[\w.-]{1,60}(?::[^\s$#]{0,80})?)?[$#] (?=\S)"
)
DOLLAR = re.compile(r"[ \t]{0,40}\$ (?=\S)")
HEREDOC = re.compile(r"(?<!<)<<-?\s{0,4}(['\"]?)([A-Za-z_][\w-]{0,60})\1")


@dataclass(frozen=True, slots=True)
class Line:
    """One command as typed, its 1-based line within the fence, and whether a prompt stood before it."""

    number: int
    text: str
    prompt: bool


def commands(fence: str, *, session: bool = False) -> Iterator[Line]:
    """The commands in a fence; where any line has a ``$`` prompt (or in a session) the others are answers."""
    rows = fence.split("\n")
    dollar = any(DOLLAR.match(row[:200]) for row in rows)
    prompted = session or dollar
    last = {row.strip(): at for at, row in enumerate(rows)} if "<<" in fence else {}
    index = 0
    while index < len(rows):
        number, row = index + 1, rows[index]
        index += 1
        match = PROMPT.match(row[:300]) if prompted else None
        if match and dollar and row.lstrip().startswith("# "):  # where $ is the prompt, # begins a comment
            match = None
        if (prompted and not match) or not row.strip() or (row.lstrip().startswith("#") and not match):
            continue
        text = row[match.end() :] if match else row.strip()
        while text.endswith("\\") and index < len(rows) and len(text) < LONGEST:
            text = text[:-1] + " " + rows[index].strip().removeprefix("> ")
            index += 1
        end = HEREDOC.search(text[:LONGEST])
        # looked for only where it will be found, so that a fence full of open ones takes no longer
        if end and last.get(end[2], -1) >= index:
            while rows[index].strip() != end[2]:
                index += 1
            index += 1
        yield Line(number, text[:LONGEST], bool(match))
