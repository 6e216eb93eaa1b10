"""What judges over Kubernetes objects share: honest answers for failed reads, and plain fields of objects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from checks.model import Fact, Judgement, Verdict
from kb.messages import message
from kb.text import Text

Object = Mapping[str, Any]

_REMEDIES = frozenset({"forbidden", "absent", "timeout", "unreachable", "unauthenticated"})


def failure(facts: Mapping[str, Fact], *names: str) -> Judgement | None:
    """An unknown judgement for the first of the named reads that has no answer; None when all have."""
    for name in names:
        fact = facts.get(name)
        if fact is None:
            return unknown("absent", message("lists.unread", what=name, why=message("lists.not-read")))
        if fact.error:
            return unknown(fact.error, message("lists.unread", what=name, why=fact.message or fact.error))
        for answer in fact.failed:
            where = answer.source or answer.target or name
            return unknown(
                answer.error, message("lists.unread", what=where, why=answer.message or answer.error)
            )
        if not fact.answers:
            return unknown("absent", message("lists.unread", what=name, why=message("lists.no-answer")))
    return None


def unknown(reason: str, summary: Text) -> Judgement:
    """An unknown judgement with what would settle it."""
    key = reason if reason in _REMEDIES else "other"
    return Judgement(
        Verdict.UNKNOWN, summary, reason=reason or "error", remedy=message(f"lists.remedy-{key}")
    )


def meta(obj: Object) -> Mapping[str, Any]:
    """The metadata of an object."""
    found = obj.get("metadata")
    return found if isinstance(found, Mapping) else {}


def spec(obj: Object) -> Mapping[str, Any]:
    """The spec of an object."""
    found = obj.get("spec")
    return found if isinstance(found, Mapping) else {}


def status(obj: Object) -> Mapping[str, Any]:
    """The status of an object."""
    found = obj.get("status")
    return found if isinstance(found, Mapping) else {}


def name(obj: Object) -> str:
    """The name of an object."""
    return str(meta(obj).get("name", ""))


def namespace(obj: Object) -> str:
    """The namespace of an object, empty for cluster-scoped ones."""
    return str(meta(obj).get("namespace", ""))


def labels(obj: Object) -> Mapping[str, str]:
    """The labels of an object."""
    found = meta(obj).get("labels")
    return found if isinstance(found, Mapping) else {}


def annotations_of(obj: Object) -> Mapping[str, str]:
    """The annotations of an object."""
    found = meta(obj).get("annotations")
    return found if isinstance(found, Mapping) else {}


def finalizers(obj: Object) -> tuple[str, ...]:
    """The finalizers of an object in their order."""
    return tuple(str(f) for f in meta(obj).get("finalizers") or ())


def unix(stamp: object) -> float | None:
    """Unix seconds of a Kubernetes time (RFC 3339, also with microseconds); None where it is none."""
    if stamp is None:
        return None
    try:
        return datetime.fromisoformat(str(stamp).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def created(obj: Object) -> float | None:
    """When the object was created, in Unix seconds."""
    return unix(meta(obj).get("creationTimestamp"))


def deleted(obj: Object) -> float | None:
    """When the deletion of the object was asked for, in Unix seconds; None where it was not."""
    return unix(meta(obj).get("deletionTimestamp"))


def terminating(obj: Object) -> bool:
    """Whether the object's deletion was asked for."""
    return bool(meta(obj).get("deletionTimestamp"))


def number(value: object) -> int | None:
    """An integer from a JSON number (the subnet counters are floats), None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return int(value)
    except (OverflowError, ValueError):
        return None
