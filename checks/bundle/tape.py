"""What was asked of a cluster and what it answered: calls and outcomes as values, and the tape that holds them.

Bodies are kept compressed, so that the objects of a thousand nodes fit into memory while they are collected.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from checks.cluster import Resource
from checks.errors import (
    ClusterError,
    Conflict,
    Forbidden,
    InDoubt,
    Invalid,
    NotFound,
    Timeout,
    Unauthenticated,
    Unreachable,
)
from checks.proxypath import Query
from kb.messages import message
from kb.text import Text

Call = tuple[str, ...]
"""What was asked, as words: ``("list", resource, namespace, labels, fields)`` and so on, see below."""

MAX_BODY = 128 * 1024 * 1024
"""Bytes of one answer that a bundle holds; the pods of 1,000 nodes are 60 MB."""
MAX_TOTAL = 1024 * 1024 * 1024
"""Bytes of all answers together."""

_ERRORS: Mapping[str, type[ClusterError]] = {
    kind.__name__: kind
    for kind in (
        ClusterError,
        Forbidden,
        NotFound,
        Conflict,
        Invalid,
        Unauthenticated,
        Timeout,
        Unreachable,
        InDoubt,
    )
}


def list_call(resource: Resource, namespace: str = "", labels: str = "", fields: str = "") -> Call:
    """A list of objects."""
    return ("list", str(resource), namespace, labels, fields)


def get_call(resource: Resource, namespace: str, name: str) -> Call:
    """One object."""
    return ("get", str(resource), namespace, name)


def logs_call(
    namespace: str, pod: str, container: str, tail: int | None, since: float | None, previous: bool
) -> Call:
    """A container's log."""
    span = ("" if tail is None else str(tail), "" if since is None else f"{since:g}")
    return ("logs", namespace, pod, container, *span, "previous" if previous else "")


def exec_call(namespace: str, pod: str, container: str, argv: tuple[str, ...], turn: str = "") -> Call:
    """A command; `turn` tells the samples of one repeated reading apart."""
    return ("exec", namespace, pod, container, turn, *argv)


def can_call(verb: str, resource: Resource, namespace: str, subresource: str, name: str = "") -> Call:
    """Whether the user may."""
    return ("can", verb, str(resource), namespace, subresource, name)


def proxied_call(
    resource: Resource,
    namespace: str,
    name: str,
    port: int | str,
    path: str,
    *,
    query: Query = (),
    scheme: str = "",
    turn: str = "",
) -> Call:
    """A page that a pod, service or node serves; `turn` as for a command."""
    return ("proxied", str(resource), namespace, name, str(port), scheme, path, urlencode(query), turn)


def fetched_call(url: str, query: Query) -> Call:
    """A URL outside the cluster; a password in it stays at home."""
    scheme, sign, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return ("fetched", f"{scheme}{sign}{host.rpartition('@')[2]}{slash}{path}", urlencode(query))


def health_call(endpoint: str) -> Call:
    """What the API server says of itself."""
    return ("health", endpoint)


VERSION: Call = ("version",)
WORDS: Mapping[str, tuple[int, int]] = {
    "version": (1, 1), "list": (5, 5), "get": (4, 4), "logs": (7, 7), "can": (6, 6), "exec": (6, 4096),
    "proxied": (9, 9), "fetched": (3, 3), "health": (2, 2),
}  # fmt: skip
"""How many words a call of each kind has, least and most."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A ClusterError as data."""

    type: str
    text: Text
    verb: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""

    @classmethod
    def of(cls, error: ClusterError) -> Failure:
        """The same error as data; its nearest known kind where it is of a private one."""
        kind = next(k.__name__ for k in type(error).__mro__ if k.__name__ in _ERRORS)
        return cls(kind, error.text, error.verb, error.resource, error.namespace, error.name)

    def error(self) -> ClusterError:
        """The error again."""
        kind = _ERRORS.get(self.type, ClusterError)
        return kind(
            self.text, verb=self.verb, resource=self.resource, namespace=self.namespace, name=self.name
        )


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome of one call: a body (JSON of objects, or plain text), or why there is none."""

    at: float
    """Cluster seconds."""
    body: bytes | None = None
    failure: Failure | None = None
    code: int = 0
    """Of a command."""
    stderr: str = ""


@dataclass
class Tape:
    """All calls of one collection with their outcomes; may be written by many threads."""

    limit: int = MAX_TOTAL
    size: int = 0
    left_out: list[Call] = field(default_factory=list)
    """Calls whose answers were too large for the bundle."""
    _calls: dict[Call, Answered] = field(default_factory=dict)
    _begun: dict[Call, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, call: Call, at: float) -> None:
        """A call went out: should no answer ever come, that is known too."""
        with self._lock:
            self._begun.setdefault(call, at)

    def put(self, call: Call, answered: Answered) -> None:
        """The outcome of a call; the first one counts, as it did for the checks."""
        length = len(answered.body or b"")
        with self._lock:
            if call in self._calls:
                return
            if length > MAX_BODY or self.size + length > self.limit:
                self.left_out.append(call)
                why = message("bundle.too-large-answer")
                self._calls[call] = replace(answered, body=None, failure=Failure("ClusterError", why))
                return
            self.size += length
            packed = None if answered.body is None else zlib.compress(answered.body, 1)
            self._calls[call] = replace(answered, body=packed)

    @property
    def calls(self) -> Mapping[Call, Answered]:
        """Every answered call; the bodies in there are packed, `body` unpacks one."""
        return self._calls

    def body(self, call: Call) -> bytes:
        """The body of an answered call."""
        return zlib.decompress(self._calls[call].body or b"")

    def items(self) -> Iterator[tuple[Call, Answered]]:
        """Every call with its outcome, in a stable order; those without an answer are timeouts."""
        with self._lock:
            calls = dict(self._calls)
            for call, at in self._begun.items():
                if call not in calls:
                    text = message("bundle.no-answer")
                    calls[call] = Answered(at, failure=Failure("Timeout", text))
        for call in sorted(calls):
            found = calls[call]
            yield call, found if found.body is None else replace(found, body=zlib.decompress(found.body))

    def __len__(self) -> int:
        return len(self._calls.keys() | self._begun.keys())


def packed_json(value: Any) -> bytes:
    """A value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
