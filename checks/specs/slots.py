"""The slots of reads, ``{param}``: what may be put into words, and numbers that a param gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from checks.specs.shape import Place
from kb.messages import message
from kb.said import Said

SLOT = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
VALUE = re.compile(r"[A-Za-z0-9._:/=@-]+")
"""What a param may put into a command, selector or query."""


class SlotError(Said, ValueError):
    """A param whose value may not stand in a command or selector."""


def word(template: str, params: Mapping[str, Any], keep: tuple[str, ...] = ()) -> str:
    """The text with its slots filled, those named in `keep` left; raises SlotError."""

    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name in keep:
            return match[0]
        if name not in params:
            raise SlotError(message("checks.no-param", name=name))
        value = params[name]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if not VALUE.fullmatch(text) or (text.startswith("-") and match.start() == 0):
            raise SlotError(message("checks.param-unsafe", name=name, value=repr(text[:60])))
        return text

    return SLOT.sub(put, template)


def number(param: str, params: Mapping[str, Any]) -> float:
    """The number that a param gives; raises SlotError."""
    value = params.get(param)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SlotError(message("checks.param-number", name=param))
    return value


def numeric(inner: Place, key: str, default: float, numbers: dict[str, str], least: float = 0) -> float:
    """A number of a file, or ``{param}``, which is noted in `numbers` and filled for each use."""
    place = inner.at(key)
    if isinstance(place.value, str) and (match := SLOT.fullmatch(place.value)):
        numbers[key] = match[1]
        return default
    return place.number(default, least)
