"""OVSDB values as text: read as the ctl tools read arguments, printed as they print (ovs-vsctl(8), Database Values)."""

from __future__ import annotations

import json
import re
from typing import Any

from checks.practice.sim.types import ColumnType

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_DELIMITERS = set(":=, []{}!<>")


class ValueProblem(Exception):
    """A value that cannot be read; the text is what the tool prints after its name."""


def is_uuid(text: str) -> bool:
    """Whether this is a whole UUID."""
    return bool(_UUID.match(text))


# --- printing


def quoted(text: str) -> str:
    """A string as the tools print it: bare where it reads as an identifier, else in JSON quotes."""
    if _BARE.match(text) and text not in ("true", "false") and not is_uuid(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def atom(value: Any, *, bare: bool = False) -> str:
    """One scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if bare or is_uuid(value) else quoted(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _atom_of(kind: str, value: Any, bare: bool) -> str:
    if kind == "string" and not bare:
        return json.dumps(value) if is_uuid(value) else quoted(value)
    return atom(value, bare=True)


def show(kind: ColumnType, value: Any, *, bare: bool = False) -> str:
    """A column's value in the format ``string`` or ``bare``."""
    if kind.shape == "scalar":
        return _atom_of(kind.key, value, bare)
    if kind.shape == "map":
        pairs = [
            f"{_atom_of(kind.key, k, bare)}={_atom_of(kind.value, v, bare)}" for k, v in sorted(value.items())
        ]
        return " ".join(pairs) if bare else "{" + ", ".join(pairs) + "}"
    atoms = [_atom_of(kind.key, v, bare) for v in _ordered(value)]
    if bare:
        return " ".join(atoms)
    if kind.shape == "optional" and atoms:
        return atoms[0]
    # A set of exactly one member is printed without brackets only where it cannot hold more.
    return "[" + ", ".join(atoms) + "]"


def _ordered(value: Any) -> list[Any]:
    return sorted(value) if len(value) > 1 else list(value)


def _json_atom(kind: str, value: Any) -> Any:
    return ["uuid", value] if kind == "uuid" else value


def to_json(kind: ColumnType, value: Any) -> Any:
    """A column's value as RFC 7047 JSON."""
    if kind.shape == "scalar":
        return _json_atom(kind.key, value)
    if kind.shape == "map":
        return [
            "map",
            [[_json_atom(kind.key, k), _json_atom(kind.value, v)] for k, v in sorted(value.items())],
        ]
    atoms = [_json_atom(kind.key, v) for v in _ordered(value)]
    return atoms[0] if len(atoms) == 1 else ["set", atoms]


# --- reading


def tokens(text: str) -> list[tuple[str, bool]]:
    """Words and delimiters of a value; each with whether it was a word (quotes already taken off)."""
    found: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == " ":
            at += 1
        elif char == '"':
            end = at + 1
            while end < len(text) and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            if end >= len(text):
                raise ValueProblem(f"{text}: quoted string extends past end of argument")
            found.append((json.loads(text[at : end + 1]), True))
            at = end + 1
        elif char in _DELIMITERS:
            found.append((char, False))
            at += 1
        else:
            end = at
            while end < len(text) and text[end] not in _DELIMITERS:
                end += 1
            found.append((text[at:end], True))
            at = end
    return found


def scalar(kind: str, word: str) -> Any:
    """One word as a value of a base type; the messages are those of the tools."""
    if kind == "string":
        return word
    if kind == "integer":
        if not _INTEGER.match(word):
            raise ValueProblem(f'"{word}" is not a valid integer or range')
        return int(word)
    if kind == "real":
        try:
            return float(word)
        except ValueError:
            raise ValueProblem(f'"{word}" is not a valid real number') from None
    if kind == "boolean":
        if word in ("true", "yes", "on", "1"):
            return True
        if word in ("false", "no", "off", "0"):
            return False
        raise ValueProblem(f'"{word}" is not a valid boolean (use "true" or "false")')
    if not is_uuid(word):
        raise ValueProblem(f'"{word}" is not a valid UUID')
    return word


def read_atom(kind: str, text: str) -> Any:
    """A whole argument as one scalar: in quotes, or every character as it stands (``column:key=value``)."""
    if kind == "string" and text.startswith('"'):
        parts = tokens(text)
        if len(parts) != 1:
            raise ValueProblem(f"{text}: trailing garbage")
        return parts[0][0]
    return scalar(kind, text)


def read(kind: ColumnType, text: str) -> Any:
    """A whole argument as a column's value; sets and maps with or without their brackets."""
    parts = tokens(text)
    opening, closing = ("{", "}") if kind.shape == "map" else ("[", "]")
    if parts and parts[0] == (opening, False):
        if parts[-1] != (closing, False):
            raise ValueProblem(f'{text}: missing "{closing}" at end of data')
        parts = parts[1:-1]
    if kind.shape == "map":
        return _pairs(kind, parts, text)
    members = _members(kind, parts, text)
    if kind.shape != "set" and len(members) > 1:
        raise ValueProblem(f"{text}: {len(members)} value(s) specified but the maximum number is 1")
    if kind.shape == "scalar":
        if not members:
            raise ValueProblem(f"{text}: 0 value(s) specified but the minimum number is 1")
        return members[0]
    return members


def _members(kind: ColumnType, parts: list[tuple[str, bool]], text: str) -> tuple[Any, ...]:
    members: list[Any] = []
    for word, is_word in parts:
        if is_word:
            members.append(scalar(kind.key, word))
        elif word != ",":
            name = kind.key if kind.shape == "scalar" else f"set of {kind.key}s"
            raise ValueProblem(f'{text}: unexpected "{word}" parsing {name}')
    return tuple(dict.fromkeys(members))


def _pairs(kind: ColumnType, parts: list[tuple[str, bool]], text: str) -> dict[Any, Any]:
    pairs: dict[Any, Any] = {}
    rest = [part for part in parts if part != (",", False)]
    while rest:
        if len(rest) < 3 or rest[1] not in (("=", False), (":", False)) or not rest[0][1] or not rest[2][1]:
            raise ValueProblem(f'{text}: syntax error at "')
        pairs[scalar(kind.key, rest[0][0])] = scalar(kind.value, rest[2][0])
        rest = rest[3:]
    return pairs
