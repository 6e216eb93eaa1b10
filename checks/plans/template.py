"""Slots in argv, bodies and texts: ``{input}``, ``{item}``, ``{item.key}``, filled with typed values.

A value becomes one word or part of one word and stays there: it may not be empty, start with ``-``, or hold
control characters. Nothing here ever splits or joins words, and nothing reaches a shell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kb.messages import message
from kb.safe import one_line
from kb.text import Text

SLOT = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_./-]+)*)\}")
# Controls, what is not seen or turns text around (what is shown is what runs), and halves of characters.
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
LONGEST = 1024
"""Characters of the longest value a slot takes."""

Values = Mapping[str, Any]


class SlotError(ValueError):
    """A value that may not stand in a command; `text` says which and why."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


def slots(template: str) -> tuple[str, ...]:
    """The names of the slots of one string, in order."""
    return tuple(match.group(1) for match in SLOT.finditer(template))


def fill(template: str, values: Values) -> str:
    """One word with its slots filled; raises SlotError for a value that could be anything but data."""
    return SLOT.sub(lambda match: word(match.group(1), lookup(match.group(1), values)), template)


def fill_argv(argv: Sequence[str], values: Values) -> tuple[str, ...]:
    """Every word filled; the result has exactly as many words as the template."""
    return tuple(fill(part, values) for part in argv)


def fill_body(body: Any, values: Values) -> Any:
    """A JSON body filled; a string that is nothing but one slot takes the value with its type."""
    if isinstance(body, str):
        whole = SLOT.fullmatch(body)
        if whole:
            return _typed(whole.group(1), lookup(whole.group(1), values))
        return fill(body, values)
    if isinstance(body, Mapping):
        return {fill(str(key), values): fill_body(value, values) for key, value in body.items()}
    if isinstance(body, (list, tuple)):
        return [fill_body(value, values) for value in body]
    return body


def fill_patch(kind: str, body: Any, values: Values) -> Any:
    """The body of a patch filled, by its kind: ``json`` has pointers, in which a value is one part."""
    pointed = kind == "json" and isinstance(body, (list, tuple))
    return fill_json_patch(body, values) if pointed else fill_body(body, values)


def fill_json_patch(operations: Sequence[Any], values: Values) -> list[Any]:
    """A JSON patch (RFC 6902) filled: a value within a path stays within its part of the path (RFC 6901)."""
    return [_operation(one, values) if isinstance(one, Mapping) else one for one in operations]


def _operation(operation: Mapping[str, Any], values: Values) -> dict[str, Any]:
    def part(match: re.Match[str]) -> str:
        text = word(match.group(1), lookup(match.group(1), values))
        return text.replace("~", "~0").replace("/", "~1")

    paths = {
        key: SLOT.sub(part, operation[key]) for key in ("path", "from") if isinstance(operation.get(key), str)
    }
    return {key: paths[key] if key in paths else fill_body(value, values) for key, value in operation.items()}


def fill_text(text: Text, values: Values) -> Text:
    """A text with the slots that have a value filled for reading, the others left as they are."""
    return Text(_shown(text.en, values), _shown(text.zh, values))


def lookup(name: str, values: Values) -> Any:
    """The value of a slot; ``a.b`` is the key b of the mapping a. Raises SlotError where there is none."""
    if name in values:
        return values[name]
    head, _, path = name.partition(".")
    found = values.get(head)
    while path and isinstance(found, Mapping):
        if path in found:
            return found[path]
        key, _, path = path.partition(".")
        found = found.get(key)
    if path or found is None:
        raise SlotError(message("session.slot-missing", slot=name))
    return found


def word(name: str, value: Any) -> str:
    """A value as (part of) one argv word; raises SlotError."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value >= 0:
        return str(value)
    if isinstance(value, float) and value >= 0:
        return repr(value)
    if not isinstance(value, str):
        raise SlotError(message("session.slot-type", slot=name, kind=type(value).__name__))
    shown = one_line(value, 60)
    if not value or value.isspace():
        raise SlotError(message("session.slot-empty", slot=name))
    if value.startswith("-"):
        raise SlotError(message("session.slot-dash", slot=name, value=shown))
    if _FORBIDDEN.search(value):
        raise SlotError(message("session.slot-control", slot=name, value=shown))
    if len(value) > LONGEST:
        raise SlotError(message("session.slot-long", slot=name, limit=LONGEST))
    return value


def strings(node: Any) -> Iterator[str]:
    """Every string of a JSON-like value, keys included."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield str(key)
            yield from strings(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from strings(value)


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return word(name, value)
    if isinstance(value, (list, tuple)):
        return [_typed(name, part) for part in value]
    return value


def _shown(template: str, values: Values) -> str:
    def show(match: re.Match[str]) -> str:
        try:
            value = lookup(match.group(1), values)
        except SlotError:
            return match.group(0)
        if isinstance(value, (list, tuple)):
            if len(value) > 5 or any(isinstance(part, Mapping) for part in value):
                return f"{len(value):,}"
            return ", ".join(one_line(str(part), 80) for part in value)
        return one_line(str(value), 80)

    return SLOT.sub(show, template)
