"""What the API server holds true of every object: names, identity, status and generation."""

from __future__ import annotations

import time
from typing import Any

from checks.cluster import Object
from checks.practice.conventions import check_name
from checks.practice.failures import BadRequest, invalid, precondition, stale
from checks.practice.kinds import Kind
from checks.practice.patches import copy

_KEPT = (
    "name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields",
)  # fmt: skip


def timestamp(at: float) -> str:
    """A Unix time as the API writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def check_new(kind: Kind, body: Object, namespace: str) -> None:
    """Raises BadRequest or Invalid where a body (of the right type) cannot become an object in this namespace."""
    meta = body["metadata"]
    name = meta.get("name")
    if not isinstance(name, str) or not name:
        raise invalid(
            kind.resource, kind.name, "", "metadata.name: Required value: name or generateName is required"
        )
    check_name(kind, name)
    if meta.get("resourceVersion"):
        raise BadRequest("resourceVersion should not be set on objects to be created")
    if kind.namespaced and not namespace:
        raise BadRequest("an empty namespace may not be set during creation")
    if kind.namespaced and meta.get("namespace", namespace) != namespace:
        raise BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    check_strings(kind, body)


def check_type(kind: Kind, body: Any) -> None:
    """Raises BadRequest where a body says it is of another kind; fills in what it leaves out."""
    if not isinstance(body, dict) or not isinstance(body.setdefault("metadata", {}), dict):
        raise BadRequest("the object provided is unrecognized: it must be a JSON object with metadata")
    found = (body.setdefault("apiVersion", kind.api_version), body.setdefault("kind", kind.name))
    if found != (kind.api_version, kind.name):
        raise BadRequest(
            f"{found[1]} in version {found[0]!r} cannot be handled as a {kind.name} of {kind.api_version}"
        )


def check_strings(kind: Kind, body: Object) -> None:
    """Raises BadRequest where labels, annotations or finalizers are not made of texts."""
    meta = body["metadata"]
    for field in ("labels", "annotations"):
        values = meta.get(field) or {}
        if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
            raise BadRequest(
                f"{kind.name} in version {kind.resource.version!r} cannot be handled: {field} must be strings"
            )
    finalizers = meta.get("finalizers") or []
    if not isinstance(finalizers, list) or not all(isinstance(f, str) for f in finalizers):
        raise BadRequest("metadata.finalizers must be a list of strings")


def stamp(kind: Kind, new: Object, *, uid: str, at: float) -> None:
    """Gives a new object its identity; a creation time or uid that is there already stays (staged)."""
    meta = new["metadata"]
    meta["uid"] = meta.get("uid") or uid
    meta.setdefault("creationTimestamp", timestamp(at))
    meta["generation"] = meta.get("generation") or 1
    if kind.custom is False and kind.resource.plural in ("configmaps", "secrets", "events", "endpoints"):
        meta.pop("generation")


def prepare_update(kind: Kind, old: Object, new: Object, subresource: str) -> Object:
    """The object to be stored for a write; `subresource` "" writes all but the status, "*" everything.

    Raises Conflict for a stale resource version or another uid, BadRequest for another name, Invalid for
    finalizers added to an object on its way out.
    """
    resource, meta = kind.resource, old["metadata"]
    check_type(kind, new)
    given = new["metadata"]
    if given.get("name", meta["name"]) != meta["name"]:
        raise BadRequest(
            f"the name of the object ({given['name']}) does not match the name on the URL ({meta['name']})"
        )
    if given.get("namespace", meta.get("namespace")) != meta.get("namespace"):
        raise BadRequest(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if given.get("resourceVersion", meta["resourceVersion"]) not in ("", meta["resourceVersion"]):
        raise stale(resource, meta["name"], meta.get("namespace", ""))
    if given.get("uid", meta["uid"]) not in ("", meta["uid"]):
        raise precondition(resource, meta["name"], "UID", given["uid"], meta["uid"])
    check_strings(kind, new)
    result = _combine(kind, old, new, subresource)
    for key in _KEPT:
        result["metadata"].pop(key, None)
        if key in meta:
            result["metadata"][key] = meta[key]
    _check_finalizers(kind, old, result)
    if "generation" in meta:
        bumped = _body(kind, result) != _body(kind, old)
        result["metadata"]["generation"] = meta["generation"] + bumped
    result["metadata"]["resourceVersion"] = meta["resourceVersion"]
    return result


def _combine(kind: Kind, old: Object, new: Object, subresource: str) -> Object:
    if subresource == "status":
        result: Object = copy(old)
        result.pop("status", None)
        if "status" in new:
            result["status"] = copy(new["status"])
        return result
    result = copy(new)
    if kind.status and subresource != "*":
        result.pop("status", None)
        if "status" in old:
            result["status"] = copy(old["status"])
    return result


def _body(kind: Kind, obj: Object) -> Object:
    skipped = ("metadata", "status") if kind.status else ("metadata",)
    return {key: value for key, value in obj.items() if key not in skipped}


def _check_finalizers(kind: Kind, old: Object, new: Object) -> None:
    meta = new["metadata"]
    if not meta.get("finalizers"):
        meta.pop("finalizers", None)
    if "deletionTimestamp" not in meta:
        return
    before = set(old["metadata"].get("finalizers") or ())
    added = [f for f in meta.get("finalizers") or () if f not in before]
    if added:
        rule = "no new finalizers can be added if the object is being deleted, found new finalizers"
        why = f"metadata.finalizers: Forbidden: {rule} {added}"
        raise invalid(kind.resource, kind.name, meta["name"], why)
