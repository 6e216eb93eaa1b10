"""The bones of Kubernetes objects: what every reader takes for granted, checked once when an object arrives. Pure.

A list is parsed like any output: an object whose bones have other types (a proxy's error page, a broken conversion
webhook) makes the answer unparsable; nobody judges half of it. Absent fields and null are as good as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kb.messages import message
from kb.text import Text

Bones = Any
"""A type; a mapping of fields to bones; a list of one bone; ``{"*": bone}`` for any field."""

NAMES: Bones = {"*": str}
META: Bones = {
    "name": str,
    "namespace": str,
    "uid": str,
    "labels": NAMES,
    "annotations": NAMES,
    "finalizers": [str],
    "ownerReferences": [{"kind": str, "name": str}],
    "creationTimestamp": str,
    "deletionTimestamp": str,
    "generation": int,
}
CONTAINERS: Bones = [
    {
        "name": str,
        "image": str,
        "command": [str],
        "args": [str],
        "env": [{"name": str}],
        "resources": {"limits": dict, "requests": dict},
    }
]
SELECTOR: Bones = {
    "matchLabels": NAMES,
    "matchExpressions": [{"key": str, "operator": str, "values": [str]}],
}
PEERS: Bones = [{"podSelector": SELECTOR, "namespaceSelector": SELECTOR, "ipBlock": dict}]
STATES: Bones = [
    {
        "name": str,
        "restartCount": int,
        "state": {"*": dict},
        "lastState": {"*": dict},
    }
]
OBJECT: Bones = {
    "apiVersion": str,
    "kind": str,
    "metadata": META,
    "spec": {
        "replicas": int,
        "nodeName": str,
        "hostNetwork": bool,
        "cidrBlock": str,
        "gateway": str,
        "excludeIps": [str],
        "containers": CONTAINERS,
        "finalizers": [str],
        "template": {"metadata": META, "spec": {"containers": CONTAINERS}},
        "updateStrategy": dict,
        "podSelector": SELECTOR,
        "ingress": [{"from": PEERS, "ports": [dict]}],
        "egress": [{"to": PEERS, "ports": [dict]}],
    },
    "status": {
        "phase": str,
        "conditions": [{"type": str, "status": str}],
        "containerStatuses": STATES,
        "initContainerStatuses": STATES,
        "capacity": dict,
        "allocatable": dict,
        "addresses": [{"type": str, "address": str}],
        "observedGeneration": int,
        **dict.fromkeys(("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"), int),
        **dict.fromkeys(("desiredNumberScheduled", "numberReady", "updatedNumberScheduled"), int),
    },
}
_NAMED = {str: "text", int: "integer", bool: "flag", dict: "mapping", list: "list"}
"""How the catalogue calls the types."""


def mistake(value: Any, bones: Bones = OBJECT, where: str = "") -> Text:
    """The first place whose type is another one, in words; empty where everything is as it should be."""
    if bones is OBJECT and _sound(value):  # nearly always, and there are tens of thousands
        return Text()
    if value is None:
        return _null(where) if bones is OBJECT else Text()
    if isinstance(bones, type):
        fits = type(value) is bones or (bones is int and isinstance(value, float) and value.is_integer())
        return Text() if fits else _other(where, _NAMED[bones])
    if isinstance(bones, list):
        if not isinstance(value, list):
            return _other(where, "list")
        return next((found for item in value if (found := _item(item, bones[0], f"{where}[]"))), Text())
    if not isinstance(value, dict):
        return _other(where, "mapping")
    return _fields(value, bones, f"{where}." if where else "")


def _place(where: str) -> Text:
    return Text.of(where) if where else message("parse.the-object")


def _null(where: str) -> Text:
    return message("parse.is-null", where=_place(where))


def _other(where: str, wanted: str) -> Text:
    return message("parse.is-no", where=_place(where), wanted=message(f"parse.type-{wanted}"))


Test = Callable[[Any], bool]


def _test_of(bones: Bones) -> Test:
    """Whether a value has these bones, as a function that has been put together once."""
    if isinstance(bones, type):
        return _of_type(bones)
    if isinstance(bones, list):
        item = _test_of(bones[0])
        return lambda value: (
            value is None or (isinstance(value, list) and all(one is not None and item(one) for one in value))
        )
    if "*" in bones:
        any_field = _test_of(bones["*"])
        return lambda value: (
            value is None
            or (isinstance(value, dict) and all(one is not None and any_field(one) for one in value.values()))
        )
    tests = {name: _test_of(below) for name, below in bones.items()}

    def test(value: Any) -> bool:
        if not isinstance(value, dict):
            return value is None
        return all(tests[name](part) for name, part in value.items() if name in tests)

    return test


def _of_type(kind: type) -> Test:
    if kind is int:
        return lambda value: (
            value is None or type(value) is int or (isinstance(value, float) and value.is_integer())
        )
    return lambda value: value is None or type(value) is kind


_FITS = _test_of(OBJECT)


def _sound(value: Any) -> bool:
    return value is not None and _FITS(value)


def _item(item: Any, bones: Bones, where: str) -> Text:
    """An item must be there: null is none."""
    return _null(where) if item is None else mistake(item, bones, where)


def _fields(value: Mapping[str, Any], bones: Mapping[str, Bones], above: str) -> Text:
    if "*" in bones:
        return next(
            (found for key in value if (found := _item(value[key], bones["*"], f"{above}{key}"))), Text()
        )
    for key in bones.keys() & value.keys():
        if found := mistake(value[key], bones[key], f"{above}{key}"):
            return found
    return Text()
