"""Events of both API groups as rows of one form. Pure; what is missing or of a wrong type is empty, never a crash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
KEPT = (
    "type", "reason", "message", "note", "action", "count", "deprecatedCount", "firstTimestamp", "lastTimestamp",
    "eventTime", "deprecatedFirstTimestamp", "deprecatedLastTimestamp", "metadata.creationTimestamp",
    "series.count", "series.lastObservedTime", "involvedObject.kind", "involvedObject.name",
    "involvedObject.namespace", "regarding.kind", "regarding.name", "regarding.namespace",
    "source.host", "source.component", "deprecatedSource.host", "deprecatedSource.component", "reportingController",
    "reportingComponent", "reportingInstance",
)  # fmt: skip
"""All that is read of an event, as paths for `checks.keep`."""


def rows(
    events: Iterable[Any],
    *,
    reasons: Sequence[str] = (),
    kinds: Sequence[str] = (),
    after: float = 0.0,
    normal: bool = False,
) -> list[Row]:
    """The events chosen, the latest last; `after` is Unix time, events without any time count as recent."""
    found = [row(event) for event in events if isinstance(event, Mapping)]
    chosen = [
        one
        for one in found
        if (not reasons or one["reason"] in reasons)
        and (not kinds or one["kind"] in kinds)
        and (normal or one["type"] != "Normal")
        and not (0 < one["at"] < after)
    ]
    return sorted(chosen, key=lambda one: (one["at"], one["namespace"], one["name"], one["reason"]))


def row(event: Mapping[str, Any]) -> Row:
    """One event: ``at`` is when it was seen last, in Unix seconds, 0 where it does not say; ``count`` at least 1."""
    about = _mapping(event, "involvedObject") or _mapping(event, "regarding")
    source = _mapping(event, "source") or _mapping(event, "deprecatedSource")
    series = _mapping(event, "series")
    kind, name = _text(about, "kind"), _text(about, "name")
    reporter = _text(event, "reportingInstance")
    node = name if kind == "Node" else _text(source, "host")
    return {
        "reason": _text(event, "reason"),
        "message": _text(event, "message") or _text(event, "note"),
        "type": _text(event, "type"),
        "kind": kind,
        "namespace": _text(about, "namespace"),
        "name": name,
        "node": node or (reporter if _text(event, "reportingComponent") == "kubelet" else ""),
        "count": max(_count(series, "count"), _count(event, "count"), _count(event, "deprecatedCount"), 1),
        "at": max(_moments(event, series), default=0.0),
        "source": _text(source, "component")
        or _text(event, "reportingComponent")
        or _text(event, "reportingController"),
    }


def _moments(event: Mapping[str, Any], series: Mapping[str, Any]) -> list[float]:
    """All times at which the event was seen; where it names none, when it was made."""
    keys = (
        "lastTimestamp",
        "deprecatedLastTimestamp",
        "eventTime",
        "firstTimestamp",
        "deprecatedFirstTimestamp",
    )
    seen = [_moment(_text(event, key)) for key in keys] + [_moment(_text(series, "lastObservedTime"))]
    made = _moment(_text(_mapping(event, "metadata"), "creationTimestamp"))
    return [at for at in seen if at] or [made]


def _moment(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _mapping(event: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = event.get(key)
    return inner if isinstance(inner, Mapping) else {}


def _text(event: Mapping[str, Any], key: str) -> str:
    value = event.get(key)
    return value if isinstance(value, str) else ""


def _count(event: Mapping[str, Any], key: str) -> int:
    value = event.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
