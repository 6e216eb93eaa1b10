"""Who may revert what a step changes: controllers, deployment tools, whoever writes the same fields. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.cluster import Object
from checks.outlook.reach import SAMPLED
from checks.outlook.scene import Scene, marks
from checks.plans.template import fill, fill_patch
from checks.plans.writes import KEEPERS, each_item
from checks.risk.degrees import effective
from kb.messages import message
from kb.model import DeleteAction, ExecAction, PatchAction, Step
from kb.safe import one_line
from kb.text import Text

PEOPLE = ("kubectl", "klinik", "before-first-apply")
"""Managers that stand for people and tools run by hand: they revert nothing by themselves."""
SHOWN = 5
DATABASES = {
    "ovn-nb-leader": "outlook.keeper-nb",
    "ovn-sb-leader": "outlook.keeper-sb",
    "ovn-central": "outlook.keeper-nb",
}


def keepers_of(scene: Scene, step: Step, values: Mapping[str, Any]) -> tuple[Text, ...]:
    """Sentences, the first `SHOWN`; of many objects the first few are looked at. Raises as `reach_of`."""
    action = step.action
    if isinstance(action, PatchAction | DeleteAction):
        found: dict[Text, None] = {}
        for _, own in list(each_item(action.each, values))[:SAMPLED]:
            obj = scene.object(action.resource, fill(action.namespace, own), fill(action.name, own))
            paths = _paths(action, own)
            found |= dict.fromkeys(_of_object(obj, paths))
        return tuple(found)[:SHOWN]
    if isinstance(action, ExecAction) and effective(step) != "read":
        key = DATABASES.get(action.on.partition("@")[0])
        return (message(key),) if key and scene.layout.preset == "kube-ovn" else ()
    return ()


def _of_object(obj: Object, paths: Sequence[tuple[str, ...]]) -> Iterator[Text]:
    meta = obj.get("metadata") or {}
    name = one_line(str(meta.get("name", "")), 100)
    known = dict(marks(obj))
    for keeper in dict.fromkeys(tool for key, tool in KEEPERS.items() if key in known):
        yield message("session.kept-by", name=name, keeper=keeper)
    for reference in _mappings(meta.get("ownerReferences")):
        keeper = one_line(f"{reference.get('kind', '')}/{reference.get('name', '')}", 120)
        key = "session.kept-by" if reference.get("controller") else "outlook.owned"
        yield message(key, name=name, keeper=keeper)
    for manager, path in writers(obj, paths):
        yield message(
            "outlook.also-writes", name=name, keeper=one_line(manager, 100), path=one_line(path, 120)
        )


def writers(obj: Object, paths: Sequence[tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    """Field managers other than people that wrote one of these fields last, each with the first such field."""
    found: dict[str, str] = {}
    for entry in _mappings((obj.get("metadata") or {}).get("managedFields")):
        manager = str(entry.get("manager", ""))
        if not manager or manager.startswith(PEOPLE) or entry.get("subresource") == "status":
            continue
        for path in paths:
            if _owns(entry.get("fieldsV1"), path):
                found.setdefault(manager, ".".join(path))
                break
    return tuple(found.items())


def _mappings(found: Any) -> list[Mapping[str, Any]]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _owns(fields: Any, path: tuple[str, ...]) -> bool:
    """Whether the field set has this path, something below it, or a list or map around it that is owned as a whole."""
    at = fields
    for depth, key in enumerate(path):
        if not isinstance(at, Mapping):
            return False
        if not at:
            return depth > 0
        if f"f:{key}" not in at:
            # below a list the keys are k:{…} and i:N: what was asked for is somewhere in it
            return any(str(one).startswith(("k:", "i:", "v:")) for one in at)
        at = at[f"f:{key}"]
    return True


def _paths(action: PatchAction | DeleteAction, values: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """The fields that a patch changes."""
    if isinstance(action, DeleteAction):
        return ()
    body = fill_patch(action.type, action.body, values)
    if action.type == "json":
        ops = [op for op in body or () if isinstance(op, Mapping) and op.get("op") != "test"]
        return tuple(_pointer(str(op.get("path", ""))) for op in ops)
    return tuple(_leaves(body))


def _pointer(text: str) -> tuple[str, ...]:
    parts = (part.replace("~1", "/").replace("~0", "~") for part in text.strip("/").split("/"))
    return tuple(part for part in parts if part)


def _leaves(body: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(body, Mapping) and body:
        for key, value in body.items():
            yield from _leaves(value, (*path, str(key)))
    else:
        yield path
