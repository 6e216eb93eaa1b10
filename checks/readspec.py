"""The reads of a check: ``exec``, ``list`` and ``logs`` from a file to values, and values with their slots filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from checks import keep
from checks.cluster import Resource
from checks.commandrisk import risk_of_argv
from checks.model import NOTHING, ExecRead, ListRead, LogsRead, Read
from checks.parse import mistakes
from checks.shape import Place
from kb.findings import nearest

SLOT = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
VALUE = re.compile(r"[A-Za-z0-9._:/=@-]+")
"""What a param may put into a command or selector."""

EXEC_KEYS = ("on", "argv", "timeout", "samples", "apart", "ok_codes", "fallback", "given", "parse")
LIST_KEYS = ("resource", "namespace", "labels", "fields", "optional", "keep")
LOGS_KEYS = ("on", "tail", "since", "previous", "timeout", "parse")


class SlotError(ValueError):
    """A param whose value may not stand in a command or selector."""


def fill(read: Read, params: Mapping[str, Any]) -> Read:
    """The read with its params in place; slots of `given` stay. Raises SlotError."""
    if isinstance(read, ListRead):
        return replace(
            read,
            namespace=_word(read.namespace, params),
            labels=_word(read.labels, params),
            fields=_word(read.fields, params),
        )
    numbers = {name: _number(param, params) for name, param in read.numbers.items()}
    for name in ("samples", "tail"):
        if name in numbers:
            numbers[name] = int(numbers[name])
    changes: dict[str, Any] = {**numbers, "numbers": NOTHING}
    if isinstance(read, ExecRead):
        argv = tuple(_word(word, params, keep=tuple(read.given)) for word in read.argv)
        if risk_of_argv(argv) != "read":
            raise SlotError(f"with these params the command would not only read: {' '.join(argv)}")
        changes["argv"] = argv
    return replace(read, **changes)


def _word(template: str, params: Mapping[str, Any], keep: tuple[str, ...] = ()) -> str:
    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name in keep:
            return match[0]
        if name not in params:
            raise SlotError(f"there is no param {name}")
        value = params[name]
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if not VALUE.fullmatch(text) or (text.startswith("-") and match.start() == 0):
            raise SlotError(f"the value of param {name} may not stand in a command: {text[:60]!r}")
        return text

    return SLOT.sub(put, template)


def _number(param: str, params: Mapping[str, Any]) -> float:
    value = params.get(param)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SlotError(f"param {param} is no number of at least 0")
    return value


def slots(read: Read) -> set[str]:
    """The names of all slots of a read, those of `given` included."""
    if isinstance(read, ListRead):
        texts: tuple[str, ...] = (read.namespace, read.labels, read.fields)
    else:
        texts = read.argv if isinstance(read, ExecRead) else ()
    found = {name for text in texts for name in SLOT.findall(text)}
    return found if isinstance(read, ListRead) else found | set(read.numbers.values())


def read_of(
    place: Place, names: tuple[str, ...], params: Mapping[str, Any], roles: tuple[str, ...]
) -> Read | None:
    """One read of a file; None where it cannot be used, with the reasons noted."""
    if not place.mapping(("exec", "list", "logs", "parse")):
        return None
    kinds = [kind for kind in ("exec", "list", "logs") if kind in place]
    if len(kinds) != 1:
        place.say("one-read")
        return None
    inner = place.at(kinds[0])
    read = {"exec": _exec_of, "list": _list_of, "logs": _logs_of}[kinds[0]](inner, place)
    if isinstance(read, ListRead) and "parse" in place:
        place.at("parse").say("parse-of-list")
    if read is not None:
        _check(read, inner, names, params, roles)
    return read


def _check(
    read: Read, inner: Place, names: tuple[str, ...], params: Mapping[str, Any], roles: tuple[str, ...]
) -> None:
    given = dict(read.given) if isinstance(read, ExecRead) else {}
    for name in sorted(slots(read) - set(params) - set(given)):
        inner.say("unknown-slot", name=name, hint=nearest(name, [*params, *given]))
    for name in given.values():
        if name not in names:
            inner.at("given").say("unknown-read", name=name, hint=nearest(name, names))
    if isinstance(read, ListRead):
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
        timeout=_numeric(inner, "timeout", 10.0, numbers, 0.1),
        samples=int(_numeric(inner, "samples", 1, numbers, 1)),
        apart=_numeric(inner, "apart", 0.0, numbers),
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
    since = _numeric(inner, "since", -1, numbers)
    return LogsRead(
        on=inner.at("on").string(),
        tail=int(_numeric(inner, "tail", 500, numbers, 1)),
        since=None if since < 0 else since,
        previous=inner.at("previous").flag(),
        parse=_parse_of(inner, place),
        timeout=_numeric(inner, "timeout", 15.0, numbers, 0.1),
        numbers=numbers,
    )


def _list_of(inner: Place, place: Place) -> ListRead | None:
    if not inner.mapping(LIST_KEYS, ("resource",)):
        return None
    resource = inner.at("resource").string()
    try:
        Resource.parse(resource)
    except ValueError as error:
        inner.at("resource").say("resource", why=str(error))
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


def _numeric(inner: Place, key: str, default: float, numbers: dict[str, str], least: float = 0) -> float:
    """A number, or ``{param}``, which is noted in `numbers` and filled for each use."""
    place = inner.at(key)
    if isinstance(place.value, str) and (match := SLOT.fullmatch(place.value)):
        numbers[key] = match[1]
        return default
    return place.number(default, least)


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
