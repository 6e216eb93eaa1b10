"""The verbs of the API on the store: from a parsed request to a code and an object (no network in here)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.cluster import Object
from checks.errors import NotFound
from checks.practice import ownership
from checks.practice.budgets import BUDGETS, refused
from checks.practice.conventions import check_meta, check_options, check_versioned, delete_options
from checks.practice.failures import BadRequest, MethodNotAllowed, PatchRejected, TooLarge, UnsupportedMedia
from checks.practice.forms import WHOLE, Form, many, one
from checks.practice.kinds import Kind
from checks.practice.listing import listed
from checks.practice.patches import PatchFailed, json_patch, merge_patch, strategic_patch
from checks.practice.records import check_eviction, check_record
from checks.practice.routes import Target
from checks.practice.rules import check_strings, check_type, timestamp
from checks.practice.scale import scale_of, with_scale
from checks.practice.store import Own, Store


@dataclass(frozen=True, slots=True)
class Request:
    """A request for resources, as far as its verb needs it."""

    verb: str
    target: Target
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"
    form: Form = WHOLE
    agent: str = ""
    """The client's User-Agent."""

    @property
    def media(self) -> str:
        """The type of the body, without parameters."""
        return self.content_type.partition(";")[0].strip()

    @property
    def dry_run(self) -> bool:
        """Whether nothing may change."""
        return self.query.get("dryRun", "") == "All"


Answer = tuple[int, Object]
OBJECT_PATCHES: Mapping[str, Callable[[Any, Any], Any]] = {
    "application/merge-patch+json": merge_patch,
    "application/json-patch+json": json_patch,
    "application/strategic-merge-patch+json": strategic_patch,
}
APPLY = "application/apply-patch+yaml"
_BODIES = ("", "application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
_MOST_OPERATIONS = 10_000


def answer(store: Store, request: Request) -> Answer:
    """Does what a request asks; raises ClusterError."""
    verbs: Mapping[str, Callable[[Store, Request], Answer]] = {
        "get": _get,
        "list": _list,
        "create": _create,
        "update": _update,
        "patch": _patch,
        "delete": _delete,
        "deletecollection": _delete_collection,
    }
    verb = verbs.get(request.verb)
    if verb is None or request.verb not in request.target.kind.verbs:
        raise MethodNotAllowed("the server does not allow this method on the requested resource")
    return verb(store, request)


def _body(request: Request) -> Any:
    if request.verb != "patch" and request.media not in _BODIES:
        raise _unknown(_BODIES[1:])
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise BadRequest(f"error decoding request body: {error}; this server reads JSON only") from None


def _unknown(known: Iterable[str]) -> UnsupportedMedia:
    return UnsupportedMedia(
        "the body of the request was in an unknown format - accepted media types include: " + ", ".join(known)
    )


def _mapping(request: Request) -> Object:
    """A body that may be empty."""
    found = _body(request) if request.body.strip() else {}
    if not isinstance(found, dict):
        raise BadRequest("error decoding request body: it is not a JSON object")
    return found


def _get(store: Store, request: Request) -> Answer:
    target = request.target
    found = store.get(target.resource, target.name, target.namespace)
    if target.subresource:
        return 200, scale_of(found) if target.subresource == "scale" else found
    return 200, one(request.form, target.kind, found, store.clock())


def _list(store: Store, request: Request) -> Answer:
    kind = request.target.kind
    objects, meta = listed(store, request.target, request.query)
    return 200, many(request.form, kind, objects, meta, store.clock())


def _create(store: Store, request: Request) -> Answer:
    target = request.target
    if target.subresource == "eviction":
        return _evict(store, request)
    if target.name:
        raise MethodNotAllowed("the server does not allow this method on the requested resource")
    check_options("CreateOptions", request.query)
    return 201, _made(store, request, _body(request))


def _made(store: Store, request: Request, body: Any) -> Object:
    kind = request.target.kind
    if kind.custom and isinstance(body, dict) and not body.get("kind"):
        raise BadRequest("Object 'Kind' is missing in the body of a custom resource")
    check_type(kind, body)
    for own in ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"):
        body["metadata"].pop(own, None)  # the server's to give, whatever a client says
    check_strings(kind, body)
    namespace = {"namespace": request.target.namespace} if kind.namespaced else {}
    _check(kind, {**body, "metadata": {**body["metadata"], **namespace}})
    body["metadata"].pop("managedFields", None)
    return store.create(
        kind.resource,
        body,
        namespace=request.target.namespace,
        dry_run=request.dry_run,
        own=_own(store, request),
    )


def _check(kind: Kind, obj: Object, *, patched: bool = False) -> None:
    """Raises for what a stock API server would not take."""
    check_meta(kind, obj)
    check_record(kind, obj, patched=patched)


def _evict(store: Store, request: Request) -> Answer:
    target = request.target
    check_options("CreateOptions", request.query)
    body = _mapping(request)
    check_eviction(body, target.name, target.namespace)
    options = delete_options(body.get("deleteOptions") or {}, request.query)
    preconditions = options.get("preconditions") or {}
    pod = store.get(target.resource, target.name, target.namespace)
    uid = str(preconditions.get("uid") or "")
    if not uid or uid == pod["metadata"].get("uid"):
        peers = store.all(target.resource, namespace=target.namespace)
        over = refused(pod, peers, store.all(BUDGETS, namespace=target.namespace))
        if over is not None:
            raise over
    store.delete(
        target.resource,
        target.name,
        namespace=target.namespace,
        uid=uid,
        resource_version=str(preconditions.get("resourceVersion") or ""),
        dry_run=request.dry_run or bool(options.get("dryRun")),
    )
    return 201, _success()


def _update(store: Store, request: Request) -> Answer:
    target, body = request.target, _body(request)
    check_options("UpdateOptions", request.query)
    if target.subresource != "scale":
        check_type(target.kind, body)
        check_versioned(target.kind, body)
    return 200, _write(store, request, lambda _: body)


def _write(store: Store, request: Request, change: Callable[[Object], Object]) -> Object:
    """Changes the object, its status, or its scale, whichever the request is about."""
    target, scaled = request.target, request.target.subresource == "scale"

    def changing(obj: Object) -> Object:
        if scaled:
            return with_scale(obj, change(scale_of(obj)))
        new = change(obj)
        check_type(target.kind, new)
        check_strings(target.kind, new)
        _check(target.kind, new, patched=request.verb == "patch")
        return new

    changed = store.update(
        target.resource,
        target.name,
        changing,
        namespace=target.namespace,
        subresource="" if scaled else target.subresource,
        dry_run=request.dry_run,
        own=_own(store, request),
    )
    return scale_of(changed) if scaled else changed


def _own(store: Store, request: Request) -> Own:
    """Puts down whose the changed fields are."""
    applies = request.media == APPLY
    writer = ownership.Writer(
        ownership.manager_of(request.query, request.agent),
        timestamp(store.clock()),
        "Apply" if applies else "Update",
        request.target.subresource,
    )
    applied = _body(request) if applies else None

    def own(old: Object | None, new: Object) -> None:
        ownership.own(writer, old, new, applied)

    return own


def _patch(store: Store, request: Request) -> Answer:
    target, content = request.target, request.media
    if content != APPLY and (
        content not in OBJECT_PATCHES or (target.kind.custom and content.startswith("application/strategic"))
    ):
        raise _unknown(c for c in (*OBJECT_PATCHES, APPLY) if not (target.kind.custom and "strategic" in c))
    check_options("PatchOptions", request.query, apply=content == APPLY)
    patch = _body(request)
    if content == APPLY:
        return _apply(store, request, patch)
    if isinstance(patch, list) and len(patch) > _MOST_OPERATIONS:
        raise TooLarge(
            f"The allowed maximum operations in a JSON patch is {_MOST_OPERATIONS}, got {len(patch)}"
        )
    apply = OBJECT_PATCHES[content]

    def change(obj: Object) -> Object:
        try:
            result = apply(obj, patch)
        except PatchFailed as error:
            raise PatchRejected(str(error)) from None
        if not isinstance(result, dict):
            raise BadRequest("the patched object is not an object")
        return result

    return 200, _write(store, request, change)


def _apply(store: Store, request: Request, patch: Any) -> Answer:
    """Server-side apply without conflicts: creates what is missing, else merges; who applied owns what was applied."""
    target = request.target
    merge = merge_patch if target.kind.custom else strategic_patch
    try:
        changed = _write(store, request, lambda obj: merge(obj, patch))
    except NotFound:
        if target.subresource:
            raise
        body = merge_patch({"metadata": {"name": target.name}}, patch)
        return 201, _made(store, request, body)
    return 200, changed


def _delete(store: Store, request: Request) -> Answer:
    target = request.target
    if target.subresource:
        raise MethodNotAllowed("the server does not allow this method on the requested resource")
    left = _delete_one(store, request, target.name, target.namespace)
    meta = left["metadata"]
    if meta.get("finalizers") or meta.get("deletionGracePeriodSeconds"):
        return 200, left
    details = {"name": target.name, "kind": target.resource.plural, "uid": meta["uid"]}
    if target.resource.group:
        details["group"] = target.resource.group
    return 200, _success(details)


def _delete_one(store: Store, request: Request, name: str, namespace: str) -> Object:
    options = delete_options(_mapping(request), request.query)
    preconditions = options.get("preconditions") or {}
    grace = options.get("gracePeriodSeconds")
    return store.delete(
        request.target.resource,
        name,
        namespace=namespace,
        uid=str(preconditions.get("uid") or ""),
        resource_version=str(preconditions.get("resourceVersion") or ""),
        grace=None if grace is None else int(grace),
        dry_run=bool(options.get("dryRun")),
    )


def _delete_collection(store: Store, request: Request) -> Answer:
    objects, meta = listed(store, request.target, request.query)
    for each in objects:
        _delete_one(store, request, each["metadata"]["name"], each["metadata"].get("namespace", ""))
    return 200, many(WHOLE, request.target.kind, objects, meta, store.clock())


def _success(details: Mapping[str, str] | None = None) -> Object:
    body: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if details:
        body["details"] = dict(details)
    return body
