"""What a check may read, as frozen values: every kind of read from its file to the collector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

JSON = Any
NOTHING: Mapping[str, Any] = MappingProxyType({})
Shape = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListRead:
    """All objects of a kind; `optional` turns a missing kind into an empty list."""

    resource: str
    namespace: str = ""
    labels: str = ""
    fields: str = ""
    optional: bool = False
    keep: tuple[str, ...] = ()
    """Paths of the fields that are kept in memory (see `checks.keep`); empty: the whole object."""
    kind: Literal["list"] = "list"


@dataclass(frozen=True, slots=True)
class ExecRead:
    """A command in every pod of a role, its output parsed; several `samples` are taken `apart` seconds."""

    on: str
    argv: tuple[str, ...]
    parse: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)
    """``{regex: …}``, ``{csv: [columns]}``, ``{json: true}``, ``{table: …}`` … see `checks.parse`; empty: text."""
    timeout: float = 10.0
    samples: int = 1
    apart: float = 0.0
    ok_codes: tuple[int, ...] = (0,)
    """Exit codes that are answers; another one makes the answer an error."""
    fallback: str = ""
    """Role to ask on the same node when this one is refused (rc≠0 with "Permission denied")."""
    given: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Slots of `argv` filled from another read's answer of the same target: ``{pid: read-name}`` (its stripped text).

    Values outside ``[A-Za-z0-9._:-]`` make the answer ``unparsable``; this takes the place of shell pipelines."""
    numbers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Fields written as ``{param}``: ``{"apart": "gap"}``; `checks.specs.spec.fill` puts the numbers in."""
    shape: Shape = field(default_factory=lambda: NOTHING)
    """What is made of the parsed answer: a CEL expression over `value`, or named ones (`checks.specs.shaping`)."""
    alternatives: tuple[Read, ...] = ()
    """Asked in this order, each for the targets that have no answer yet."""
    kind: Literal["exec"] = "exec"


@dataclass(frozen=True, slots=True)
class LogsRead:
    """The log of every pod of a role."""

    on: str
    tail: int = 500
    since: float | None = None
    previous: bool = False
    parse: Mapping[str, JSON] = field(default_factory=lambda: NOTHING)
    timeout: float = 15.0
    numbers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Fields written as ``{param}``, as for `ExecRead`."""
    shape: Shape = field(default_factory=lambda: NOTHING)
    alternatives: tuple[Read, ...] = ()
    kind: Literal["logs"] = "logs"


@dataclass(frozen=True, slots=True)
class MetricsRead:
    """The metrics page of every pod of a role, through the API server's proxy: a list of samples of these families.

    A sample is ``{name, labels, value}``; several `samples` of the page are taken `apart` seconds.
    """

    on: str
    port: int
    families: tuple[str, ...]
    path: str = "/metrics"
    scheme: str = ""
    """``https`` where the pod serves it so; empty: http."""
    timeout: float = 10.0
    samples: int = 1
    apart: float = 0.0
    numbers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    shape: Shape = field(default_factory=lambda: NOTHING)
    alternatives: tuple[Read, ...] = ()
    kind: Literal["metrics"] = "metrics"

    @property
    def parse(self) -> Mapping[str, JSON]:
        """The parser of the page."""
        return {"prometheus": list(self.families)}


@dataclass(frozen=True, slots=True)
class PrometheusRead:
    """One query to Prometheus: samples ``{labels, value, at}``, those of one target together where `by` names a label.

    With `span` each sample also has ``values``, the list ``[{at, value}, …]`` of the last so many seconds.
    """

    query: str
    by: tuple[str, ...] = ()
    """Labels whose value names the target, the first that a series has; empty: all samples are one list."""
    on: str = ""
    """The role whose targets are asked for: those that Prometheus does not know are absent."""
    max_age: float = 300.0
    """Seconds; older samples are absent."""
    span: float = 0.0
    step: float = 60.0
    timeout: float = 15.0
    numbers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    shape: Shape = field(default_factory=lambda: NOTHING)
    alternatives: tuple[Read, ...] = ()
    kind: Literal["prometheus"] = "prometheus"

    @property
    def parse(self) -> Mapping[str, JSON]:
        """There is nothing to be chosen: the answer is JSON of one form."""
        return NOTHING


@dataclass(frozen=True, slots=True)
class EventsRead:
    """Events as rows ``{reason, message, type, kind, namespace, name, node, count, at}``, the latest last."""

    reasons: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """Kinds of the objects they are about."""
    namespace: str = ""
    since: float = 0.0
    """Only those seen in the last so many seconds; 0: all that the API server still has."""
    normal: bool = False
    """Those of type Normal too; without it the server sends only the others."""
    numbers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    kind: Literal["events"] = "events"


@dataclass(frozen=True, slots=True)
class HealthRead:
    """What the API server says of itself, check by check: a list of ``{name, ok, excluded, said}``."""

    endpoint: str = "readyz"
    """``readyz`` or ``livez``."""
    timeout: float = 10.0
    numbers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    kind: Literal["health"] = "health"

    @property
    def path(self) -> str:
        """What is asked of the API server."""
        return f"/{self.endpoint}"

    @property
    def parse(self) -> Mapping[str, JSON]:
        """The parser of the page."""
        return {"health": True}


Read = ListRead | ExecRead | LogsRead | MetricsRead | PrometheusRead | EventsRead | HealthRead
Roleless = ListRead | EventsRead | HealthRead
"""Reads of the API server itself: no role, no alternatives."""


def is_listing(read: Read) -> bool:
    """Whether its answer is one list of things, not one answer per target."""
    return isinstance(read, Roleless) or (isinstance(read, PrometheusRead) and not read.by)


def branches(read: Read) -> tuple[Read, ...]:
    """The read itself and its alternatives, in the order they are asked."""
    return (read,) if isinstance(read, Roleless) else (read, *read.alternatives)


def surest(read: Read) -> Read:
    """The branch that has every answer for whoever may ask it: the last command or log, where there is one."""
    commands = [branch for branch in branches(read) if isinstance(branch, ExecRead | LogsRead)]
    return (commands or branches(read))[-1]
