"""Label and field selectors as the API server reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from checks.cluster import Object, Resource
from checks.practice.failures import BadRequest

Test = Callable[[Object], bool]

_KEY = r"[A-Za-z0-9_./-]+"
_SET = re.compile(rf"^(?P<key>{_KEY})\s+(?P<op>in|notin)\s+\((?P<values>[^()]*)\)$")
_EQUALS = re.compile(rf"^(?P<key>{_KEY})\s*(?P<op>==|=|!=)\s*(?P<value>[A-Za-z0-9_.-]*)$")
_EXISTS = re.compile(rf"^(?P<not>!)?\s*(?P<key>{_KEY})$")
_SPLIT = re.compile(r",(?![^()]*\))")

COMMON_FIELDS = ("metadata.name", "metadata.namespace")
KIND_FIELDS: Mapping[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "secrets": ("type",),
    "replicasets": ("status.replicas",),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
}


def label_test(selector: str) -> Test:
    """A test of labels for ``a=b,c!=d,e in (f,g),h notin (i),j,!k``; BadRequest for a broken selector."""
    tests = [_requirement(part.strip()) for part in _SPLIT.split(selector) if part.strip()]
    return lambda obj: _all(tests, obj.get("metadata", {}).get("labels") or {})


def _all(tests: list[Callable[[Mapping[str, str]], bool]], labels: Mapping[str, str]) -> bool:
    return all(test(labels) for test in tests)


def _requirement(text: str) -> Callable[[Mapping[str, str]], bool]:
    if match := _SET.match(text):
        key, values = match["key"], {v.strip() for v in match["values"].split(",")}
        if match["op"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if match := _EQUALS.match(text):
        key, value = match["key"], match["value"]
        if match["op"] == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if match := _EXISTS.match(text):
        key = match["key"]
        if match["not"]:
            return lambda labels: key not in labels
        return lambda labels: key in labels
    raise BadRequest(f"unable to parse requirement: {text!r}")


def field_test(selector: str, resource: Resource) -> Test:
    """A test for ``metadata.name=x,status.phase!=Running``; BadRequest for unknown fields."""
    known = (*COMMON_FIELDS, *KIND_FIELDS.get(resource.plural, ()))
    tests: list[tuple[str, bool, str]] = []
    for part in filter(None, (p.strip() for p in selector.split(","))):
        match = re.match(r"^(?P<field>[A-Za-z.]+)\s*(?P<op>==|=|!=)\s*(?P<value>.*)$", part)
        if not match:
            raise BadRequest(f"invalid selector: {part!r}; can't understand {part!r}")
        if match["field"] not in known:
            raise BadRequest(f"field label not supported: {match['field']}")
        tests.append((match["field"], match["op"] != "!=", match["value"]))
    return lambda obj: all((_text(obj, field) == value) is same for field, same, value in tests)


def _text(obj: Any, path: str) -> str:
    for part in path.split("."):
        obj = obj.get(part) if isinstance(obj, dict) else None
    if isinstance(obj, bool):
        return str(obj).lower()
    return "" if obj is None else str(obj)
