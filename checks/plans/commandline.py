"""A command line of an article with an operator's values in it, for the screen and for copying. Pure.

A value stays one word wherever its slot stands: bare it is quoted, inside quotes it is escaped; where neither is safe
(inside a substitution or a here-document) only values that need no quotes are put in.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from checks.plans.template import SLOT, SlotError, word
from kb.messages import message
from kb.model import CommandAction, Input

_PLAIN = re.compile(r"[A-Za-z0-9._:/@%+,-][A-Za-z0-9._:/@%+=,-]*")


def line_of(action: CommandAction, values: Mapping[str, Any]) -> str:
    """The line with the values that are known; every other slot stays visible. Raises SlotError for an unsafe value."""
    return fill_line(action.shell, values)


def unfilled(action: CommandAction, inputs: Sequence[Input], values: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the inputs that the line still needs, in order."""
    named = {match.group(1) for match in SLOT.finditer(action.shell)}
    return tuple(spec.name for spec in inputs if spec.name in named and values.get(spec.name) in (None, ""))


def fill_line(template: str, values: Mapping[str, Any]) -> str:
    """A shell line with its slots filled so that each value stays data; raises SlotError."""
    careful = any(mark in template for mark in ("$(", "`", "<<", "<(", ">("))
    parts: list[str] = []
    quote = ""
    at = 0
    while at < len(template):
        char = template[at]
        match = SLOT.match(template, at) if char == "{" and template[at - 1 : at] != "$" else None
        if match and values.get(match.group(1)) not in (None, ""):
            parts.append(_quoted(match.group(1), values[match.group(1)], quote, careful))
            at = match.end()
            continue
        if char == "\\" and quote != "'":
            parts.append(template[at : at + 2])
            at += 2
            continue
        if char in "'\"":
            quote = char if not quote else "" if char == quote else quote
        parts.append(char)
        at += 1
    return "".join(parts)


def _quoted(name: str, value: Any, quote: str, careful: bool) -> str:
    text = word(name, value)
    if _PLAIN.fullmatch(text):
        return text
    if careful or (quote == '"' and "!" in text):
        raise SlotError(message("derive.unsafe-value", name=name))
    if quote == "'":
        return text.replace("'", "'\"'\"'")
    if quote == '"':
        return re.sub(r'([\\\\"$`])', r"\\\1", text)
    return shlex.quote(text)
