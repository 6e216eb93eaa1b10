"""Text of unknown origin made safe to show: nothing in it may drive the terminal."""

from __future__ import annotations

import re

# C0 and C1 controls but tab and newline, and the bidirectional overrides that make text lie about its order.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def printable(text: str) -> str:
    """The text without escape sequences and control characters; tabs and newlines stay, CRLF becomes LF."""
    return _UNSAFE.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))


def one_line(text: str, limit: int = 400) -> str:
    """The text as a single line of at most `limit` characters, cut with an ellipsis."""
    line = " ".join(printable(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
