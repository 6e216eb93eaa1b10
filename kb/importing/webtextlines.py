"""The text of a page as clean lines: no invisible characters, every kind of space and line end made plain."""

from __future__ import annotations

import re

from kb.importing.webtextmodel import Line

ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|[@-Z\\^_])")
BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
INVISIBLE = (0xFEFF, 0x00AD, 0x180E, 0xFFFC)
PLAIN = {
    **dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *INVISIBLE]),
    **dict.fromkeys([0x00A0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " "),
    **dict.fromkeys([*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0xA0)]),
}  # fmt: skip


def read(text: str) -> list[Line]:
    """The lines of a page, numbered as in the source."""
    plain = BREAKS.sub("\n", ESCAPES.sub("", text)).translate(PLAIN)
    return [Line(number, line.rstrip()) for number, line in enumerate(plain.split("\n"), 1)]
