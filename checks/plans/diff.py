"""Two objects, or one, as lines a person can compare: YAML-like, without the server's bookkeeping. Pure."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from kb.safe import one_line

_PLAIN = re.compile(r"[A-Za-z0-9_./@%+][A-Za-z0-9_./@%+: -]*\Z")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "~"))
_NOISE = ("managedFields", "resourceVersion", "generation", "selfLink")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def without_noise(obj: Mapping[str, Any], *, status: bool = True) -> dict[str, Any]:
    """A copy without managedFields, versions and kubectl's own annotation; without status on request."""
    kept = {key: value for key, value in obj.items() if status or key != "status"}
    meta = {key: value for key, value in dict(obj.get("metadata") or {}).items() if key not in _NOISE}
    notes = {k: v for k, v in dict(meta.get("annotations") or {}).items() if k != _LAST_APPLIED}
    if "annotations" in meta:
        meta["annotations"] = notes
        if not notes:
            del meta["annotations"]
    kept["metadata"] = meta
    return kept


def lines_of(value: Any, indent: int = 0) -> list[str]:
    """A JSON-like value as YAML lines, keys in their order, every line safe to show."""
    pad = "  " * indent
    if isinstance(value, Mapping) and value:
        return [
            line for key, inner in value.items() for line in _entry(pad, _scalar(str(key)), inner, indent)
        ]
    if isinstance(value, (list, tuple)) and value:
        return [line for inner in value for line in _item(pad, inner, indent)]
    return [pad + _scalar(value)]


def unified(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, name: str = ""
) -> tuple[str, ...]:
    """The difference of two objects as a unified diff with three lines of context; empty where there is none."""
    was = _covered(without_noise(before)) if before is not None else None
    will = _covered(without_noise(after)) if after is not None else None
    old = lines_of(was) if was is not None else []
    new = lines_of(_ordered_like(will, was)) if will is not None else []
    shown = one_line(name, 200)
    found = list(difflib.unified_diff(old, new, f"a/{shown}", f"b/{shown}", lineterm="", n=3))
    return tuple(found)


def _covered(obj: dict[str, Any]) -> dict[str, Any]:
    """The data of a Secret as marks that tell only whether they are the same."""
    if obj.get("kind") != "Secret":
        return obj

    def mark(value: Any) -> str:
        text = json.dumps(value, sort_keys=True)
        return f"<secret:{hashlib.sha256(text.encode()).hexdigest()[:4]}>"

    return {
        key: {name: mark(value) for name, value in inner.items()}
        if key in ("data", "stringData") and isinstance(inner, Mapping)
        else inner
        for key, inner in obj.items()
    }


def _ordered_like(value: Any, model: Any) -> Any:
    """The same value with its keys in the order of another: servers give keys in any order, which is no change."""
    if isinstance(value, Mapping) and isinstance(model, Mapping):
        keys = [*(key for key in model if key in value), *(key for key in value if key not in model)]
        return {key: _ordered_like(value[key], model.get(key)) for key in keys}
    if isinstance(value, (list, tuple)) and isinstance(model, (list, tuple)):
        models = [*model, *([None] * len(value))]
        return [_ordered_like(inner, other) for inner, other in zip(value, models, strict=False)]
    return value


def merge_between(now: Any, wanted: Any) -> Any:
    """The JSON merge patch (RFC 7386) that turns `now` into `wanted`; an empty mapping where they are equal."""
    if not isinstance(now, Mapping) or not isinstance(wanted, Mapping):
        return wanted
    patch: dict[str, Any] = {key: None for key in now if key not in wanted}
    for key, value in wanted.items():
        if key not in now:
            patch[key] = value
        elif now[key] != value:
            patch[key] = merge_between(now[key], value)
    return patch


def merged(now: Any, patch: Any) -> Any:
    """What a JSON merge patch (RFC 7386) makes of a value; neither of them is changed."""
    if not isinstance(patch, Mapping):
        return patch
    then = dict(now) if isinstance(now, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            then.pop(key, None)
        else:
            then[key] = merged(then.get(key), value)
    return then


def _entry(pad: str, key: str, value: Any, indent: int) -> list[str]:
    if isinstance(value, Mapping) and value:
        return [f"{pad}{key}:", *lines_of(value, indent + 1)]
    if isinstance(value, (list, tuple)) and value:
        return [f"{pad}{key}:", *lines_of(value, indent)]
    return [f"{pad}{key}: {_scalar(value)}"]


def _item(pad: str, value: Any, indent: int) -> list[str]:
    if isinstance(value, (Mapping, list, tuple)) and value:
        first, *rest = lines_of(value, indent + 1)
        return [f"{pad}- {first.strip()}", *rest]
    return [f"{pad}- {_scalar(value)}"]


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        if _PLAIN.match(value) and value.lower() not in _WORDS and ": " not in value and not _number(value):
            return value
        return one_line(json.dumps(value, ensure_ascii=False), 2000)
    if isinstance(value, (Mapping, list, tuple)):
        return "{}" if isinstance(value, Mapping) else "[]"
    return json.dumps(value)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
