"""Which objects of a kind are meant: label and field selectors as values, evaluated as the API server does. Pure.

Several selections merge into one that holds them all, so that one list serves many readers; each chooses again here.
A selector that cannot be evaluated here raises ValueError: then the server alone can say what it selects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

from checks.cluster import Object, Resource
from kb.messages import message
from kb.said import BadValue

Test = Callable[[Object], bool]
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?"
_KEY = rf"(?:{_NAME}/)?{_NAME}"
_VALUE = rf"(?:{_NAME})?"
_SET = re.compile(rf"\s*({_KEY})\s+(in|notin)\s*\(([^()]*)\)\s*")
_COMPARED = re.compile(rf"\s*({_KEY})\s*(==|=|!=|>|<)\s*({_VALUE})\s*")
_PRESENT = re.compile(rf"\s*(!?)\s*({_KEY})\s*")
_COMMA = re.compile(r",(?![^()]*\))")
_TERM = re.compile(r"([^\\,=!]+)(!=|==|=)((?:[^\\,=]|\\[\\,=])*)")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, order=True)
class Requirement:
    """One condition on one label: ``in`` and ``notin`` also stand for ``=`` and ``!=``."""

    key: str
    op: Literal["in", "notin", "exists", "absent", "gt", "lt"]
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, Any]) -> bool:
        """Whether labels meet it; without the label, ``notin`` does and ``in`` does not."""
        value = labels.get(self.key)
        match self.op:
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
            case "exists":
                return self.key in labels
            case "absent":
                return self.key not in labels
            case _:
                return _greater(value, self.values[0]) if self.op == "gt" else _greater(self.values[0], value)

    def __str__(self) -> str:
        match self.op:
            case "exists":
                return self.key
            case "absent":
                return f"!{self.key}"
            case "in" | "notin" if len(self.values) > 1:
                return f"{self.key} {self.op} ({','.join(self.values)})"
            case _:
                return self.key + {"in": "=", "notin": "!=", "gt": ">", "lt": "<"}[self.op] + self.values[0]


def _greater(left: Any, right: Any) -> bool:
    try:
        return int(left) > int(right)
    except (TypeError, ValueError):
        return False


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """One condition on one field."""

    field: str
    same: bool
    value: str

    def __str__(self) -> str:
        return f"{self.field}{'=' if self.same else '!='}" + re.sub(r"([\\,=])", r"\\\1", self.value)


@dataclass(frozen=True, slots=True)
class Selection:
    """Objects in one namespace (empty: in all) that meet all requirements."""

    namespace: str = ""
    labels: tuple[Requirement, ...] = ()
    fields: tuple[Term, ...] = ()

    @property
    def label_selector(self) -> str:
        """As a query parameter."""
        return ",".join(map(str, self.labels))

    @property
    def field_selector(self) -> str:
        """As a query parameter."""
        return ",".join(map(str, self.fields))

    def test(self, resource: Resource) -> Test:
        """Whether an object of this kind is meant; raises ValueError where a field is not known here."""
        fields = [(_reader(term.field, resource), term) for term in self.fields]

        def meant(obj: Object) -> bool:
            meta = obj.get("metadata")
            meta = meta if isinstance(meta, dict) else {}
            if self.namespace and meta.get("namespace") != self.namespace:
                return False
            labels = meta.get("labels")
            known = labels if isinstance(labels, dict) else {}
            return all(one.holds(known) for one in self.labels) and all(
                (read(obj) == term.value) is term.same for read, term in fields
            )

        return meant

    def covers(self, other: Selection) -> bool:
        """Whether everything the other one means is surely among these."""
        return (
            self.namespace in ("", other.namespace)
            and all(any(_implies(given, one) for given in other.labels) for one in self.labels)
            and set(self.fields) <= set(other.fields)
        )


def _implies(given: Requirement, wanted: Requirement) -> bool:
    if given == wanted:
        return True
    if given.key != wanted.key or given.op != "in":
        return False
    return wanted.op == "exists" or (wanted.op == "in" and set(given.values) <= set(wanted.values))


# --- reading ------------------------------------------------------------------------------------------------------


def selection(namespace: str = "", labels: str = "", fields: str = "") -> Selection:
    """The selection that these selectors write; raises ValueError."""
    return Selection(namespace, tuple(sorted(set(_labels(labels)))), tuple(sorted(set(_fields(fields)))))


def _labels(text: str) -> Iterable[Requirement]:
    return [_requirement(part) for part in _COMMA.split(text)] if text.strip() else []


def _requirement(text: str) -> Requirement:
    if match := _SET.fullmatch(text):
        values = {value.strip() for value in match[3].split(",")}
        if not match[3].strip() or not all(re.fullmatch(_VALUE, value) for value in values):
            raise BadValue(message("checks.label-set", text=repr(text)))
        return Requirement(match[1], "in" if match[2] == "in" else "notin", tuple(sorted(values)))
    if match := _COMPARED.fullmatch(text):
        op: Any = {"=": "in", "==": "in", "!=": "notin", ">": "gt", "<": "lt"}[match[2]]
        if op in ("gt", "lt"):
            int(match[3])
        return Requirement(match[1], op, (match[3],))
    if match := _PRESENT.fullmatch(text):
        return Requirement(match[2], "absent" if match[1] else "exists")
    raise BadValue(message("checks.label-requirement", text=repr(text)))


def _fields(text: str) -> Iterable[Term]:
    for part in re.findall(r"(?:[^\\,]|\\.|\\$)+", text):
        match = _TERM.fullmatch(part)
        if not match:
            raise BadValue(message("checks.field-requirement", text=repr(part)))
        yield Term(match[1], match[2] != "!=", _ESCAPED.sub(r"\1", match[3]))


# --- merging ------------------------------------------------------------------------------------------------------


def merged(selections: Sequence[Selection]) -> Selection:
    """The narrowest selection that covers all of these: what they share, and on one label the union of its values."""
    return reduce(_both, selections[1:], selections[0])


def _both(left: Selection, right: Selection) -> Selection:
    labels = set(left.labels) & set(right.labels)
    held = {one.key for one in labels}
    for one in left.labels:
        for other in right.labels:
            if one.key == other.key and one.op == other.op == "in" and one.key not in held:
                labels.add(Requirement(one.key, "in", tuple(sorted({*one.values, *other.values}))))
                held.add(one.key)
    return Selection(
        left.namespace if left.namespace == right.namespace else "",
        tuple(sorted(labels)),
        tuple(sorted(set(left.fields) & set(right.fields))),
    )


# --- fields -------------------------------------------------------------------------------------------------------


def _at(*path: str, default: str = "") -> Callable[[Object], str]:
    def read(obj: Any) -> str:
        for part in path:
            obj = obj.get(part) if isinstance(obj, dict) else None
        if obj is None or obj == "":
            return default
        return str(obj).lower() if isinstance(obj, bool) else str(obj)

    return read


def _pod_ip(obj: Object) -> str:
    status = obj.get("status")
    many = status.get("podIPs") if isinstance(status, dict) else None
    first = many[0] if isinstance(many, list) and many else None
    return str(first.get("ip") or "") if isinstance(first, dict) else _at("status", "podIP")(obj)


def _event_source(obj: Object) -> str:
    return _at("source", "component")(obj) or _at("reportingComponent")(obj)


_ANY = {"metadata.name": _at("metadata", "name"), "metadata.namespace": _at("metadata", "namespace")}
_FIELDS: Mapping[str, Mapping[str, Callable[[Object], str]]] = {
    "v1/pods": {
        **{
            path: _at(*path.split("."))
            for path in (
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                "status.phase", "status.nominatedNodeName",
            )
        },
        "spec.hostNetwork": _at("spec", "hostNetwork", default="false"),
        "status.podIP": _pod_ip,
    },
    "v1/nodes": {"spec.unschedulable": _at("spec", "unschedulable", default="false")},
    "v1/namespaces": {"status.phase": _at("status", "phase")},
    "v1/secrets": {"type": _at("type")},
    "v1/events": {
        **{
            f"involvedObject.{name}": _at("involvedObject", name)
            for name in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
        },
        **{name: _at(name) for name in ("reason", "type", "reportingComponent")},
        "source": _event_source,
    },
    "events.k8s.io/v1/events": {
        **{
            f"regarding.{name}": _at("regarding", name)
            for name in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
        },
        **{name: _at(name) for name in ("reason", "type", "reportingController")},
    },
    "apps/v1/replicasets": {"status.replicas": _at("status", "replicas", default="0")},
}  # fmt: skip
"""What the server selects by, besides name and namespace, and how it reads what is missing."""


def _reader(field: str, resource: Resource) -> Callable[[Object], str]:
    found = _ANY.get(field) or _FIELDS.get(str(resource), {}).get(field)
    if found is None:
        raise BadValue(message("checks.field-unknown", field=field, resource=resource))
    return found
