"""What two bundles differ in: verdicts, objects, and what commands and logs said. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from checks.bundle.replay import Records
from checks.bundle.tape import Call
from checks.errors import ClusterError
from checks.findings.changes import Shown, compare, number
from checks.model import Verdict
from kb.text import Text

VERDICTS = frozenset(verdict.value for verdict in Verdict)
_LINES = 40
"""Lines of difference shown of one output."""
_COMPARED = 20_000
"""Lines of an output that are compared."""
_NOISE = (
    "resourceVersion",
    "generation",
    "managedFields",
    "lastHeartbeatTime",
    "lastTransitionTime",
    "renewTime",
)
"""Fields that change by themselves."""


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """One check's answer in both; empty where it was not asked."""

    alias: str
    before: str
    after: str
    summary_before: str
    summary_after: str
    what: str = ""
    """What became of it, as a watch would say it (`checks.findings.changes`); empty where that is no news."""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object that came, went or is another; `fields` are the paths that differ."""

    resource: str
    name: str
    change: Literal["added", "removed", "changed"]
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputChange:
    """What a command or a log said in both, as a unified diff, or why there is none in one of them."""

    call: Call
    diff: tuple[str, ...]
    cut: bool = False


def verdict_changes(before: Any, after: Any, lang: str) -> list[VerdictChange]:
    """The verdicts of two manifests that differ, and values that got worse or better, by alias."""
    one = {v.alias: v for v in before.verdicts}
    two = {v.alias: v for v in after.verdicts}
    told = {c.key: c.what for c in compare(_state(one), _state(two)) if c.what != "left"}
    found = []
    for alias in sorted(one.keys() | two.keys()):
        a, b = one.get(alias), two.get(alias)
        if (a and a.verdict) != (b and b.verdict) or told.get(alias) in ("worse", "better"):
            found.append(
                VerdictChange(
                    alias,
                    a.verdict if a else "",
                    b.verdict if b else "",
                    getattr(a.summary, lang) if a else "",
                    getattr(b.summary, lang) if b else "",
                    told.get(alias, ""),
                )
            )
    return found


def _state(verdicts: Mapping[str, Any]) -> dict[str, Shown]:
    """The verdicts of a manifest, which may hold any word and any value, as a state to compare."""
    return {
        alias: Shown(alias, v.check, Text(), Verdict(v.verdict), Text(), number(v.value))
        for alias, v in verdicts.items()
        if v.verdict in VERDICTS
    }


def object_changes(before: Records, after: Records) -> Iterator[ObjectChange]:
    """Objects of kinds that both bundles hold a list of."""
    for call in sorted(before.calls.keys() & after.calls.keys()):
        if call[0] != "list":
            continue
        one, two = _objects(before, call), _objects(after, call)
        if one is None or two is None:
            continue
        for key in sorted(one.keys() | two.keys()):
            if key not in two:
                yield ObjectChange(call[1], key, "removed")
            elif key not in one:
                yield ObjectChange(call[1], key, "added")
            elif fields := tuple(sorted(set(_differing(one[key], two[key])))):
                yield ObjectChange(call[1], key, "changed", fields)


def output_changes(before: Records, after: Records) -> Iterator[OutputChange]:
    """Commands and logs that both bundles hold and that say something else."""
    for call in sorted(before.calls.keys() & after.calls.keys()):
        if call[0] in ("exec", "logs", "health"):
            one, two = _output(before, call), _output(after, call)
            if one != two:
                diff = difflib.unified_diff(one[:_COMPARED], two[:_COMPARED], lineterm="", n=0)
                lines = [line for line in diff if not line.startswith(("---", "+++", "@@"))]
                yield OutputChange(call, tuple(lines[:_LINES]), len(lines) > _LINES)


def _objects(records: Records, call: Call) -> Mapping[str, Any] | None:
    if records.calls[call].failure is not None:
        return None
    try:
        found = json.loads(records.body(call))
    except (ClusterError, ValueError, RecursionError):
        return None
    objects = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return {_key(item): item for item in objects}


def _key(item: Mapping[str, Any]) -> str:
    meta = item.get("metadata")
    meta = meta if isinstance(meta, dict) else {}
    return "/".join(str(part) for part in (meta.get("namespace"), meta.get("name")) if part)


def _differing(one: Any, two: Any, path: str = "") -> Iterator[str]:
    """The paths at which two JSON values differ; lists count as a whole."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in one.keys() | two.keys():
            if key not in _NOISE:
                yield from _differing(one.get(key), two.get(key), f"{path}.{key}" if path else str(key))
    elif _plain(one) != _plain(two):
        yield path


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if key not in _NOISE}
    return value


def _output(records: Records, call: Call) -> list[str]:
    failure = records.calls[call].failure
    if failure is not None:
        return [f"({failure.type}: {failure.text.en})"]
    try:
        return records.body(call).decode(errors="replace").splitlines()
    except ClusterError as error:
        return [f"({error.message})"]
