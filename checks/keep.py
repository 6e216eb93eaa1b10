"""Which fields of an object are kept in memory: paths as values, and objects cut down to them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Tree = Mapping[str, Any]
"""Field names to what is kept below them; None keeps all of it."""

ALWAYS = ("apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.uid")
"""What is kept of every object, so that it can be named."""
_STEP = r"[A-Za-z_][A-Za-z0-9_-]*"
_PATH = re.compile(rf"{_STEP}(?:\.{_STEP}|\[[^\[\]]+\])*")
_PART = re.compile(rf"({_STEP})|\[([^\[\]]+)\]")


def steps(path: str) -> tuple[str, ...]:
    """The field names of ``status.phase`` or ``metadata.labels[app.kubernetes.io/name]``; raises ValueError."""
    if not _PATH.fullmatch(path):
        raise ValueError(path)
    return tuple(plain or bracketed for plain, bracketed in _PART.findall(path))


def tree(paths: Iterable[str]) -> Tree:
    """All paths, and what is always kept, as one tree; raises ValueError naming a path that is none."""
    root: dict[str, Any] = {}
    for path in (*ALWAYS, *paths):
        *above, last = steps(path)
        node: dict[str, Any] | None = root
        for step in above:
            node = node.setdefault(step, {}) if node is not None else None
        if node is not None:
            node[last] = None
    return root


def cut(value: Any, kept: Tree | None) -> Any:
    """The kept part of a value, of every item where it is a list; a value of another shape than expected stays whole.

    Whoever judges must meet a wrongly typed field as it is, not its absence.
    """
    if kept is None:
        return value
    if isinstance(value, dict):
        return {name: cut(value[name], below) for name, below in kept.items() if name in value}
    if isinstance(value, list):
        return [cut(item, kept) for item in value]
    return value


def only_metadata(kept: Tree) -> bool:
    """Whether nothing but the metadata is kept, so that nothing else need be sent."""
    return all(name in ("apiVersion", "kind", "metadata") for name in kept)
