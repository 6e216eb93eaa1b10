"""The reads of a check from a file to values, with their alternatives, and values with their slots filled."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from checks import keep
from checks.cluster import Resource
from checks.model import (
    NOTHING,
    EventsRead,
    ExecRead,
    HealthRead,
    ListRead,
    LogsRead,
    PrometheusRead,
    Read,
    Roleless,
    branches,
    is_listing,
)
from checks.parse import mistakes
from checks.risk.command import risk_of_argv
from checks.specs.shape import Place
from checks.specs.slots import SLOT, SlotError, number, numeric, word
from checks.specs.sourcespec import events_of, health_of, metrics_of, prometheus_of, shape_of
from kb.findings import nearest
from kb.messages import message

EXEC_KEYS = ("on", "argv", "timeout", "samples", "apart", "ok_codes", "fallback", "given", "parse")
LIST_KEYS = ("resource", "namespace", "labels", "fields", "optional", "keep")
LOGS_KEYS = ("on", "tail", "since", "previous", "timeout", "parse")


__all__ = [
    "EXEC_KEYS",
    "LIST_KEYS",
    "LOGS_KEYS",
    "READ_KEYS",
    "READ_KINDS",
    "SLOT",
    "SlotError",
    "fill",
    "read_of",
    "slots",
]

R = TypeVar("R", bound=Read)
READ_KINDS = ("exec", "list", "logs", "metrics", "prometheus", "events", "health")
READ_KEYS = (*READ_KINDS, "parse", "as", "or")


def fill(read: Read, params: Mapping[str, Any]) -> Read:
    """The read with its params in place; slots of `given` stay. Raises SlotError."""
    if isinstance(read, ListRead):
        return replace(
            read,
            namespace=word(read.namespace, params),
            labels=word(read.labels, params),
            fields=word(read.fields, params),
        )
    numbers = {name: number(param, params) for name, param in read.numbers.items()}
    for name in ("samples", "tail"):
        if name in numbers:
            numbers[name] = int(numbers[name])
    changes: dict[str, Any] = {**numbers, "numbers": NOTHING}
    if isinstance(read, EventsRead):
        return replace(read, namespace=word(read.namespace, params), **changes)
    if isinstance(read, HealthRead):
        return replace(read, **changes)
    if isinstance(read, ExecRead):
        argv = tuple(word(part, params, keep=tuple(read.given)) for part in read.argv)
        if risk_of_argv(argv) != "read":
            raise SlotError(message("checks.param-writes", command=shlex.join(argv)))
        changes["argv"] = argv
    elif isinstance(read, PrometheusRead):
        changes["query"] = word(read.query, params)
    if read.alternatives:
        changes["alternatives"] = tuple(fill(other, params) for other in read.alternatives)
    return replace(read, **changes)


def slots(read: Read) -> set[str]:
    """The names of all slots of a read and its alternatives, those of `given` included."""
    return {name for branch in branches(read) for name in _own_slots(branch)}


def _own_slots(read: Read) -> set[str]:
    texts: tuple[str, ...] = ()
    match read:
        case ListRead():
            texts = (read.namespace, read.labels, read.fields)
        case EventsRead():
            texts = (read.namespace,)
        case ExecRead():
            texts = read.argv
        case PrometheusRead():
            texts = (read.query,)
    numbers = set() if isinstance(read, ListRead) else set(read.numbers.values())
    return numbers | {name for text in texts for name in SLOT.findall(text)}


def read_of(
    place: Place, names: tuple[str, ...], params: Mapping[str, Any], roles: tuple[str, ...]
) -> Read | None:
    """One read of a file; None where it cannot be used, with the reasons noted."""
    read = _branch_of(place, names, params, roles, READ_KEYS)
    if read is None or isinstance(read, Roleless):
        for key in ("as", "or"):
            if key in place and read is not None:
                place.at(key).say("only-of-answers", key=key)
        return read
    known = tuple(key for key in READ_KEYS if key not in ("list", "events", "health", "or"))
    others = place.at("or")
    if others.value is not None and not isinstance(others.value, list):
        others.say("or-list")
    found = [_branch_of(other, names, params, roles, known) for other in others.each()]
    alternatives = tuple(other for other in found if other is not None)
    for other in others.each() if is_listing(read) else ():
        other.say("or-of-listing")
    known_roles = [one.on for one in (read, *alternatives) if not isinstance(one, Roleless) and one.on]
    if known_roles and alternatives:
        alternatives = tuple(_of_role(other, known_roles[0]) for other in alternatives)
        read = _of_role(read, known_roles[0])
    return replace(read, alternatives=alternatives)


def _of_role(read: R, role: str) -> R:
    """A query among alternatives is asked for their targets: those it does not know are what the next one is asked."""
    return replace(read, on=role) if isinstance(read, PrometheusRead) and not read.on else read


def _branch_of(
    place: Place,
    names: tuple[str, ...],
    params: Mapping[str, Any],
    roles: tuple[str, ...],
    known: tuple[str, ...],
) -> Read | None:
    """One read, or one of its alternatives."""
    if not place.mapping(known):
        return None
    kinds = [kind for kind in READ_KINDS if kind in place]
    if len(kinds) != 1:
        place.say("one-read")
        return None
    inner = place.at(kinds[0])
    read = _READERS[kinds[0]](inner, place)
    if "parse" in place and not isinstance(read, ExecRead | LogsRead | None):
        place.at("parse").say("parse-of-list")
    if read is None:
        return None
    if not isinstance(read, Roleless):
        read = replace(read, shape=shape_of(place.at("as")))
    _check(read, inner, names, params, roles)
    return read


def _check(
    read: Read, inner: Place, names: tuple[str, ...], params: Mapping[str, Any], roles: tuple[str, ...]
) -> None:
    given = dict(read.given) if isinstance(read, ExecRead) else {}
    for name in sorted(_own_slots(read) - set(params) - set(given)):
        inner.say("unknown-slot", name=name, hint=nearest(name, [*params, *given]))
    for name in given.values():
        if name not in names:
            inner.at("given").say("unknown-read", name=name, hint=nearest(name, names))
    if isinstance(read, Roleless):
        return
    wanted = (read.on, read.fallback) if isinstance(read, ExecRead) and read.fallback else (read.on,)
    for role in wanted:
        if role and role not in roles:
            inner.say("unknown-role", role=role, hint=nearest(role, roles))


def _exec_of(inner: Place, place: Place) -> ExecRead | None:
    if not inner.mapping(EXEC_KEYS, ("on", "argv")):
        return None
    argv = inner.at("argv").strings()
    if not argv or not all(argv):
        inner.at("argv").say("empty-argv")
    elif argv[0] in ("sh", "bash", "ash", "/bin/sh", "/bin/bash"):
        inner.at("argv").say("shell")
    elif (risk := risk_of_argv(argv)) != "read":
        inner.at("argv").say("writes", command=" ".join(argv), risk=risk)
    numbers: dict[str, str] = {}
    return ExecRead(
        on=inner.at("on").string(),
        argv=argv,
        parse=_parse_of(inner, place),
        timeout=numeric(inner, "timeout", 10.0, numbers, 0.1),
        samples=int(numeric(inner, "samples", 1, numbers, 1)),
        apart=numeric(inner, "apart", 0.0, numbers),
        ok_codes=_codes(inner.at("ok_codes")),
        fallback=inner.at("fallback").string(),
        given={slot: name.string() for slot, name in inner.at("given").items()},
        numbers=numbers,
    )


def _codes(place: Place) -> tuple[int, ...]:
    if place.value is None:
        return (0,)
    if not (isinstance(place.value, list) and place.value and all(type(c) is int for c in place.value)):
        place.say("type", wanted="a list of exit codes", found=str(place.value))
        return (0,)
    return tuple(place.value)


def _logs_of(inner: Place, place: Place) -> LogsRead | None:
    if not inner.mapping(LOGS_KEYS, ("on",)):
        return None
    numbers: dict[str, str] = {}
    since = numeric(inner, "since", -1, numbers)
    return LogsRead(
        on=inner.at("on").string(),
        tail=int(numeric(inner, "tail", 500, numbers, 1)),
        since=None if since < 0 else since,
        previous=inner.at("previous").flag(),
        parse=_parse_of(inner, place),
        timeout=numeric(inner, "timeout", 15.0, numbers, 0.1),
        numbers=numbers,
    )


def _list_of(inner: Place, place: Place) -> ListRead | None:
    if not inner.mapping(LIST_KEYS, ("resource",)):
        return None
    resource = inner.at("resource").string()
    try:
        Resource.parse(resource)
    except ValueError:
        inner.at("resource").say("resource", why=message("checks.no-resource", text=repr(resource)))
    return ListRead(
        resource=resource,
        namespace=inner.at("namespace").string(),
        labels=inner.at("labels").string(),
        fields=inner.at("fields").string(),
        optional=inner.at("optional").flag(),
        keep=_keep_of(inner.at("keep")),
    )


def _keep_of(place: Place) -> tuple[str, ...]:
    paths = place.strings()
    for path in paths:
        try:
            keep.steps(path)
        except ValueError:
            place.say("keep-path", path=path)
    return tuple(sorted(set(paths)))


def _parse_of(inner: Place, outer: Place) -> Mapping[str, Any]:
    """``parse:`` beside or inside of ``exec:`` and ``logs:``."""
    place = inner.at("parse") if "parse" in inner else outer.at("parse")
    if place.value is None:
        return NOTHING
    if not place.mapping():
        return NOTHING
    for mistake in mistakes(place.value):
        place.say("parse", why=mistake)
    return dict(place.value)


_READERS: Mapping[str, Callable[[Place, Place], Read | None]] = {
    "exec": _exec_of,
    "list": _list_of,
    "logs": _logs_of,
    "metrics": lambda inner, _: metrics_of(inner),
    "prometheus": lambda inner, _: prometheus_of(inner),
    "events": lambda inner, _: events_of(inner),
    "health": lambda inner, _: health_of(inner),
}
