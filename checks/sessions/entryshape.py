"""Whether an entry of a journal has the shape that klinik writes: whatever comes after may then rely on it. Pure.

A journal may have been edited, cut, or handed over by a stranger: what has another shape is damage, and is counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Shape = Callable[[Any], bool]
_STATES = frozenset(("todo", "running", "done", "already_done", "skipped", "failed", "in_doubt", "undone"))
_RESOURCE = re.compile(r"(?:[a-z0-9.-]+/)?v[0-9a-z]+/[a-z0-9-]+\Z")
_MOST = 2**53
"""The largest whole number that every reader of JSON keeps."""


def damaged(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of a known kind lacks what it must have, or has something else in its place."""
    kind = entry.get("kind", "")
    if kind in _OF_STEPS and not (isinstance(entry.get("step"), str) and entry["step"]):
        return True
    known = _KINDS.get(kind, {})
    if any(key not in entry for key in _MUST.get(kind, ())):
        return True
    if kind == "saved_file" and "sha256" in entry and not {"database", "name", "size"} <= set(entry):
        return True  # with a sum it is a file that was kept; without one the entry says why there is none
    return any(key in entry and not fits(entry[key]) for key, fits in known.items())


def _string(value: Any) -> bool:
    return isinstance(value, str)


def _string_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < _MOST


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _MOST


def _code(value: Any) -> bool:
    return value is None or (type(value) is int and abs(value) < _MOST)


def _mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _words(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)


def _texts(value: Any) -> bool:
    """A mapping of names to words."""
    return isinstance(value, Mapping) and all(isinstance(one, str) for one in value.values())


def _text(value: Any) -> bool:
    """Words in both languages, or in whichever one there was."""
    return value is None or isinstance(value, str) or _texts(value)


def _one_of(known: frozenset[str]) -> Shape:
    return lambda value: isinstance(value, str) and value in known


_VERDICT = _one_of(frozenset(("ok", "warn", "fail", "unknown", "skipped")))


def _result(value: Any) -> bool:
    texts = ("summary", "title")
    words = ("check", "reason")
    return (
        isinstance(value, Mapping)
        and _VERDICT(value.get("verdict", "unknown"))
        and all(_text(value.get(key)) for key in texts)
        and all(_string_or_none(value.get(key)) for key in words)
    )


def _results(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_result(one) for one in value.values())


def _object(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("metadata"), Mapping)


def _resource(value: Any) -> bool:
    return isinstance(value, str) and _RESOURCE.match(value) is not None


def _tables(value: Any) -> bool:
    """Rows by table and uuid."""
    tables = value.values() if isinstance(value, Mapping) else (None,)
    return all(isinstance(rows, Mapping) and all(map(_mapping, rows.values())) for rows in tables)


def _things(value: Any) -> bool:
    """What an undo was compared with."""
    return isinstance(value, (list, tuple)) and all(map(_mapping, value))


_PURPOSE = _one_of(frozenset(("do", "undo")))
_KINDS: Mapping[str, Mapping[str, Shape]] = {
    "opened": {
        "session": _string, "article": _string, "title": _text, "lang": _string, "cluster": _mapping,
        "operator": _string, "guide": _string,
    },
    "armed": {"reason": _string},
    "checked": {"results": _results},
    "cause": {"cause": _string, "causes": _texts, "steps": _count},
    "start": {
        "purpose": _PURPOSE, "values": _mapping, "risk": _string, "digest": _string, "line": _string,
        "writes": _count, "before": _results,
    },
    "saved": {"name": _string},
    "saved_object": {"resource": _resource, "namespace": _string_or_none, "name": _string, "object": _object},
    "saved_file": {"purpose": _PURPOSE, "database": _string, "name": _string, "size": _count, "sha256": _string},
    "saved_rows": {"program": _string, "role": _string, "pod": _string, "node": _string, "tables": _tables},
    "restored": {"things": _things},
    "writing": {
        "purpose": _PURPOSE, "index": _count, "first": _count, "items": _count, "what": _text, "kubectl": _words,
    },
    "answer": {
        "state": _one_of(frozenset(("sent", "ok", "failed", "in_doubt"))), "code": _code, "output": _string,
        "error": _string, "took_ms": _number,
    },
    "verified": {"purpose": _PURPOSE, "before": _results, "after": _results, "took": _number},
    "ended": {"state": _one_of(_STATES), "message": _text, "reason": _string},
    "note": {"text": _string, "operator": _string},
    "resumed": {"operator": _string},
    "handed-over": {"operator": _string},
    "finished": {"outcome": _string, "why": _string, "versions": _mapping},
}  # fmt: skip
"""What the fields of each kind hold; fields that are not named here are nobody's business."""
_MUST: Mapping[str, tuple[str, ...]] = {
    "saved": ("name",),
    "saved_object": ("resource", "name", "object"),
    "saved_rows": ("tables",),
}
"""Without these an undo would have nothing to go by."""
_OF_STEPS = frozenset(
    (
        "start",
        "saved",
        "saved_object",
        "saved_file",
        "saved_rows",
        "writing",
        "answer",
        "moved",
        "verified",
        "ended",
        "restored",
    )
)
