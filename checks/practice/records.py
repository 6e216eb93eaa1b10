"""The small kinds by which programs talk to each other, as a stock API server takes them: Lease, Event, Eviction.

Rules: Kubernetes 1.28, ``pkg/apis/coordination/validation``, ``pkg/apis/core/validation/events.go``,
``pkg/registry/core/pod/storage/eviction.go`` and the Go types behind them. Pure; each rule is ``field: what is wrong``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from checks.cluster import Object
from checks.layout import LEASES
from checks.practice.conventions import SUBDOMAIN, is_qualified
from checks.practice.failures import BadRequest, invalid
from checks.practice.kinds import Kind

_MICRO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)")
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_INT32 = 2**31
_LONGEST_NOTE, _LONGEST_WORD = 1024, 128
_DEFAULT, _SYSTEM = "default", "kube-system"
Type = Callable[[Any], bool]


def micro_time(value: Any) -> bool:
    """A MicroTime: RFC 3339 with exactly six digits after the second."""
    return isinstance(value, str) and _MICRO.fullmatch(value) is not None and _moment(value)


def second_time(value: Any) -> bool:
    """A Time: RFC 3339."""
    return isinstance(value, str) and _SECOND.fullmatch(value) is not None and _moment(value)


def _moment(value: str) -> bool:
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", value).replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_INT32 <= value < _INT32


_LEASE: Mapping[str, Type] = {
    "spec.holderIdentity": _text,
    "spec.leaseDurationSeconds": _number,
    "spec.acquireTime": micro_time,
    "spec.renewTime": micro_time,
    "spec.leaseTransitions": _number,
}
_EVENT: Mapping[str, Type] = {
    **dict.fromkeys(
        ("message", "reason", "type", "action", "reportingComponent", "reportingInstance"), _text
    ),
    **{
        f"involvedObject.{key}": _text
        for key in ("apiVersion", "kind", "namespace", "name", "uid", "resourceVersion")
    },
    **{f"source.{key}": _text for key in ("component", "host")},
    "firstTimestamp": second_time,
    "lastTimestamp": second_time,
    "eventTime": micro_time,
    "count": _number,
}


def check_record(kind: Kind, obj: Object, *, patched: bool = False) -> None:
    """Raises for a Lease or Event that the server would refuse: 400 where a field is of a wrong type (422 for what a
    patch made of it), 422 where a rule is broken; other kinds pass.
    """
    types, rules = _RULES.get(kind.resource.plural, ({}, None))
    if kind.resource.group not in ("", LEASES.group):
        return
    name = str(obj["metadata"].get("name", ""))
    for path, fits in types.items():
        value = _at(obj, path)
        if value is not None and not fits(value):
            why = f"{path}: cannot be read from {value!r}"
            if patched:
                raise invalid(kind.resource, kind.name, name, f"patch: Invalid value: {why}")
            raise BadRequest(f'{kind.name} in version "{kind.resource.version}" cannot be handled: {why}')
    for why in rules(obj) if rules else ():
        raise invalid(kind.resource, kind.name, name, why)


def _at(obj: Object, path: str) -> Any:
    found: Any = obj
    for part in path.split("."):
        if found is None:
            return None
        if not isinstance(found, dict):
            raise BadRequest(f"json: cannot unmarshal {type(found).__name__} into {path}")
        found = found.get(part)
    return found


def wrong_lease(lease: Object) -> Iterator[str]:
    """The rules about a Lease's numbers."""
    spec = lease.get("spec") or {}
    seconds, transitions = spec.get("leaseDurationSeconds"), spec.get("leaseTransitions")
    if seconds is not None and seconds <= 0:
        yield "spec.leaseDurationSeconds: Invalid value: must be greater than 0"
    if transitions is not None and transitions < 0:
        yield "spec.leaseTransitions: Invalid value: must be greater than or equal to 0"


def wrong_event(event: Object) -> Iterator[str]:
    """The rules about an Event of core/v1; with an eventTime those of events.k8s.io count."""
    namespace = str(event["metadata"].get("namespace") or "")
    about = str((event.get("involvedObject") or {}).get("namespace") or "")
    if not event.get("eventTime"):
        if about != namespace and (about or namespace not in ("", _DEFAULT)):
            yield f'involvedObject.namespace: Invalid value: "{about}": does not match event.namespace'
    else:
        if not about and namespace not in (_DEFAULT, _SYSTEM):
            yield f'involvedObject.namespace: Invalid value: "{about}": does not match event.namespace'
        for field in ("reportingComponent", "reportingInstance", "action", "reason"):
            if not event.get(field):
                yield f"{field}: Required value"
        if not is_qualified(str(event.get("reportingComponent") or "")):
            yield "reportingComponent: Invalid value: a qualified name is required"
        for field in ("reportingInstance", "action", "reason"):
            if len(str(event.get(field) or "").encode()) > _LONGEST_WORD:
                yield f"{field}: Invalid value: can have at most {_LONGEST_WORD} characters"
        if len(str(event.get("message") or "").encode()) > _LONGEST_NOTE:
            yield f'message: Invalid value: "": can have at most {_LONGEST_NOTE} characters'
    if not SUBDOMAIN.fullmatch(namespace):
        yield f'namespace: Invalid value: "{namespace}": a lowercase RFC 1123 subdomain is required'


_RULES: Mapping[str, tuple[Mapping[str, Type], Callable[[Object], Iterator[str]]]] = {
    "leases": (_LEASE, wrong_lease),
    "events": (_EVENT, wrong_event),
}


def check_eviction(body: Object, name: str, namespace: str) -> None:
    """Raises BadRequest for an Eviction that is none, or is about another pod than its URL."""
    found = (body.get("apiVersion", "policy/v1"), body.get("kind", "Eviction"))
    if found != ("policy/v1", "Eviction"):
        raise BadRequest(f'no kind "{found[1]}" is registered for version "{found[0]}"')
    meta = body.get("metadata") or {}
    if not isinstance(meta, dict) or meta.get("namespace", namespace) not in ("", namespace):
        raise BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if meta.get("name") != name:
        raise BadRequest("name in URL does not match name in Eviction object")
