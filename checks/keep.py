"""Which fields of an object are kept in memory: paths as values, and objects cut down to them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Tree = Mapping[str, Any]
"""Field names to what is kept below them; None keeps all of it."""
Cut = Callable[[Any], Any]

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


def only_metadata(kept: Tree) -> bool:
    """Whether nothing but the metadata is kept, so that nothing else need be sent."""
    return set(kept) == {"metadata"}


def cut(value: Any, kept: Tree | None) -> Any:
    """The kept part of a value, of every item where it is a list; a value of another shape than expected stays whole.

    Whoever judges must meet a wrongly typed field as it is, not its absence.
    """
    return cutter(kept)(value)


def cutter(kept: Tree | None) -> Cut:
    """`cut` for many values; what is kept whole is the value's own part, so that several cuts of it share that."""
    if kept is None:
        return _itself
    fields = tuple((name, None if below is None else cutter(below)) for name, below in kept.items())

    def cut_one(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: value[name] if part is None else part(value[name])
                for name, part in fields
                if name in value
            }
        return [cut_one(item) for item in value] if isinstance(value, list) else value

    return cut_one


def _itself(value: Any) -> Any:
    return value


def union(trees: Iterable[Tree]) -> Tree:
    """What any of the trees keeps."""
    found: dict[str, Any] = {}
    for one in trees:
        for name, below in one.items():
            known = found.get(name, {})
            found[name] = None if below is None or known is None else union((known, below))
    return found


def share_texts(value: Any, kept: Tree | None, texts: dict[str, str]) -> None:
    """Lets the kept texts of a value be those of values before it, where they are short and the same; changes it."""
    if isinstance(value, dict):
        for name in value if kept is None else kept.keys() & value.keys():
            part = value[name]
            if isinstance(part, str):
                if len(part) <= _SHORT:
                    value[name] = (
                        texts.setdefault(part, part) if len(texts) < _TEXTS else texts.get(part, part)
                    )
            elif isinstance(part, dict | list):
                share_texts(part, None if kept is None else kept[name], texts)
    elif isinstance(value, list):
        for item in value:
            share_texts(item, kept, texts)
