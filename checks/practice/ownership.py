"""``metadata.managedFields`` as a stock API server keeps them: who wrote which field last. Pure.

Known keyed lists (containers, conditions, ports …) are owned item by item, lists of finalizers value by value, every
other list and every scalar as a whole. Only what comes over the API is recorded: the staged world has no managers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from checks.cluster import Object

Path = tuple[str, ...]
MOST = 10
"""Managers that updated an object and are kept apart; the oldest beyond them become one."""
ANCIENT = "ancient-changes"
_NOT_OWNED = ("apiVersion", "kind")
_NOT_OWNED_META = (
    "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink",
    "deletionTimestamp", "deletionGracePeriodSeconds",
)  # fmt: skip
_KEYED = {
    "containers": ("name",), "initContainers": ("name",), "env": ("name",), "volumes": ("name",),
    "volumeMounts": ("mountPath",), "conditions": ("type",), "ownerReferences": ("uid",),
    "ports": ("containerPort", "protocol"),
}  # fmt: skip
_SETS = ("finalizers",)
_WITH_DOT = ("labels", "annotations")


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, and how: one line of managedFields."""

    manager: str
    at: str
    """RFC 3339."""
    operation: Literal["Update", "Apply"] = "Update"
    subresource: str = ""


def manager_of(query: Mapping[str, str], agent: str) -> str:
    """The field manager of a request: as it says, else what its User-Agent begins with."""
    return query.get("fieldManager") or agent.partition("/")[0][:128] or "unknown"


def own(writer: Writer, old: Object | None, new: Object, applied: Object | None = None) -> None:
    """Writes the managedFields of `new`: what changed is the writer's, and nobody else's any more.

    `applied` is the configuration of a server-side apply: the manager owns all of it, changed or not.
    """
    before = dict(_leaves(old)) if old is not None else {}
    after = dict(_leaves(new))
    changed = {path for path, value in after.items() if path not in before or before[path] != value}
    gone = {path for path in before if path not in after}
    mine = {path for path, _ in _leaves(applied)} & set(after) if applied is not None else changed
    entries = (old or {}).get("metadata", {}).get("managedFields") or []
    kept: list[tuple[dict[str, Any], set[Path]]] = []
    for entry in entries:
        paths = set(_paths(entry.get("fieldsV1") or {})) - changed - gone
        if _same_writer(entry, writer, new):
            mine = mine | paths if applied is None else mine
        elif paths:
            kept.append((entry, paths))
    lines = [{**entry, "fieldsV1": _tree(paths)} for entry, paths in kept]
    if mine:
        lines.append(_line(writer, new, mine))
    lines = _capped(lines, new)
    if lines:
        new["metadata"]["managedFields"] = sorted(
            lines, key=lambda one: (one["operation"], one.get("time", ""), one["manager"])
        )
    else:
        new["metadata"].pop("managedFields", None)


def _same_writer(entry: Mapping[str, Any], writer: Writer, new: Object) -> bool:
    """One line per manager, operation, subresource and, of updates, version."""
    same = (entry.get("manager"), entry.get("operation"), entry.get("subresource", ""))
    version = writer.operation == "Apply" or entry.get("apiVersion") == new.get("apiVersion")
    return same == (writer.manager, writer.operation, writer.subresource) and version


def _line(writer: Writer, new: Object, paths: Iterable[Path]) -> dict[str, Any]:
    line = {
        "manager": writer.manager,
        "operation": writer.operation,
        "apiVersion": str(new.get("apiVersion", "")),
        "time": writer.at,
        "fieldsType": "FieldsV1",
        "fieldsV1": _tree(paths),
    }
    return {**line, "subresource": writer.subresource} if writer.subresource else line


def _capped(lines: list[dict[str, Any]], new: Object) -> list[dict[str, Any]]:
    """The latest managers that updated, and one line for all before them."""
    updates = sorted(
        (one for one in lines if one["operation"] == "Update"), key=lambda one: one.get("time", "")
    )
    old = updates[:-MOST] if len(updates) > MOST else []
    if not old:
        return lines
    together = {path for one in old for path in _paths(one["fieldsV1"])}
    ancient = _line(Writer(ANCIENT, old[-1].get("time", "")), new, together)
    return [*(one for one in lines if one not in old), ancient]


def _leaves(obj: Object) -> Iterator[tuple[Path, str]]:
    """Every owned path of an object with its value."""
    for key, value in obj.items():
        if key == "metadata" and isinstance(value, Mapping):
            owned = {name: inner for name, inner in value.items() if name not in _NOT_OWNED_META}
            yield from _map(owned, ("f:metadata",))
        elif key not in _NOT_OWNED:
            yield from _field(key, value, ())


def _map(held: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    for key, value in held.items():
        yield from _field(str(key), value, path)


def _field(key: str, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    here = (*path, f"f:{key}")
    if isinstance(value, Mapping) and value:
        if key in _WITH_DOT:
            yield (*here, "."), ""
        yield from _map(value, here)
    elif isinstance(value, list) and value and key in _SETS:
        yield (*here, "."), ""
        yield from (((*here, f"v:{json.dumps(one)}"), "") for one in value)
    elif (items := _keyed(key, value)) is not None:
        for name, item in items.items():
            yield (*here, name, "."), ""
            yield from _map(item, (*here, name))
    else:
        yield here, json.dumps(value, sort_keys=True)


def _keyed(key: str, value: Any) -> dict[str, Mapping[str, Any]] | None:
    """The items of a keyed list by their key as in fieldsV1; None where it is none, or keys are missing or twice."""
    names = _KEYED.get(key)
    if names is None or not isinstance(value, list) or not value:
        return None
    found: dict[str, Mapping[str, Any]] = {}
    for item in value:
        if not isinstance(item, Mapping) or names[0] not in item:
            return None
        known = {name: item[name] for name in names if name in item}
        found["k:" + json.dumps(known, separators=(",", ":"), sort_keys=True)] = item
    return found if len(found) == len(value) else None


def _tree(paths: Iterable[Path]) -> dict[str, Any]:
    """Paths as fieldsV1."""
    root: dict[str, Any] = {}
    for path in sorted(paths):
        at = root
        for part in path:
            at = at.setdefault(part, {})
    return root


def _paths(tree: Any, path: Path = ()) -> Iterator[Path]:
    """fieldsV1 as paths."""
    if isinstance(tree, Mapping) and tree:
        for key, inner in tree.items():
            yield from _paths(inner, (*path, str(key)))
    elif path:
        yield path
