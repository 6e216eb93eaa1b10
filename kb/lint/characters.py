"""Characters that readers do not see and commands do not forgive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.lint.view import View, grouped
from kb.markdown import MAX_LINE
from kb.problem import Problem

LONG = 2_000
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]|(?<=[ -~])[\u200c\u200d](?=[ -~])")
"""Joiners only between ASCII: in other scripts and emoji they are spelling."""


def check(view: View) -> Iterator[Problem]:
    """Control characters, text that lies about its order, invisible characters, lines too long to be read."""
    control, bidi, invisible, cut, long = [], [], [], [], []
    for number, line in enumerate(view.lines, start=1):
        if len(line) > MAX_LINE:
            cut.append(number)
        elif len(line) > LONG:
            long.append(number)
        if line.isascii() and line.isprintable():
            continue
        if CONTROL.search(line):
            control.append(number)
        if not line.isascii():
            if BIDI.search(line):
                bidi.append(number)
            if INVISIBLE.search(line):
                invisible.append(number)
    yield from grouped(view.path, control, "text.control")
    yield from grouped(view.path, bidi, "text.bidi")
    yield from grouped(view.path, invisible, "text.invisible")
    yield from grouped(view.path, cut, "text.line-cut", limit=MAX_LINE)
    yield from grouped(view.path, long, "text.long-line", limit=LONG)
