"""Which fields of an object are kept in memory: paths as values, and objects cut down to them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Tree = Mapping[str, Any]
"""Field names to what is kept below them; None keeps all of it."""

ALWAYS = ("apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.uid")
"""What is kept of every object, so that it can be named."""
_SHORT = 64
"""Characters up to which a text is likely to come again in other objects: a node, a namespace, a phase."""
_TEXTS = 10_000
"""How many of them are remembered."""
_STEP = r"[A-Za-z_][A-Za-z0-9_-]*"
_PATH = re.compile(rf"{_STEP}(?:\.{_STEP}|\[[^\[\]]+\])*")
_PART = re.compile(rf"({_STEP})|\[([^\[\]]+)\]")


def steps(path: str) -> tuple[str, ...]:
    """The field names of ``status.phase`` or ``metadata.labels[app.kubernetes.io/name]``; raises ValueError."""
    if not _PATH.fullmatch(path):
        raise ValueError(path)
    return tuple(plain or bracketed for plain, bracketed in _PART.findall(path))


def tree(paths: Iterable[str]) -> Tree:
    """All paths, and what is always kept, as one tree; raises ValueError naming a path that is none.

    Where only metadata is kept, the type is not: servers that send nothing but metadata leave it out.
    """
    root: dict[str, Any] = {}
    named = tuple(paths)
    plain = all(steps(path)[0] == "metadata" for path in named)
    for path in (*(one for one in ALWAYS if not plain or one.startswith("metadata.")), *named):
        *above, last = steps(path)
        node: dict[str, Any] | None = root
        for step in above:
            node = node.setdefault(step, {}) if node is not None else None
        if node is not None:
            node[last] = None
    return root


def shared(kept: Tree | None, known: dict[str, Tree]) -> Tree | None:
    """An equal tree whose equal branches are the same object, in all trees that share `known`."""
    if kept is None:
        return None
    same = {name: shared(below, known) for name, below in sorted(kept.items())}
    return known.setdefault(repr(same), same)


def only_metadata(kept: Tree) -> bool:
    """Whether nothing but the metadata is kept, so that nothing else need be sent."""
    return set(kept) == {"metadata"}


def cut(value: Any, kept: Tree | None) -> Any:
    """The kept part of a value, of every item where it is a list; a value of another shape than expected stays whole.

    Whoever judges must meet a wrongly typed field as it is, not its absence.
    """
    return Cutter(value, {}).cut(kept)


class Cutter:
    """Cuts one object for several readers: what they keep alike they share, and so do objects their short `texts`."""

    def __init__(self, value: Any, texts: dict[str, str]) -> None:
        self._value = value
        self._texts = texts
        self._parts: dict[tuple[int, int], Any] = {}

    def cut(self, kept: Tree | None) -> Any:
        """The object with what is kept of it; trees are to come from `shared`."""
        return self._part(self._value, kept)

    def _part(self, value: Any, kept: Tree | None) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if not isinstance(value, dict | list):
            return value
        key = id(value), id(kept)
        if key not in self._parts:
            self._parts[key] = self._whole(value) if kept is None else self._cut(value, kept)
        return self._parts[key]

    def _cut(self, value: Any, kept: Tree) -> Any:
        if isinstance(value, list):
            return [self._part(item, kept) for item in value]
        return {name: self._part(value[name], below) for name, below in kept.items() if name in value}

    def _whole(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._part(item, None) for item in value]
        return {name: self._part(item, None) for name, item in value.items()}

    def _text(self, value: str) -> str:
        if len(value) > _SHORT:
            return value
        if len(self._texts) < _TEXTS:
            return self._texts.setdefault(value, value)
        return self._texts.get(value, value)
