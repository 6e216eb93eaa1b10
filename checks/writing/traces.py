"""Traces of writes in the cluster itself: an Event on what was written to, for whoever asks later what happened here.

Events follow core/v1 as the API server validates them: the namespace of the object, or ``default`` for objects of the
cluster; best effort, for a write that happened is not undone because its trace could not be left.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checks.cluster import PODS, Cluster, Object, Resource
from checks.errors import ClusterError, Conflict, NotFound
from checks.operators import host
from checks.plans.plan import PlannedWrite
from kb.safe import one_line

EVENTS = Resource("", "v1", "events")
MOST = 20
"""Objects of one plan that get an Event; the last one says how many more there were."""
_LONGEST = 1024
"""Bytes of a message; the API server refuses longer ones of Events with an eventTime, and cuts nothing by itself."""
_LONGEST_INSTANCE = 128
"""Bytes of a reportingInstance."""
_REASONS = {"do": "KlinikFix", "undo": "KlinikUndo"}


@dataclass(frozen=True, slots=True)
class Trace:
    """What an Event says: which step of which article, in which session, by whom and why."""

    article: str
    step: str
    purpose: str
    operator: str
    session: str
    reason: str = ""
    state: str = "done"

    def text(self, more: int = 0) -> str:
        """The message: one line, bounded, in English as all Events are."""
        why = f", reason: {self.reason}" if self.reason else ""
        rest = f"; {more} more objects of the same step have no event of their own" if more else ""
        said = f"{self.step} of {self.article}: {self.state} by {self.operator}{why} (session {self.session}){rest}"
        return _bounded(said, _LONGEST)


def _bounded(text: str, limit: int) -> str:
    """One line of at most so many bytes: reasons are written in any language, and limits count bytes."""
    line = one_line(text, limit)
    raw = line.encode("utf-8", "replace")
    return line if len(raw) <= limit else raw[: limit - len("…".encode())].decode("utf-8", "ignore") + "…"


def objects_of(writes: Iterable[PlannedWrite]) -> list[tuple[Resource, str, str]]:
    """What was written to, each once: pods of commands and restarts, objects of API writes."""
    found: dict[tuple[Resource, str, str], None] = {}
    for write in writes:
        if write.target is not None:
            found[PODS, write.target.namespace, write.target.pod] = None
        elif write.resource:
            found[Resource.parse(write.resource), write.namespace, write.name] = None
    return list(found)


def leave(
    cluster: Cluster, writes: Iterable[PlannedWrite], known: Mapping[Any, Object], trace: Trace, now: float
) -> tuple[int, str]:
    """Leaves an Event on what these writes touched; `known` are objects by (resource, namespace, name) as seen before.

    Returns how many were left, and why the first that failed could not be; never raises for the cluster's sake.
    """
    touched = objects_of(writes)
    left, failed = 0, ""
    for number, (resource, namespace, name) in enumerate(touched[:MOST], 1):
        more = len(touched) - MOST if number == MOST else 0
        try:
            about = _object(cluster, known, resource, namespace, name)
            event = event_of(about, trace, now, max(0, more))
            cluster.create(EVENTS, event, namespace=event["metadata"]["namespace"], timeout=5.0)
            left += 1
        except Conflict:
            left += 1  # nobody else uses its name: it arrived twice on the way
        except ClusterError as error:
            failed = failed or error.message
            if error.reason in ("forbidden", "timeout", "unreachable", "in-doubt"):
                break  # the next ones would fare no better, and the operator waits
    return left, failed


def _object(
    cluster: Cluster, known: Mapping[Any, Object], resource: Resource, namespace: str, name: str
) -> Object:
    try:
        found = cluster.get(resource, name, namespace=namespace, timeout=5.0)
    except NotFound:  # deleted by this very write: what was seen before it names kind and uid
        found = known.get((str(resource), namespace, name), {})
        if not found:
            raise
    version = f"{resource.group}/{resource.version}" if resource.group else resource.version
    return {"apiVersion": version, **found}


def event_of(about: Object, trace: Trace, now: float, more: int = 0) -> Object:
    """The Event of one object, core/v1."""
    meta = about.get("metadata", {})
    namespace = str(meta.get("namespace") or "")
    stamp = datetime.fromtimestamp(now, UTC)
    second = stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
    involved = {
        "apiVersion": about.get("apiVersion", ""),
        "kind": about.get("kind", ""),
        "namespace": namespace,
        "name": meta.get("name", ""),
        "uid": meta.get("uid", ""),
        "resourceVersion": meta.get("resourceVersion", ""),
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            # as client-go names them: the object, and something that no other event has
            "name": f"{str(meta.get('name', ''))[:200]}.{secrets.token_hex(8)}",
            "namespace": namespace or "default",
        },
        "involvedObject": {key: value for key, value in involved.items() if value},
        "type": "Normal" if trace.state in ("done", "undone") else "Warning",
        "reason": _REASONS.get(trace.purpose, "KlinikFix"),
        "action": _REASONS.get(trace.purpose, "KlinikFix"),
        "message": trace.text(more),
        "source": {"component": "klinik", "host": host()},
        "reportingComponent": "klinik",
        "reportingInstance": _bounded(f"klinik-{host()}", _LONGEST_INSTANCE),
        "firstTimestamp": second,
        "lastTimestamp": second,
        "eventTime": stamp.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "count": 1,
    }
